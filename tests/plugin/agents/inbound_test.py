"""What an agent says, and who may say it."""

import pytest

from indico.util.date_time import now_utc

from print_agent.protocol.messages import (Accepted, Ack, Cancel, Canceled, Completed, Drain, Failed, Held, Printing,
                                           Refused, Returned, Sent, Unknown)

from indico_checkin_print import ledger
from indico_checkin_print.agents import inbound
from indico_checkin_print.agents.inbound import authenticate, receive
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.errors import Replaced, Revoked
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.signals.checkin import on_deleted
from tests.plugin.agents.talk import fresh, next_messages, say_hello
from tests.plugin.conftest import TOKEN


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


@pytest.mark.parametrize(('message', 'state', 'reason'), [
    (Printing, S.printing, Reason.at_printer),
    (Completed, S.completed, Reason.printed),
    (Sent, S.sent, Reason.handed_over),
    (Failed, S.failed, 'media-jam'),
    (Unknown, S.unknown, 'media-jam'),
    (Returned, S.ready, 'media-jam'),
    (Refused, S.failed, 'media-jam'),
])
def test_what_an_agent_says(db, jobs, agent, message, state, reason):
    next_messages(agent)
    # a printer that is done gives no reason
    extra = ({'reason': 'media-jam', 'detail': 'Look inside.'}
             if 'reason' in message.__struct_fields__ and message is not Completed else {})
    report = message(job=jobs[0].uuid, dispatch=1, **extra)
    answers = [receive(agent.id, agent.link, report) for __ in range(2)]
    job = jobs[0]
    fresh(db, job)
    assert (job.state, job.reason) == (state, reason)
    assert job.detail == extra.get('detail', '')
    # at least once: the second time is no news
    assert [h.state for h in job.history].count(state) == (2 if state == S.ready else 1)
    assert (answers[0] is not None) == (message is not Printing)
    assert answers[0] == answers[1]


def test_a_returned_job_goes_elsewhere(db, jobs, agent):
    """A returned job goes elsewhere and old words do not count."""
    job = jobs[0]
    next_messages(agent)
    receive(agent.id, agent.link, Returned(job=job.uuid, dispatch=1, reason='too_late'))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.ready, None)
    assert ledger.assign(job, agent, 'p1', 'test', go=True) == 3
    fresh(db, job)
    for late in (Returned(job=job.uuid, dispatch=1, reason='too_late'), Completed(job=job.uuid, dispatch=1)):
        assert receive(agent.id, agent.link, late).dispatch == 1
        fresh(db, job)
        assert (job.state, job.dispatch) == (S.dispatched, 3)


def test_returned_after_the_registration_was_purged(db, jobs, agent):
    """It has no document any more; every try to send it to a printer would fail."""
    next_messages(agent)
    first = jobs[0]
    first.registration.is_deleted = True
    on_deleted(first.registration, permanent=True)
    receive(agent.id, agent.link, Returned(job=first.uuid, dispatch=1, reason='stopping'))
    fresh(db, *jobs)
    assert (first.state, first.reason) == (S.failed, Reason.registration_gone)
    assert next_messages(agent)


def test_a_stranger_cannot_report(db, jobs, agent, create_agent):
    next_messages(agent)
    other = create_agent('p9')
    assert isinstance(receive(other.id, other.link, Completed(job=jobs[0].uuid, dispatch=1)), Ack)
    fresh(db, jobs[0])
    assert jobs[0].state == S.dispatched


@pytest.mark.parametrize('uuid', ['x', '00000000-0000-0000-0000-000000000000', "'; DROP TABLE"])
def test_a_job_nobody_knows(agent, uuid):
    assert receive(agent.id, agent.link, Completed(job=uuid, dispatch=1)).job == uuid


def test_an_agent_that_lost_its_memory(db, jobs, agent):
    next_messages(agent)
    say_hello(agent, spool='another')
    fresh(db, *jobs)
    assert (jobs[0].state, jobs[0].reason) == (S.unknown, Reason.spool_lost)
    assert [j.agent_id for j in jobs[1:]] == [None] * 5


def test_the_newest_link_speaks(jobs, agent):
    say_hello(agent, 'new')
    assert agent.software == 'test/1'
    with pytest.raises(Replaced):
        outgoing(agent.id, 'link', {})
    with pytest.raises(Replaced):
        receive(agent.id, 'link', Completed(job=jobs[0].uuid, dispatch=1))
    assert outgoing(agent.id, 'new', {})


def test_a_revoked_agent(db, jobs, agent):
    assert authenticate(TOKEN) == agent.id
    agent.revoked_dt = now_utc()
    db.session.flush()
    assert authenticate(TOKEN) is None
    for call in (lambda: next_messages(agent), lambda: say_hello(agent)):
        with pytest.raises(Revoked):
            call()


@pytest.mark.parametrize('token', ['', 'icpa_', 'indp_x', 'icpa_wrong', 'icpa_' + 'x' * 1000])
def test_wrong_tokens(agent, token):
    assert authenticate(token) is None


def test_cancel_is_answered(db, check_in, jobs, agent):
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in next_messages(agent)}
    check_in(jobs[1].registration, value=False)
    cancel = next_messages(agent, holding)[0]
    assert cancel == Cancel(job=jobs[1].uuid, dispatch=1, reason='reassigned')
    assert receive(agent.id, agent.link, Canceled(job=jobs[1].uuid, dispatch=1)).state == 'canceled'
    fresh(db, jobs[1])
    assert jobs[1].state == S.canceled


def test_an_agent_that_stops_lets_go(db, jobs, agent):
    next_messages(agent)
    assert receive(agent.id, agent.link, Drain()) is None
    fresh(db, *jobs)
    assert [j.agent_id for j in jobs] == [agent.id] + [None] * 5


def test_accepted_is_a_heartbeat(agent, jobs):
    agent.seen_dt = None
    receive(agent.id, agent.link, Accepted(job=jobs[0].uuid, dispatch=1))
    assert agent.is_connected


def test_an_agent_that_stops_gets_nothing_more(db, jobs, agent):
    next_messages(agent)
    receive(agent.id, agent.link, Drain())
    assert not agent.is_connected
    assert next_messages(agent, {jobs[0].uuid: (1, 'go')}) == []
    say_hello(agent, agent.link, holding=[Held(job=jobs[0].uuid, dispatch=1, state='go')])
    assert agent.is_connected


def test_what_has_no_go_is_free_when_the_link_ends(db, jobs, agent):
    next_messages(agent)
    inbound.gone(agent.id, 'an older link')
    fresh(db, *jobs)
    assert jobs[1].agent_id == agent.id
    inbound.gone(agent.id, agent.link)
    fresh(db, *jobs)
    assert [j.agent_id for j in jobs] == [agent.id] + [None] * 5
    assert not agent.is_connected


def test_who_is_still_there(db, agent, create_agent):
    other = create_agent('p2')
    agent.seen_dt = None
    other.revoked_dt = now_utc()
    db.session.flush()
    links = {'link': agent.id, 'link2': other.id, 'old': agent.id}
    assert inbound.still_there(links) == {'link2', 'old'}
    fresh(db, agent)
    assert agent.is_connected

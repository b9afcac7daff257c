"""Badges of which nobody knew whether they came out, and what their agent says of them later."""

import msgspec
import pytest

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import Cancel, Canceled, Completed, Held, Printing, Returned, Unknown

from indico_checkin_print import ledger
from indico_checkin_print.agents.inbound import receive
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.agents.talk import fresh, next_messages, say_hello


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


def test_unknown_is_settled_by_the_agents_own_word(db, jobs, agent):
    next_messages(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    receive(agent.id, agent.link, Completed(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert job.state == S.completed


@pytest.mark.parametrize(('end', 'state'), [({'type': 'sent'}, S.sent),
                                            ({'type': 'unknown', 'reason': 'printer_unreachable'}, S.unknown)])
def test_printing_after_an_outcome_is_ignored(db, jobs, agent, end, state):
    """Nobody would end it a second time, and the printer would count as busy for ever."""
    next_messages(agent)
    job = jobs[0]
    end = msgspec.convert({**end, 'job': job.uuid, 'dispatch': 1}, protocol.FromAgent)
    assert receive(agent.id, agent.link, end) is not None
    assert receive(agent.id, agent.link, Printing(job=job.uuid, dispatch=1)) is None
    fresh(db, job)
    assert job.state == state


@pytest.mark.parametrize('reason', [Reason.go_timeout, Reason.agent_silent])
def test_a_badge_of_which_nothing_was_heard_may_be_printing(db, jobs, agent, reason):
    next_messages(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, reason, '', 'test')
    receive(agent.id, agent.link, Printing(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert job.state == S.printing


@pytest.mark.parametrize(('message', 'state', 'reason'), [
    (Completed, S.completed, Reason.person_saw_it), (Returned, S.ready, Reason.person_missed_it),
])
def test_a_person_at_the_agent_settles_what_is_unknown_once(db, jobs, agent, message, state, reason):
    next_messages(agent)
    job = jobs[0]
    receive(agent.id, agent.link, Unknown(job=job.uuid, dispatch=1, reason='printer_lost_job'))
    word = message(job=job.uuid, dispatch=1, reason=str(reason))
    receive(agent.id, agent.link, word)
    fresh(db, job)
    assert (job.state, job.reason) == (state, reason)
    # said again, and a late word of before: the agent may forget both, and nothing changes
    assert receive(agent.id, agent.link, word) is not None
    assert receive(agent.id, agent.link, Unknown(job=job.uuid, dispatch=1, reason='printer_lost_job')) is not None
    fresh(db, job)
    assert job.reason == reason


def test_unknown_is_settled_when_the_go_never_arrived(db, jobs, agent):
    next_messages(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    holding, _name = say_hello(agent, holding=[Held(job=job.uuid, dispatch=1, state='waiting')])
    # what it says it holds may be old news by now: only when it gives the job up is it certain
    fresh(db, job)
    assert job.state == S.unknown
    assert Cancel(job=job.uuid, dispatch=1, reason='reassigned') in next_messages(agent, holding)
    receive(agent.id, agent.link, Canceled(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.ready, None)


def test_unknown_is_settled_when_the_job_never_arrived(db, jobs, agent):
    next_messages(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    say_hello(agent)
    assert next_messages(agent)[0] == Cancel(job=job.uuid, dispatch=1, reason='reassigned')
    receive(agent.id, agent.link, Canceled(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.ready, None)


@pytest.mark.parametrize('reason', [Reason.spool_lost, Reason.printer_unsure, Reason.agent_silent])
def test_other_doubts_are_left_alone(db, jobs, agent, reason):
    next_messages(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, reason, '', 'test')
    say_hello(agent)
    assert not any(isinstance(message, Cancel) for message in next_messages(agent))
    receive(agent.id, agent.link, Canceled(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.unknown, agent.id)


def test_a_new_spool_answers_no_old_question(db, jobs, agent):
    """Who lost its memory cannot answer for what was unknown before."""
    next_messages(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    say_hello(agent, spool='another')
    fresh(db, job)
    assert (job.state, job.reason) == (S.unknown, Reason.spool_lost)
    assert not any(isinstance(message, Cancel) for message in next_messages(agent))

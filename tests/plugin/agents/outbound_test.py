"""Permission to print, from Indico's side: who is given what, and what a broken link changes."""

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from tests.plugin.conftest import TOKEN

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import (Accepted, Ack, Cancel, Canceled, Completed, Drain, Failed, Go, Held, Hello,
                                           Printer, Printing, Refused, Returned, Sent, Unknown)

from indico.util.date_time import now_utc

from indico_checkin_print.routing import printer_breaker
from indico_checkin_print import ledger
from indico_checkin_print.signals.checkin import on_deleted
from indico_checkin_print.models.agents import PrinterBreaker
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.agents import outbound, inbound
from indico_checkin_print.agents.outbound import PREFETCH, Assigned, Plan, outgoing, plan
from indico_checkin_print.agents.inbound import authenticate, hello, receive
from indico_checkin_print.errors import Replaced, Revoked
from indico_checkin_print.routing.printer import Candidate, choose_printer, obstacle
from indico_checkin_print.work.worker import render_waiting


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


def assigned(uuid, state, dispatch=1, printer='p'):
    return Assigned(uuid, dispatch, state, printer)


@pytest.mark.parametrize(('jobs', 'holding', 'expected'), [
    # nothing to do: the printer may have a job with its go
    ([], {}, {'room': {'p': PREFETCH}, 'idle': {'p'}}),
    # never arrived: sent again, with what it had
    ([assigned('a', S.dispatched)], {}, {'send': ['a'], 'room': {'p': PREFETCH - 1}}),
    # the go never arrived
    ([assigned('a', S.dispatched)], {'a': (1, 'waiting')}, {'repeat_go': ['a'], 'room': {'p': PREFETCH - 1}}),
    # under way: the next one waits
    ([assigned('a', S.dispatched), assigned('b', S.ready)], {'a': (1, 'go'), 'b': (1, 'waiting')},
     {'room': {'p': PREFETCH - 2}}),
    # at the printer: the next one gets its go
    ([assigned('a', S.printing), assigned('b', S.ready)], {'a': (1, 'printing'), 'b': (1, 'waiting')},
     {'go': ['b'], 'room': {'p': PREFETCH - 2}}),
    # and if there is none, it will ride in the job
    ([assigned('a', S.printing)], {'a': (1, 'printing')}, {'room': {'p': PREFETCH - 1}, 'idle': {'p'}}),
    # not ours any more, or of another time
    ([], {'a': (1, 'waiting')}, {'cancel': [('a', 1)], 'room': {'p': PREFETCH}, 'idle': {'p'}}),
    ([assigned('a', S.ready, 2)], {'a': (1, 'waiting')},
     {'cancel': [('a', 1)], 'send': ['a'], 'go': ['a'], 'room': {'p': PREFETCH - 1}}),
    # an outcome on its way here is no reason to cancel
    ([], {'a': (1, 'completed')}, {'room': {'p': PREFETCH}, 'idle': {'p'}}),
    # what counts as unknown is left alone: the agent will report
    ([assigned('a', S.unknown)], {'a': (1, 'go')}, {'room': {'p': PREFETCH}, 'idle': {'p'}}),
])
def test_plan(jobs, holding, expected):
    result = plan(jobs, holding, ['p'])
    assert result == Plan(cancel=tuple(expected.get('cancel', ())), send=tuple(expected.get('send', ())),
                          repeat_go=tuple(expected.get('repeat_go', ())), go=tuple(expected.get('go', ())),
                          room=expected['room'], idle=frozenset(expected.get('idle', ())))


def test_choose_printer():
    def candidate(position, *, healthy=True, load=0):
        return Candidate(1, f'p{position}', position, healthy, load)
    assert choose_printer([]) is None
    assert choose_printer([candidate(0, healthy=False)]) is None
    assert choose_printer([candidate(1), candidate(0)]).position == 0
    assert choose_printer([candidate(0, load=2), candidate(1, load=1)]).position == 1
    assert choose_printer([candidate(0, healthy=False), candidate(1, load=9)]).position == 1
    # one that returned it gets it only if there is no other
    assert choose_printer([replace(candidate(0), returned=True), candidate(1, load=9)]).position == 1
    assert choose_printer([replace(candidate(0), returned=True), candidate(1, healthy=False)]).position == 0


@pytest.mark.parametrize(('changes', 'healthy'), [
    ({}, True), ({'state': 'processing'}, True), ({'state': 'stopped'}, False), ({'accepting': False}, False),
    ({'reasons': ['media-empty-error']}, False), ({'reasons': ['toner-low-warning']}, True),
])
def test_obstacle(changes, healthy):
    assert (not obstacle({'name': 'p', 'state': 'idle', 'accepting': True, 'reasons': [], **changes})) == healthy


@pytest.fixture
def jobs(db, check_in, create_reg, desk):
    """Six rendered jobs of one desk."""
    jobs = [check_in(create_reg(first_name=f'P{i}'))[0] for i in range(6)]
    render_waiting('test')
    for job in jobs:
        db.session.refresh(job)
    return jobs


def mail(agent, holding=None):
    return outgoing(agent.id, agent.link, holding or {})


def fresh(db, *objects):
    for obj in objects:
        db.session.refresh(obj)


def test_an_idle_printer_gets_its_go_with_the_job(db, jobs, agent, desk):
    messages = mail(agent)
    assert [(m.job, m.go, m.dispatch) for m in messages] == [
        (j.uuid, i == 0, 1) for i, j in enumerate(jobs[:PREFETCH])]
    first = messages[0]
    assert (first.printer, first.desk, first.kind, first.name) == ('p1', 'Desk 1', 'badge', 'P0 Müller')
    assert first.length == jobs[0].document.length
    assert first.sha256 == jobs[0].document.sha256
    assert first.width_mm == pytest.approx(96)
    assert 0 < first.expires_in <= 1800
    assert 'P0' not in first.title
    fresh(db, *jobs)
    assert [j.state for j in jobs] == [S.dispatched] + [S.ready] * 5
    assert [j.agent_id for j in jobs] == [agent.id] * 4 + [None] * 2


def test_asking_twice_gives_nothing_twice(jobs, agent):
    first = mail(agent)
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in first}
    assert mail(agent, holding) == []


def test_a_link_that_broke_before_the_job_arrived(jobs, agent):
    first = mail(agent)
    again = mail(agent)
    assert [(m.job, m.dispatch, m.go) for m in again] == [(m.job, m.dispatch, m.go) for m in first]


@pytest.mark.parametrize(('ago', 'left'), [(0, 30), (12, 18), (44, 0)])
def test_a_permission_that_is_said_again_is_good_for_what_is_left_of_it(db, jobs, agent, ago, left):
    first = mail(agent)[0]
    db.session.refresh(jobs[0])
    jobs[0].dispatched_dt -= timedelta(seconds=ago)
    db.session.flush()
    job = mail(agent)[0]
    assert (job.job, job.go, job.print_within) == (first.job, True, left)
    go, = (m for m in mail(agent, {first.job: (1, 'waiting')}) if isinstance(m, Go))
    assert (go.job, go.print_within) == (first.job, left)


def test_the_next_go_follows_when_the_first_is_at_the_printer(db, jobs, agent):
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in mail(agent)}
    receive(agent.id, agent.link, Printing(job=jobs[0].uuid, dispatch=1))
    holding[jobs[0].uuid] = (1, 'printing')
    go, = mail(agent, holding)
    assert isinstance(go, Go)
    assert go.job == jobs[1].uuid
    holding[jobs[1].uuid] = (1, 'go')
    # two have a go: no more
    receive(agent.id, agent.link, Printing(job=jobs[1].uuid, dispatch=1))
    holding[jobs[1].uuid] = (1, 'printing')
    assert mail(agent, holding) == []
    ack = receive(agent.id, agent.link, Completed(job=jobs[0].uuid, dispatch=1))
    assert ack == Ack(job=jobs[0].uuid, dispatch=1, state='completed')
    del holding[jobs[0].uuid]
    assert [type(m) for m in mail(agent, holding)] == [Go, protocol.Job]


def test_a_printer_that_is_stopped_gets_nothing(db, jobs, agent):
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1', state='stopped'),)))
    assert mail(agent) == []
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert mail(agent)[0].go


def test_badges_come_out_in_the_order_of_the_queue(db, check_in, create_reg, agent, desk, app):
    """Two workers may finish in another order than they began."""
    first, second = (check_in(create_reg(first_name=name))[0] for name in 'AB')
    assert ledger.claim_render('slow') == first
    render_waiting('fast')
    assert mail(agent) == []
    # but a worker that died must not hold up the desk
    db.session.execute(db.update(type(first).__table__).where(type(first).id == first.id)
                       .values(lease_dt=first.created_dt))
    assert [m.job for m in mail(agent)] == [second.uuid]


def test_only_its_own_desk(db, jobs, agent, desk):
    desk.printers[0].printer = 'another'
    db.session.flush()
    assert mail(agent) == []


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
    mail(agent)
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


def test_one_that_waits_for_another_printer_moves_nobody(db, jobs, agent, desk, check_in, create_reg):
    """The first badge was returned by one printer and waits for room at the other: the rest stays where it is."""
    agent.printers = [*agent.printers, agent.printers[0] | {'name': 'p2'}]
    desk.printers.append(DeskPrinter(position=1, agent=agent, printer='p2'))
    db.session.flush()
    for job, printer in zip(jobs[1:], ['p2', 'p2', 'p2', 'p2', 'p1'], strict=True):
        ledger.assign(job, agent, printer, 'test', go=False)
    under_way, = check_in(create_reg(first_name='P6'))
    render_waiting('test')
    first = jobs[0]
    for job in (under_way, first):
        db.session.refresh(job)
        ledger.assign(job, agent, 'p1', 'test', go=True)
    fresh(db, *jobs, under_way)
    ledger.report(first, S.ready, 'returned', '', 'test')
    # behind those at p2, before the one at p1
    first.queue_dt += timedelta(seconds=1)
    jobs[5].queue_dt += timedelta(seconds=2)
    db.session.flush()
    holding, said = {job.uuid: (job.dispatch, 'waiting') for job in jobs[1:]}, []
    holding[under_way.uuid] = (under_way.dispatch, 'go')
    for _i in range(3):
        said.append(mail(agent, holding))
        for message in said[-1]:
            if isinstance(message, protocol.Job | Go):
                go = isinstance(message, Go) or message.go
                holding[message.job] = (message.dispatch, 'go' if go else 'waiting')
            else:
                holding.pop(message.job, None)
    assert said[1:] == [[], []]


def test_a_returned_job_comes_before_those_behind_it(db, jobs, agent):
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in mail(agent)}
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='too_late'))
    del holding[jobs[0].uuid]
    messages = [m for m in mail(agent, holding) if not isinstance(m, Cancel)]
    assert [(m.job, m.go) for m in messages] == [(job.uuid, job is jobs[0]) for job in jobs[:PREFETCH]]


def test_a_returned_job_goes_elsewhere_and_old_words_do_not_count(db, jobs, agent):
    job = jobs[0]
    mail(agent)
    receive(agent.id, agent.link, Returned(job=job.uuid, dispatch=1, reason='too_late'))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.ready, None)
    assert ledger.assign(job, agent, 'p1', 'test', go=True) == 3
    fresh(db, job)
    for late in (Returned(job=job.uuid, dispatch=1, reason='too_late'), Completed(job=job.uuid, dispatch=1)):
        assert receive(agent.id, agent.link, late).dispatch == 1
        fresh(db, job)
        assert (job.state, job.dispatch) == (S.dispatched, 3)


def test_one_that_comes_back_after_its_registration_was_purged_ends(db, jobs, agent):
    """It has no document any more; every try to send it to a printer would fail."""
    mail(agent)
    first = jobs[0]
    first.registration.is_deleted = True
    on_deleted(first.registration, permanent=True)
    receive(agent.id, agent.link, Returned(job=first.uuid, dispatch=1, reason='stopping'))
    fresh(db, *jobs)
    assert (first.state, first.reason) == (S.failed, Reason.registration_gone)
    assert mail(agent)


def test_a_stranger_cannot_report(db, jobs, agent, create_agent):
    mail(agent)
    other = create_agent('p9')
    assert isinstance(receive(other.id, other.link, Completed(job=jobs[0].uuid, dispatch=1)), Ack)
    fresh(db, jobs[0])
    assert jobs[0].state == S.dispatched


@pytest.mark.parametrize('uuid', ['x', '00000000-0000-0000-0000-000000000000', "'; DROP TABLE"])
def test_a_job_nobody_knows(agent, uuid):
    assert receive(agent.id, agent.link, Completed(job=uuid, dispatch=1)).job == uuid


def test_unknown_is_settled_by_the_agents_own_word(db, jobs, agent):
    mail(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    receive(agent.id, agent.link, Completed(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert job.state == S.completed


@pytest.mark.parametrize(('end', 'state'), [({'type': 'sent'}, S.sent),
                                            ({'type': 'unknown', 'reason': 'printer_unreachable'}, S.unknown)])
def test_printing_after_an_outcome_is_ignored(db, jobs, agent, end, state):
    """Nobody would end it a second time, and the printer would count as busy for ever."""
    mail(agent)
    job = jobs[0]
    end = msgspec.convert({**end, 'job': job.uuid, 'dispatch': 1}, protocol.FromAgent)
    assert receive(agent.id, agent.link, end) is not None
    assert receive(agent.id, agent.link, Printing(job=job.uuid, dispatch=1)) is None
    fresh(db, job)
    assert job.state == state


@pytest.mark.parametrize('reason', [Reason.go_timeout, Reason.agent_silent])
def test_a_badge_of_which_nothing_was_heard_may_be_printing(db, jobs, agent, reason):
    mail(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, reason, '', 'test')
    receive(agent.id, agent.link, Printing(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert job.state == S.printing


@pytest.mark.parametrize(('message', 'state', 'reason'), [
    (Completed, S.completed, Reason.person_saw_it), (Returned, S.ready, Reason.person_missed_it),
])
def test_a_person_at_the_agent_settles_what_is_unknown_once(db, jobs, agent, message, state, reason):
    mail(agent)
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


def say_hello(agent, link='new', holding=(), spool='spool'):
    return hello(agent.id, link, Hello(spool=spool, software='test/1', printers=(Printer(name='p1'),),
                                       holding=tuple(holding)))


def test_unknown_is_settled_when_the_go_never_arrived(db, jobs, agent):
    mail(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    holding, _name = say_hello(agent, holding=[Held(job=job.uuid, dispatch=1, state='waiting')])
    # what it says it holds may be old news by now: only when it gives the job up is it certain
    fresh(db, job)
    assert job.state == S.unknown
    assert Cancel(job=job.uuid, dispatch=1, reason='reassigned') in mail(agent, holding)
    receive(agent.id, agent.link, Canceled(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.ready, None)


def test_unknown_is_settled_when_the_job_never_arrived(db, jobs, agent):
    mail(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    say_hello(agent)
    assert mail(agent)[0] == Cancel(job=job.uuid, dispatch=1, reason='reassigned')
    receive(agent.id, agent.link, Canceled(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.ready, None)


@pytest.mark.parametrize('reason', [Reason.spool_lost, Reason.printer_unsure, Reason.agent_silent])
def test_other_doubts_are_left_alone(db, jobs, agent, reason):
    mail(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, reason, '', 'test')
    say_hello(agent)
    assert not any(isinstance(message, Cancel) for message in mail(agent))
    receive(agent.id, agent.link, Canceled(job=job.uuid, dispatch=1))
    fresh(db, job)
    assert (job.state, job.agent_id) == (S.unknown, agent.id)


def test_who_lost_its_memory_cannot_answer_for_what_was_unknown_before(db, jobs, agent):
    mail(agent)
    job = jobs[0]
    ledger.report(job, S.unknown, Reason.go_timeout, '', 'test')
    say_hello(agent, spool='another')
    fresh(db, job)
    assert (job.state, job.reason) == (S.unknown, Reason.spool_lost)
    assert not any(isinstance(message, Cancel) for message in mail(agent))


def test_an_agent_that_lost_its_memory(db, jobs, agent):
    mail(agent)
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
    for call in (lambda: mail(agent), lambda: say_hello(agent)):
        with pytest.raises(Revoked):
            call()


@pytest.mark.parametrize('token', ['', 'icpa_', 'indp_x', 'icpa_wrong', 'icpa_' + 'x' * 1000])
def test_wrong_tokens(agent, token):
    assert authenticate(token) is None


def test_cancel_is_answered(db, check_in, jobs, agent):
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in mail(agent)}
    check_in(jobs[1].registration, value=False)
    cancel = mail(agent, holding)[0]
    assert cancel == Cancel(job=jobs[1].uuid, dispatch=1, reason='reassigned')
    assert receive(agent.id, agent.link, Canceled(job=jobs[1].uuid, dispatch=1)).state == 'canceled'
    fresh(db, jobs[1])
    assert jobs[1].state == S.canceled


def test_an_agent_that_stops_lets_go(db, jobs, agent):
    mail(agent)
    assert receive(agent.id, agent.link, Drain()) is None
    fresh(db, *jobs)
    assert [j.agent_id for j in jobs] == [agent.id] + [None] * 5


def test_accepted_is_a_sign_of_life(agent, jobs):
    agent.seen_dt = None
    receive(agent.id, agent.link, Accepted(job=jobs[0].uuid, dispatch=1))
    assert agent.is_connected


@pytest.fixture
def create_agent(db, agent, desk):
    """Return a function that adds a second agent whose printer stands at the same desk."""

    from indico_checkin_print.models.agents import Agent

    def _create(printer):
        other = Agent(event_id=agent.event_id, name='Laptop 2', token_hash='x', link='link2', spool='s2',
                      seen_dt=now_utc(), printers=[{'name': printer, 'state': 'idle', 'reasons': []}])
        desk.printers.append(DeskPrinter(position=1, agent=other, printer=printer))
        db.session.flush()
        return other
    return _create


def test_two_printers_share_the_work_of_a_desk(db, jobs, agent, create_agent):
    other = create_agent('p2')
    held = {agent: {}, other: {}}
    for speaker in (agent, other) * 3:
        for message in outgoing(speaker.id, speaker.link, held[speaker]):
            held[speaker][message.job] = (message.dispatch, 'go' if message.go else 'waiting')
    assert [len(h) for h in held.values()] == [3, 3]
    assert not held[agent].keys() & held[other].keys()
    assert [[state for __, state in h.values()].count('go') for h in held.values()] == [1, 1]


@pytest.mark.parametrize('stopped', [True, False])
@pytest.mark.parametrize('waiting', [4, 12])
def test_a_desk_that_does_not_get_on_holds_up_no_other(db, check_in, create_reg, agent, desk, waiting, stopped):
    """One laptop, two printers, each with a desk of its own; what waits at the first one is older."""
    other = Desk(event_id=desk.event_id, name='Desk 2')
    other.printers.append(DeskPrinter(position=0, agent=agent, printer='p2'))
    db.session.add(other)
    agent.printers = [{'name': 'p1', 'state': 'stopped' if stopped else 'idle', 'reasons': []},
                      {'name': 'p2', 'state': 'idle', 'reasons': []}]
    jobs = [check_in(create_reg(first_name=f'P{i}'))[0] for i in range(waiting + 2)]
    for job in jobs[waiting:]:
        job.desk_id = other.id
    db.session.flush()
    render_waiting('test')
    printers = [message.printer for message in mail(agent)]
    assert printers.count('p2') == 2
    assert printers.count('p1') == (0 if stopped else PREFETCH)


def test_no_more_than_an_agent_may_hold_is_taken_from_several_desks(db, jobs, agent, desk, monkeypatch):
    monkeypatch.setattr(outbound, 'IN_FLIGHT', 3)
    other = Desk(event_id=desk.event_id, name='Desk 2')
    other.printers.append(DeskPrinter(position=0, agent=agent, printer='p2'))
    db.session.add(other)
    agent.printers = [{'name': name, 'state': 'idle', 'reasons': []} for name in ('p1', 'p2')]
    db.session.flush()
    for job in jobs[1::2]:
        job.desk_id = other.id
    db.session.flush()
    # in the order of the queue, whatever the desk
    assert [m.job for m in mail(agent)] == [job.uuid for job in jobs[:3]]


def test_the_other_printer_takes_over_when_one_is_out_of_paper(db, jobs, agent, create_agent):
    other = create_agent('p2')
    agent.printers = [{'name': 'p1', 'state': 'stopped', 'reasons': ['media-empty-error']}]
    db.session.flush()
    assert mail(agent) == []
    assert len(outgoing(other.id, 'link2', {})) == PREFETCH


def stop(agent, printer='p1', reason='media-empty-error'):
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name=printer, state='stopped',
                                                                      reasons=(reason,)),)))


def test_prefetched_badge_is_reassigned_when_its_printer_stops(db, jobs, agent, create_agent):
    first = mail(agent)
    other = create_agent('p2')
    stop(agent)
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in first}
    assert mail(agent, holding) == [Cancel(job=job.uuid, dispatch=1, reason='reassigned') for job in jobs[1:4]]
    given = outgoing(other.id, 'link2', {})
    assert [(m.job, m.dispatch) for m in given] == [(jobs[i].uuid, 2 if i < 4 else 1) for i in (1, 2, 3, 4)]
    fresh(db, *jobs)
    assert jobs[2].skipped_printers == [{'agent_id': agent.id, 'agent': 'Laptop 1', 'printer': 'p1',
                                    'reason': 'media-empty', 'gave_back': False}]
    step = jobs[1].history[-1]
    assert (step.reason, step.detail) == (Reason.other_printer, 'p2; p1: out of paper')
    # the one with the go stays where it is
    assert (jobs[0].state, jobs[0].agent_id) == (S.dispatched, agent.id)


def test_what_has_no_go_stays_when_there_is_no_other_printer(jobs, agent):
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in mail(agent)}
    stop(agent)
    assert mail(agent, holding) == []


def test_returned_badge_goes_to_another_printer_at_once(db, jobs, agent, create_agent):
    mail(agent)
    other = create_agent('p2')
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='media-empty'))
    assert jobs[0].uuid not in {m.job for m in mail(agent, {j.uuid: (1, 'waiting') for j in jobs[1:4]})}
    assert outgoing(other.id, 'link2', {})[0].job == jobs[0].uuid


def test_returned_badge_comes_back_if_there_is_no_other(db, jobs, agent):
    mail(agent)
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='media-empty'))
    fresh(db, jobs[0])
    assert ledger.assign(jobs[0], agent, 'p1', 'test', go=True) == 3
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=3, reason='media-empty'))
    # the second time not at once
    assert jobs[0].uuid not in {m.job for m in mail(agent, {j.uuid: (1, 'waiting') for j in jobs[1:4]})}


def test_badge_returned_once_comes_back_at_once(db, jobs, agent):
    mail(agent)
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='media-empty'))
    assert jobs[0].uuid in {m.job for m in mail(agent, {j.uuid: (1, 'waiting') for j in jobs[1:4]})}


def test_an_agent_that_stops_gets_nothing_more(db, jobs, agent):
    mail(agent)
    receive(agent.id, agent.link, Drain())
    assert not agent.is_connected
    assert mail(agent, {jobs[0].uuid: (1, 'go')}) == []
    say_hello(agent, agent.link, holding=[Held(job=jobs[0].uuid, dispatch=1, state='go')])
    assert agent.is_connected


def test_what_has_no_go_is_free_when_the_link_ends(db, jobs, agent):
    mail(agent)
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


# -- the circuit breaker of a printer ---------------------------------------------------------------------------------

@pytest.mark.parametrize(('failures', 'ago', 'expected'), [
    (0, None, (1, None)), (1, 60, (2, None)), (2, 60, (3, 30)), (3, 60, (4, 60)), (9, 60, (10, 300)),
    # not in a row
    (2, 601, (1, None)),
])
def test_after_failure(failures, ago, expected):
    now = now_utc()
    count, probe_dt = printer_breaker.after_failure(failures, ago and now - timedelta(seconds=ago), now)
    assert (count, probe_dt and (probe_dt - now).total_seconds()) == expected


def fail_three_times(db, jobs, agent, reason='engine_failed'):
    for job in jobs[:3]:
        db.session.refresh(job)
        if job.state != S.dispatched:
            ledger.assign(job, agent, 'p1', 'test', go=True)
            db.session.refresh(job)
        receive(agent.id, agent.link, Failed(job=job.uuid, dispatch=job.dispatch, reason=reason))


def test_breaker_opens_and_a_probe_closes_it(db, jobs, agent, log_of):
    mail(agent)
    fail_three_times(db, jobs, agent)
    breaker = PrinterBreaker.query.one()
    assert (breaker.failures, breaker.reason) == (3, 'engine_failed')
    assert 'Printer "p1" of "Laptop 1" gets no badges for now' in log_of(agent.event)
    assert [type(m) for m in mail(agent, {jobs[3].uuid: (1, 'waiting')})] == [Cancel]
    assert mail(agent) == []
    # its time has come: one badge tries it, the others wait
    breaker.probe_dt = now_utc()
    db.session.flush()
    probe, = mail(agent)
    assert (probe.job, probe.go) == (jobs[3].uuid, True)
    receive(agent.id, agent.link, Printing(job=probe.job, dispatch=probe.dispatch))
    assert mail(agent, {probe.job: (probe.dispatch, 'printing')}) == []
    receive(agent.id, agent.link, Completed(job=probe.job, dispatch=probe.dispatch))
    assert not PrinterBreaker.query.has_rows()
    assert 'back in service' in log_of(agent.event)
    assert len(mail(agent)) == 2


def test_a_printer_is_back_in_service_when_what_was_wrong_is_gone(db, jobs, agent):
    mail(agent)
    fail_three_times(db, jobs, agent)
    # that an agent let it rest and does no longer proves nothing
    stop(agent, reason='engine_failed')
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert PrinterBreaker.query.has_rows()
    stop(agent)
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert not PrinterBreaker.query.has_rows()


def test_a_queue_that_was_deleted_and_is_back_is_in_service_at_once(db, jobs, agent):
    mail(agent)
    fail_three_times(db, jobs, agent, 'unknown_queue')
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='other'),)))
    assert PrinterBreaker.query.has_rows()
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert not PrinterBreaker.query.has_rows()


def cancel_at_printer(db, job, agent, message=Failed, reason='job-canceled-at-device'):
    db.session.refresh(job)
    if job.state != S.dispatched:
        ledger.assign(job, agent, 'p1', 'test', go=True)
        db.session.refresh(job)
    receive(agent.id, agent.link, message(job=job.uuid, dispatch=job.dispatch, reason=reason))
    db.session.refresh(job)


def test_one_badge_that_is_cancelled_at_the_printer_stays_so(db, jobs, agent):
    mail(agent)
    cancel_at_printer(db, jobs[0], agent)
    cancel_at_printer(db, jobs[1], agent, reason='job-canceled-by-user')
    assert [job.state for job in jobs[:2]] == [S.failed, S.failed]


def test_badges_of_a_printer_that_cancels_all_are_retried(db, jobs, agent):
    mail(agent)
    for job in jobs[:3]:
        cancel_at_printer(db, job, agent)
    assert PrinterBreaker.query.one().probe_dt is not None
    for job in jobs[:3]:
        db.session.refresh(job)
        assert (job.state, job.reason, job.agent_id) == (S.queued, 'printer_cancels', None)


def test_an_agent_that_returns_a_cancelled_badge_says_that_the_printer_does_it(db, jobs, agent):
    mail(agent)
    cancel_at_printer(db, jobs[0], agent, reason='media-jam')  # somebody shall see that one first
    cancel_at_printer(db, jobs[1], agent)
    cancel_at_printer(db, jobs[2], agent, protocol.Returned)
    for job in jobs[:3]:
        db.session.refresh(job)
    assert [job.state for job in jobs[:3]] == [S.failed, S.queued, S.ready]


@pytest.mark.parametrize('reason', ['too_late', 'restarted', 'agent_error'])
def test_not_every_badge_that_comes_back_is_the_printers_fault(db, jobs, agent, reason):
    mail(agent)
    fail_three_times(db, jobs, agent, reason)
    assert not PrinterBreaker.query.has_rows()

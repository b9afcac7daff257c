"""Which printer of a desk gets a badge, and what happens when it cannot print it."""

from datetime import timedelta

import pytest

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import Cancel, Go, Returned

from indico_checkin_print import ledger
from indico_checkin_print.agents import outbound
from indico_checkin_print.agents.inbound import receive
from indico_checkin_print.agents.outbound import MAX_JOBS_PER_PRINTER, outgoing
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.agents.talk import fresh, next_messages, stop


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


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
        said.append(next_messages(agent, holding))
        for message in said[-1]:
            if isinstance(message, protocol.Job | Go):
                go = isinstance(message, Go) or message.go
                holding[message.job] = (message.dispatch, 'go' if go else 'waiting')
            else:
                holding.pop(message.job, None)
    assert said[1:] == [[], []]


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
    printers = [message.printer for message in next_messages(agent)]
    assert printers.count('p2') == 2
    assert printers.count('p1') == (0 if stopped else MAX_JOBS_PER_PRINTER)


def test_the_limit_of_an_agent_is_for_all_its_desks(db, jobs, agent, desk, monkeypatch):
    """No more than an agent may hold is taken from several desks."""
    monkeypatch.setattr(outbound, 'MAX_JOBS_PER_AGENT', 3)
    other = Desk(event_id=desk.event_id, name='Desk 2')
    other.printers.append(DeskPrinter(position=0, agent=agent, printer='p2'))
    db.session.add(other)
    agent.printers = [{'name': name, 'state': 'idle', 'reasons': []} for name in ('p1', 'p2')]
    db.session.flush()
    for job in jobs[1::2]:
        job.desk_id = other.id
    db.session.flush()
    # in the order of the queue, whatever the desk
    assert [m.job for m in next_messages(agent)] == [job.uuid for job in jobs[:3]]


def test_the_other_printer_takes_over_when_one_is_out_of_paper(db, jobs, agent, create_agent):
    other = create_agent('p2')
    agent.printers = [{'name': 'p1', 'state': 'stopped', 'reasons': ['media-empty-error']}]
    db.session.flush()
    assert next_messages(agent) == []
    assert len(outgoing(other.id, 'link2', {})) == MAX_JOBS_PER_PRINTER


def test_prefetched_badge_is_reassigned_when_its_printer_stops(db, jobs, agent, create_agent):
    first = next_messages(agent)
    other = create_agent('p2')
    stop(agent)
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in first}
    assert next_messages(agent, holding) == [Cancel(job=job.uuid, dispatch=1, reason='reassigned') for job in jobs[1:4]]
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
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in next_messages(agent)}
    stop(agent)
    assert next_messages(agent, holding) == []


def test_returned_badge_goes_to_another_printer_at_once(db, jobs, agent, create_agent):
    next_messages(agent)
    other = create_agent('p2')
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='media-empty'))
    assert jobs[0].uuid not in {m.job for m in next_messages(agent, {j.uuid: (1, 'waiting') for j in jobs[1:4]})}
    assert outgoing(other.id, 'link2', {})[0].job == jobs[0].uuid


def test_returned_badge_comes_back_if_there_is_no_other(db, jobs, agent):
    next_messages(agent)
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='media-empty'))
    fresh(db, jobs[0])
    assert ledger.assign(jobs[0], agent, 'p1', 'test', go=True) == 3
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=3, reason='media-empty'))
    # the second time not at once
    assert jobs[0].uuid not in {m.job for m in next_messages(agent, {j.uuid: (1, 'waiting') for j in jobs[1:4]})}


def test_badge_returned_once_comes_back_at_once(db, jobs, agent):
    next_messages(agent)
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='media-empty'))
    assert jobs[0].uuid in {m.job for m in next_messages(agent, {j.uuid: (1, 'waiting') for j in jobs[1:4]})}

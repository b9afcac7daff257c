"""What an agent is sent: which jobs, goes and cancels, and in which order."""

from datetime import timedelta

import pytest

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import Ack, Cancel, Completed, Go, Printer, Printing, Returned

from indico_checkin_print import ledger
from indico_checkin_print.agents.inbound import receive
from indico_checkin_print.agents.outbound import MAX_JOBS_PER_PRINTER, Assigned, Plan, plan
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.agents.talk import fresh, next_messages


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


def assigned(uuid, state, dispatch=1, printer='p'):
    return Assigned(uuid, dispatch, state, printer)


@pytest.mark.parametrize(('jobs', 'holding', 'expected'), [
    # nothing to do: the printer may have a job with its go
    ([], {}, {'room': {'p': MAX_JOBS_PER_PRINTER}, 'idle': {'p'}}),
    # never arrived: sent again, with what it had
    ([assigned('a', S.dispatched)], {}, {'send': ['a'], 'room': {'p': MAX_JOBS_PER_PRINTER - 1}}),
    # the go never arrived
    ([assigned('a', S.dispatched)], {'a': (1, 'waiting')},
     {'repeat_go': ['a'], 'room': {'p': MAX_JOBS_PER_PRINTER - 1}}),
    # under way: the next one waits
    ([assigned('a', S.dispatched), assigned('b', S.ready)], {'a': (1, 'go'), 'b': (1, 'waiting')},
     {'room': {'p': MAX_JOBS_PER_PRINTER - 2}}),
    # at the printer: the next one gets its go
    ([assigned('a', S.printing), assigned('b', S.ready)], {'a': (1, 'printing'), 'b': (1, 'waiting')},
     {'go': ['b'], 'room': {'p': MAX_JOBS_PER_PRINTER - 2}}),
    # and if there is none, it will ride in the job
    ([assigned('a', S.printing)], {'a': (1, 'printing')}, {'room': {'p': MAX_JOBS_PER_PRINTER - 1}, 'idle': {'p'}}),
    # not ours any more, or of another time
    ([], {'a': (1, 'waiting')}, {'cancel': [('a', 1)], 'room': {'p': MAX_JOBS_PER_PRINTER}, 'idle': {'p'}}),
    ([assigned('a', S.ready, 2)], {'a': (1, 'waiting')},
     {'cancel': [('a', 1)], 'send': ['a'], 'go': ['a'], 'room': {'p': MAX_JOBS_PER_PRINTER - 1}}),
    # an outcome on its way here is no reason to cancel
    ([], {'a': (1, 'completed')}, {'room': {'p': MAX_JOBS_PER_PRINTER}, 'idle': {'p'}}),
    # what counts as unknown is left alone: the agent will report
    ([assigned('a', S.unknown)], {'a': (1, 'go')}, {'room': {'p': MAX_JOBS_PER_PRINTER}, 'idle': {'p'}}),
])
def test_plan(jobs, holding, expected):
    result = plan(jobs, holding, ['p'])
    assert result == Plan(cancel=tuple(expected.get('cancel', ())), send=tuple(expected.get('send', ())),
                          repeat_go=tuple(expected.get('repeat_go', ())), go=tuple(expected.get('go', ())),
                          room=expected['room'], idle=frozenset(expected.get('idle', ())))


def test_an_idle_printer_gets_its_go_with_the_job(db, jobs, agent, desk):
    messages = next_messages(agent)
    assert [(m.job, m.go, m.dispatch) for m in messages] == [
        (j.uuid, i == 0, 1) for i, j in enumerate(jobs[:MAX_JOBS_PER_PRINTER])]
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
    first = next_messages(agent)
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in first}
    assert next_messages(agent, holding) == []


def test_a_link_that_broke_before_the_job_arrived(jobs, agent):
    first = next_messages(agent)
    repeated = next_messages(agent)
    assert [(m.job, m.dispatch, m.go) for m in repeated] == [(m.job, m.dispatch, m.go) for m in first]


@pytest.mark.parametrize(('ago', 'left'), [(0, 30), (12, 18), (44, 0)])
def test_a_repeated_go_is_no_longer(db, jobs, agent, ago, left):
    """A permission that is said again is good for what is left of it."""
    first = next_messages(agent)[0]
    db.session.refresh(jobs[0])
    jobs[0].dispatched_dt -= timedelta(seconds=ago)
    db.session.flush()
    job = next_messages(agent)[0]
    assert (job.job, job.go, job.print_within) == (first.job, True, left)
    go, = (m for m in next_messages(agent, {first.job: (1, 'waiting')}) if isinstance(m, Go))
    assert (go.job, go.print_within) == (first.job, left)


def test_the_next_go_follows_when_the_first_is_at_the_printer(db, jobs, agent):
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in next_messages(agent)}
    receive(agent.id, agent.link, Printing(job=jobs[0].uuid, dispatch=1))
    holding[jobs[0].uuid] = (1, 'printing')
    go, = next_messages(agent, holding)
    assert isinstance(go, Go)
    assert go.job == jobs[1].uuid
    holding[jobs[1].uuid] = (1, 'go')
    # two have a go: no more
    receive(agent.id, agent.link, Printing(job=jobs[1].uuid, dispatch=1))
    holding[jobs[1].uuid] = (1, 'printing')
    assert next_messages(agent, holding) == []
    ack = receive(agent.id, agent.link, Completed(job=jobs[0].uuid, dispatch=1))
    assert ack == Ack(job=jobs[0].uuid, dispatch=1, state='completed')
    del holding[jobs[0].uuid]
    assert [type(m) for m in next_messages(agent, holding)] == [Go, protocol.Job]


def test_a_printer_that_is_stopped_gets_nothing(db, jobs, agent):
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1', state='stopped'),)))
    assert next_messages(agent) == []
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert next_messages(agent)[0].go


def test_badges_come_out_in_the_order_of_the_queue(db, check_in, create_reg, agent, desk, app):
    """Two workers may finish in another order than they began."""
    first, second = (check_in(create_reg(first_name=name))[0] for name in 'AB')
    assert ledger.claim_render('slow') == first
    render_waiting('fast')
    assert next_messages(agent) == []
    # but a worker that died must not hold up the desk
    db.session.execute(db.update(type(first).__table__).where(type(first).id == first.id)
                       .values(lease_dt=first.created_dt))
    assert [m.job for m in next_messages(agent)] == [second.uuid]


def test_only_its_own_desk(db, jobs, agent, desk):
    desk.printers[0].printer = 'another'
    db.session.flush()
    assert next_messages(agent) == []


def test_a_returned_job_comes_before_those_behind_it(db, jobs, agent):
    holding = {m.job: (m.dispatch, 'go' if m.go else 'waiting') for m in next_messages(agent)}
    receive(agent.id, agent.link, Returned(job=jobs[0].uuid, dispatch=1, reason='too_late'))
    del holding[jobs[0].uuid]
    messages = [m for m in next_messages(agent, holding) if not isinstance(m, Cancel)]
    assert [(m.job, m.go) for m in messages] == [(job.uuid, job is jobs[0]) for job in jobs[:MAX_JOBS_PER_PRINTER]]

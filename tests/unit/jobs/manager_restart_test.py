"""Jobs over restarts of the agent, until their outcomes are acknowledged."""

import json
import time

import pytest

from print_agent.errors import SubmitFailed
from print_agent.jobs import worker as worker_module
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.runtime.trace import Trace
from print_agent.spool.job import State

from tests.fakes.badges import J1, J2, J3, J4, PDF, make_job
from tests.fakes.desk import Desk


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)


@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


async def restarted(desk, tmp_path):
    await desk.close()
    later = Desk(tmp_path)
    later.jobs.restart()
    return later


async def test_after_a_restart_what_had_a_go_is_returned(desk, tmp_path):
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.jobs.receive('a', make_job(J2), PDF)
    later = await restarted(desk, tmp_path)
    assert [(m.job, m.reason) for m in later.outcomes] == [(J1, 'restarted')]
    assert later.state(J2) is State.waiting
    later.start()
    later.jobs.go('a', p.Go(job=J2, dispatch=1))
    assert (await later.ends(2))[1] == p.Completed(job=J2, dispatch=1)
    assert [s.tag.startswith(J2) for s in later.backend.submitted] == [True]
    await later.close()


async def test_after_a_restart_old_jobs_expire(desk, tmp_path, monkeypatch):
    await desk.jobs.receive('a', make_job(expires_in=60), PDF)
    real = time.time
    monkeypatch.setattr(time, 'time', lambda: real() + 100)
    later = await restarted(desk, tmp_path)
    assert [m.reason for m in later.outcomes] == ['expired']
    await later.close()


@pytest.mark.parametrize(('state', 'found', 'expected'), [
    (State.submitting, '5', p.Completed),
    (State.submitting, 'absent', p.Returned),
    (State.submitting, SubmitFailed('restart_unclear', 'Who knows.', certain=False), p.Unknown),
    (State.printing, '5', p.Completed),
    (State.printing, SubmitFailed('restart_unclear', 'Who knows.', certain=False), p.Unknown),
])
async def test_after_a_restart_the_printer_is_asked(desk, tmp_path, state, found, expected):
    await desk.jobs.receive('a', make_job(go=True), PDF)
    entry = desk.jobs.handover.begin_submit(desk.spool.find('a', J1))
    if state is State.printing:
        desk.jobs.handover.submitted(entry, '5')
    later = await restarted(desk, tmp_path)
    later.backend.found = found
    await later.jobs.receive('a', make_job(dispatch=1, go=True), PDF)
    later.start()
    (end,) = await later.ends()
    assert type(end) is expected
    assert later.backend.submitted == []
    await later.close()


async def test_after_a_restart_cups_forgets_what_was_left_there(desk, tmp_path):
    await desk.jobs.receive('a', make_job(go=True), PDF)
    entry = desk.jobs.handover.submitted(desk.jobs.handover.begin_submit(desk.spool.find('a', J1)), '5')
    desk.jobs.handover.ended(entry, Outcome('unknown', 'printer_unreachable'))
    later = await restarted(desk, tmp_path)
    later.start()
    await later.until(lambda: later.backend.gone == ['5'])
    assert later.outcomes == []
    await later.close()


async def test_outcomes_are_owed_until_they_are_acknowledged(desk, tmp_path):
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (end,) = await desk.ends()
    later = await restarted(desk, tmp_path)
    assert later.jobs.owed('a') == [end]
    assert later.jobs.owed('b') == []
    hello = later.jobs.hello('a', 'x', [])
    assert hello.holding == (p.Held(job=J1, dispatch=1, state='completed'),)
    later.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='unknown'))
    assert later.jobs.owed('a') == [end]
    later.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='completed'))
    assert later.jobs.owed('a') == []
    assert later.jobs.hello('a', 'x', []).holding == ()
    await later.close()


async def test_draining_returns_what_is_not_at_the_printer(desk):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.until(lambda: desk.state(J1) is State.printing)
    await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    await desk.jobs.receive('a', make_job(J3), PDF)
    desk.jobs.drain()
    assert [(m.job, m.reason) for m in desk.outcomes] == [(J2, 'stopping'), (J3, 'stopping')]
    await desk.jobs.receive('a', make_job(J4, go=True), PDF)
    assert (type(desk.heard[-1]), desk.heard[-1].reason) == (p.Returned, 'stopping')
    desk.backend.gate.set()
    assert (await desk.ends(4))[-1] == p.Completed(job=J1, dispatch=1)


async def test_senders_do_not_hear_of_each_other(desk):
    other = []
    desk.jobs.listen('b', other.append)
    await desk.jobs.receive('a', make_job(), PDF)
    await desk.jobs.receive('b', make_job(dispatch=9), PDF)
    desk.jobs.cancel('b', p.Cancel(job=J1, dispatch=9))
    assert desk.heard == [p.Accepted(job=J1, dispatch=1)]
    assert other == [p.Accepted(job=J1, dispatch=9), p.Canceled(job=J1, dispatch=9)]
    assert [held.dispatch for held in desk.jobs.hello('a', '', []).holding] == [1]


async def test_logs_and_traces_hold_ids_and_no_names(tmp_path, caplog):
    caplog.set_level('DEBUG')
    desk = Desk(tmp_path, trace=Trace(str(tmp_path / 'trace')))
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.ends()
    lines = [json.loads(line) for line in (tmp_path / 'trace').read_text().splitlines()]
    assert [line['step'] for line in lines] == ['received', 'spooled', 'go', 'submit', 'submitted', 'at_printer', 'end']
    assert [line['t'] for line in lines] == sorted(line['t'] for line in lines)
    assert f'job {J1}.1 desk1: completed' in caplog.text
    assert 'Zoë' not in caplog.text + (tmp_path / 'trace').read_text()
    await desk.close()

"""Jobs from receipt to report, with a printer that a test controls."""

import asyncio
import json
import time

import pytest
from tests.fakes.badges import J0, J1, J2, J3, J4, PDF, make_job
from tests.fakes.desk import Desk

from print_agent.runtime import clock
from print_agent.jobs import capacity
from print_agent.protocol import messages as p
from print_agent.jobs import worker as worker_module
from print_agent.printing.backend import Outcome
from print_agent.errors import NotReady, SubmitFailed, NotGone
from print_agent.errors import NoRoom
from print_agent.spool.job import State
from print_agent.runtime.trace import Trace


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)


@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


async def test_without_a_go_nothing_moves(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(), PDF)
    assert desk.heard == [p.Accepted(job=J1, dispatch=1)]
    await asyncio.sleep(0.05)
    assert desk.backend.submitted == []
    desk.jobs.go('a', p.Go(job=J1, dispatch=1))
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]
    assert [type(m).__name__ for m in desk.heard] == ['Accepted', 'Printing', 'Completed']


async def test_a_go_in_the_job_prints_at_once(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(go=True, copies=2), PDF)
    await desk.ends()
    (sheet,) = desk.backend.submitted
    assert (sheet.document, sheet.copies, sheet.width_mm, sheet.height_mm) == (PDF, 2, 96.0, 134.0)
    assert J1 in sheet.title
    assert sheet.tag in sheet.title
    assert 'Zoë' not in sheet.title


async def test_the_job_is_in_the_spool_before_it_is_accepted(desk):
    seen = []
    desk.jobs.listen('a', lambda _message: seen.append(desk.spool.find('a', J1).state))
    await desk.jobs.receive('a', make_job(), PDF)
    assert seen == [State.waiting]


async def test_the_intent_is_in_the_spool_before_the_printer_has_it(desk):
    seen = []

    async def submit(printer, sheet):
        seen.append((desk.state(), desk.spool.find('a', J1).tag == sheet.tag))
        return '1'

    desk.backend.submit = submit
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.ends()
    assert seen == [(State.submitting, True)]


async def test_everything_twice_prints_once(desk):
    desk.start()
    for _ in range(3):
        await desk.jobs.receive('a', make_job(go=True), PDF)
        desk.jobs.go('a', p.Go(job=J1, dispatch=1))
    await desk.ends()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), PDF)
    assert desk.outcomes[-1] == p.Completed(job=J1, dispatch=2)
    await asyncio.sleep(0.05)
    assert len(desk.backend.submitted) == 1


async def test_copies_of_a_job_that_come_in_together_print_once(desk):
    desk.start()
    await asyncio.gather(*(desk.jobs.receive('a', make_job(go=True), PDF) for _ in range(10)))
    await desk.ends()
    await asyncio.sleep(0.05)
    assert len(desk.backend.submitted) == 1


async def test_a_newer_dispatch_of_a_returned_job_prints(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(), PDF)
    desk.jobs.cancel('a', p.Cancel(job=J1, dispatch=1))
    assert desk.outcomes == [p.Canceled(job=J1, dispatch=1)]
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), PDF)
    assert (await desk.ends(2))[1] == p.Completed(job=J1, dispatch=2)


async def test_a_newer_dispatch_takes_the_older_permission_away(desk):
    desk.backend.ready = NotReady('queue_paused', 'Paused.')
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(dispatch=2), PDF)
    assert desk.state() is State.waiting
    desk.jobs.go('a', p.Go(job=J1, dispatch=1))
    assert desk.state() is State.waiting
    desk.backend.ready = None
    desk.jobs.go('a', p.Go(job=J1, dispatch=2))
    assert await desk.ends() == [p.Completed(job=J1, dispatch=2)]


async def test_a_job_under_way_is_reported_under_the_newer_number(desk):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.state() is State.printing)
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), PDF)
    assert desk.heard[-2:] == [p.Accepted(job=J1, dispatch=2), p.Printing(job=J1, dispatch=2)]
    desk.backend.gate.set()
    assert await desk.ends() == [p.Completed(job=J1, dispatch=2)]


async def test_a_job_at_the_printer_cannot_be_cancelled(desk):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.state() is State.printing)
    desk.jobs.cancel('a', p.Cancel(job=J1, dispatch=1))
    assert desk.heard[-1] == p.Printing(job=J1, dispatch=1)
    desk.backend.gate.set()
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]


async def test_words_about_jobs_that_are_not_here(desk):
    desk.jobs.go('a', p.Go(job='x', dispatch=1))
    desk.jobs.cancel('a', p.Cancel(job='y', dispatch=1))
    desk.jobs.ack('a', p.Ack(job='z', dispatch=1, state='completed'))
    assert desk.heard == [p.Returned(job='x', dispatch=1, reason='not_here',
                                     detail='The print agent does not have this badge.'),
                          p.Canceled(job='y', dispatch=1)]


async def test_permission_ends_at_its_deadline(desk):
    desk.backend.ready = NotReady('cups_down', 'CUPS is away.')
    desk.start()
    await desk.jobs.receive('a', make_job(go=True, print_within=0.1), PDF)
    assert await desk.ends() == [p.Returned(job=J1, dispatch=1, reason='cups_down', detail='CUPS is away.')]
    desk.backend.ready = None
    await asyncio.sleep(0.05)
    assert desk.backend.submitted == []


async def test_a_printer_that_is_ready_again_in_time_prints(desk):
    desk.backend.ready = NotReady('queue_paused', 'Paused.')
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.jobs._registry.deadlines.obstacles)
    desk.backend.ready = None
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]


async def test_the_clock_runs_from_receipt_and_not_from_the_document(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF, received=clock.now() - 60)
    (returned,) = await desk.ends()
    assert (type(returned), returned.reason) == (p.Returned, 'too_late')
    assert desk.backend.submitted == []


async def test_a_job_behind_a_slow_one_comes_back_too_late(desk):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.jobs.receive('a', make_job(J2, go=True, print_within=0.1), PDF)
    (returned,) = await desk.ends()
    assert (returned.job, returned.reason) == (J2, 'too_late')


async def test_jobs_print_in_order_one_at_a_time(desk):
    desk.backend.gate.clear()
    desk.start()
    for job in (J0, J1, J2, J3, J4):
        await desk.jobs.receive('a', make_job(job, go=True), PDF)
    await desk.until(lambda: desk.state(J0) is State.printing)
    await asyncio.sleep(0.05)
    assert len(desk.backend.submitted) == 1
    desk.backend.gate.set()
    assert [m.job for m in await desk.ends(5)] == [J0, J1, J2, J3, J4]


async def test_waiting_jobs_expire(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(expires_in=0.05), PDF)
    (returned,) = await desk.ends()
    assert returned.reason == 'expired'
    assert desk.spool.document(desk.spool.find('a', J1).seq) is None


async def test_an_unknown_queue_comes_back_at_once(desk):
    desk.backend.ready = NotReady('unknown_queue', 'No such queue.', wait=False)
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (returned,) = await desk.ends()
    assert (type(returned), returned.reason) == (p.Returned, 'unknown_queue')


@pytest.mark.parametrize('state', ['completed', 'sent', 'failed', 'unknown', 'returned'])
async def test_the_end_is_what_the_backend_says(desk, state):
    desk.backend.end = Outcome(state, 'why', 'Because.')
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (end,) = await desk.ends()
    assert type(end).__struct_config__.tag == state
    assert getattr(end, 'reason', 'why') == 'why'
    await desk.until(lambda: desk.backend.gone)
    await desk.until(lambda: desk.spool.find('a', J1).gone)


async def test_failed_is_not_said_before_cups_let_go(desk):
    order = []

    async def ensure_gone(printer, tag, handle, *, patience):
        order.append('settled')

    desk.backend.ensure_gone = ensure_gone
    desk.backend.end = Outcome('failed', 'media-jam', 'Jam.')
    desk.jobs.listen('a', lambda m: order.append(type(m).__name__))
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: 'Failed' in order)
    assert order.index('settled') < order.index('Failed')


async def test_a_submission_that_certainly_failed_is_retried(desk):
    desk.backend.refuse = SubmitFailed('cups_down', 'Away.', certain=True, retry=True)
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.jobs._registry.deadlines.obstacles)
    assert desk.state() is State.go
    desk.backend.refuse = None
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]


async def test_a_submission_that_can_never_work_fails(desk):
    desk.backend.refuse = SubmitFailed('submit_failed', 'No.', certain=True)
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (failed,) = await desk.ends()
    assert (type(failed), failed.reason) == (p.Failed, 'submit_failed')


@pytest.mark.parametrize(('found', 'expected'), [
    ('17', p.Completed), ('absent', p.Returned),
    (SubmitFailed('restart_unclear', 'Who knows.', certain=False), p.Unknown)])
async def test_an_unclear_submission_is_looked_for(desk, found, expected):
    """...and if it is not found, the reason is what went wrong: the agent was not restarted."""
    desk.backend.refuse = SubmitFailed('submit_unclear', 'Silence.', certain=False)
    desk.backend.found = found
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (end,) = await desk.ends()
    assert type(end) is expected
    if expected is p.Unknown:
        assert (end.reason, end.detail) == ('submit_unclear', 'Silence.')


async def test_what_cups_does_not_let_go_of_is_unknown_and_waited_for(desk, monkeypatch):
    """The printer gave the badge up, but CUPS is away and may hand it over again: the next badge has to wait."""
    monkeypatch.setattr(worker_module, 'GONE_TIMEOUT', 0.05)
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)
    gone = True

    async def ensure_gone(_printer, _tag, handle, **_):
        if gone:
            raise NotGone('CUPS is away')
        desk.backend.gone.append(handle)

    desk.backend.ensure_gone = ensure_gone
    desk.backend.end = Outcome('failed', 'job-canceled', 'It was cancelled.')
    desk.start()
    for job in (J1, J2):
        await desk.jobs.receive('a', make_job(job, go=True), PDF)
    (end,) = await desk.ends()
    assert (type(end), end.reason, end.detail) == (p.Unknown, 'job-canceled', 'It was cancelled. CUPS still has it.')
    assert not desk.spool.find('a', J1).gone
    gone = False
    await desk.ends(2)
    assert desk.backend.gone == ['1', '2']
    assert desk.spool.find('a', J1).gone


@pytest.mark.parametrize('turns', range(4))
async def test_a_worker_ends_when_it_is_cancelled_just_as_a_badge_comes_out(desk, turns):
    """A word to stop that arrives while something of its own ends must not be taken for the end of that."""
    async def follow(*_args):
        loop = asyncio.get_running_loop()

        def stop_in(left):
            if left:
                loop.call_soon(stop_in, left - 1)
            else:
                desk._tasks[0].cancel()

        loop.call_soon(stop_in, turns)
        return Outcome('completed')

    desk.backend.follow = follow
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    ended, _running = await asyncio.wait(desk._tasks[:1], timeout=5)
    assert [task.cancelled() for task in ended] == [True]


async def test_a_mistake_of_ours_is_unknown_and_does_not_stop_the_printer(desk, caplog):
    async def broken(*_args):
        raise ZeroDivisionError

    good, desk.backend.follow = desk.backend.follow, broken
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    (end,) = await desk.ends()
    assert (type(end), end.reason) == (p.Unknown, 'agent_error')
    desk.backend.follow = good
    await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    assert (await desk.ends(2))[1] == p.Completed(job=J2, dispatch=1)
    assert 'ZeroDivisionError' in caplog.text


# -- what is refused --------------------------------------------------------------------------------------------------

async def test_a_bad_document_is_refused_and_not_kept(desk):
    await desk.jobs.receive('a', make_job(go=True), b'%!PS')
    (refused,) = desk.heard
    assert (type(refused), refused.reason) == (p.Refused, 'wrong_length')
    assert desk.spool.document(desk.spool.find('a', J1).seq) is None
    await desk.jobs.receive('a', make_job(dispatch=2), PDF)
    assert desk.heard[-1] == p.Accepted(job=J1, dispatch=2)


async def test_a_broken_newer_dispatch_takes_the_older_permission_away(desk):
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(dispatch=2, go=True), b'nonsense')
    desk.start()
    await asyncio.sleep(0.05)
    assert desk.backend.submitted == []
    assert desk.state() is State.refused


async def test_a_copy_with_a_broken_document_does_no_harm(desk):
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.jobs.receive('a', make_job(go=True), b'nonsense')
    assert desk.state() is State.go
    assert desk.spool.document(desk.spool.find('a', J1).seq) == PDF


async def test_printers_that_do_not_exist_and_a_full_spool_are_refused(tmp_path, monkeypatch):
    desk = Desk(tmp_path, known={'desk1': True, 'desk9': False}.get)
    await desk.jobs.receive('a', make_job(J1, printer='desk9'), PDF)
    assert desk.heard[-1].reason == 'unknown_printer'
    await desk.jobs.receive('a', make_job(J2, printer='not listed yet'), PDF)
    assert desk.heard[-1] == p.Accepted(job=J2, dispatch=1)
    monkeypatch.setattr(capacity, 'MAX_HELD', 1)
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J3), PDF)
    # returned: another printer may have room
    assert desk.heard[-1] == p.Returned(job=J3, dispatch=1, reason='spool_full',
                                        detail='The print agent holds too many badges already.')
    assert desk.spool.find('a', J3) is None
    monkeypatch.setattr(capacity, 'MAX_HELD', 500)
    monkeypatch.setattr(capacity, 'MAX_BYTES', len(PDF))
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J4), PDF)
    assert desk.heard[-1].reason == 'spool_full'
    # what is known already is answered all the same
    await desk.jobs.receive('a', make_job(J2, printer='not listed yet'), PDF)
    assert desk.heard[-1] == p.Accepted(job=J2, dispatch=1)
    await desk.close()


# -- restarts ---------------------------------------------------------------------------------------------------------

async def restarted(desk, tmp_path):
    await desk.close()
    again = Desk(tmp_path)
    again.jobs.restart()
    return again


async def test_after_a_restart_what_had_a_go_is_returned(desk, tmp_path):
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.jobs.receive('a', make_job(J2), PDF)
    again = await restarted(desk, tmp_path)
    assert [(m.job, m.reason) for m in again.outcomes] == [(J1, 'restarted')]
    assert again.state(J2) is State.waiting
    again.start()
    again.jobs.go('a', p.Go(job=J2, dispatch=1))
    assert (await again.ends(2))[1] == p.Completed(job=J2, dispatch=1)
    assert [s.tag.startswith(J2) for s in again.backend.submitted] == [True]
    await again.close()


async def test_after_a_restart_old_jobs_expire(desk, tmp_path, monkeypatch):
    await desk.jobs.receive('a', make_job(expires_in=60), PDF)
    real = time.time
    monkeypatch.setattr(time, 'time', lambda: real() + 100)
    again = await restarted(desk, tmp_path)
    assert [m.reason for m in again.outcomes] == ['expired']
    await again.close()


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
    again = await restarted(desk, tmp_path)
    again.backend.found = found
    await again.jobs.receive('a', make_job(dispatch=1, go=True), PDF)
    again.start()
    (end,) = await again.ends()
    assert type(end) is expected
    assert again.backend.submitted == []
    await again.close()


async def test_after_a_restart_cups_forgets_what_was_left_there(desk, tmp_path):
    await desk.jobs.receive('a', make_job(go=True), PDF)
    entry = desk.jobs.handover.submitted(desk.jobs.handover.begin_submit(desk.spool.find('a', J1)), '5')
    desk.jobs.handover.ended(entry, Outcome('unknown', 'printer_unreachable'))
    again = await restarted(desk, tmp_path)
    again.start()
    await again.until(lambda: again.backend.gone == ['5'])
    assert again.outcomes == []
    await again.close()


async def test_outcomes_are_owed_until_they_are_acknowledged(desk, tmp_path):
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (end,) = await desk.ends()
    again = await restarted(desk, tmp_path)
    assert again.jobs.owed('a') == [end]
    assert again.jobs.owed('b') == []
    hello = again.jobs.hello('a', 'x', [])
    assert hello.holding == (p.Held(job=J1, dispatch=1, state='completed'),)
    again.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='unknown'))
    assert again.jobs.owed('a') == [end]
    again.jobs.ack('a', p.Ack(job=J1, dispatch=1, state='completed'))
    assert again.jobs.owed('a') == []
    assert again.jobs.hello('a', 'x', []).holding == ()
    await again.close()


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

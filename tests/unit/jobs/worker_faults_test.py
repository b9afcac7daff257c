"""What a worker makes of printers, print systems and mistakes that go wrong."""

import asyncio

import pytest

from print_agent.errors import NotGone, SubmitFailed
from print_agent.jobs import worker as worker_module
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.spool.job import State

from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.desk import Desk


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)


@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


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

    async def ensure_gone(printer, tag, handle, *, finish_within):
        order.append('gone')

    desk.backend.ensure_gone = ensure_gone
    desk.backend.end = Outcome('failed', 'media-jam', 'Jam.')
    desk.jobs.listen('a', lambda m: order.append(type(m).__name__))
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: 'Failed' in order)
    assert order.index('gone') < order.index('Failed')


async def test_a_submission_that_certainly_failed_is_retried(desk):
    desk.backend.refuse = SubmitFailed('cups_down', 'Away.', certain=True, retry=True)
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.jobs._registry.deadlines.blocked)
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
async def test_cancelled_as_a_badge_comes_out(desk, turns):
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


async def test_a_mistake_of_ours_is_unknown(desk, caplog):
    """A mistake of ours is unknown and does not stop the printer."""
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

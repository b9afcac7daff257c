"""The worker of one printer: what it asks of its printer, in which order, and what it makes of the answers."""

import asyncio

import pytest

from print_agent.errors import NotGone, NotReady
from print_agent.jobs import worker as worker_module
from print_agent.jobs.worker import Worker
from print_agent.printing.backend import Outcome
from print_agent.printing.breaker import MAX_TRIES, PrinterBreakers
from print_agent.protocol import messages as p
from print_agent.spool.job import Source, State

from tests.fakes.badges import J1, J2, J3, PDF, make_job
from tests.fakes.desk import Desk


WEBHOOK = str(Source.webhook('desk1'))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)
    monkeypatch.setattr(worker_module, 'RETURN_AFTER', 0.05)
    monkeypatch.setattr(worker_module, 'PRINTER_POLL_INTERVAL', 0.01)


class Bench(Desk):
    """A desk whose worker, breakers and stalled_by the test holds."""

    def __init__(self, folder):
        super().__init__(folder)
        self.breakers = PrinterBreakers()
        self.stalled_by = ''

    def work(self):
        worker = Worker('desk1', self.backend, self.jobs, self.breakers, lambda _printer: self.stalled_by)
        self._tasks += [asyncio.create_task(worker.run()), asyncio.create_task(self._clock())]
        return worker


@pytest.fixture
async def desk(tmp_path):
    desk = Bench(tmp_path)
    yield desk
    await desk.close()


async def test_its_steps_in_order(desk):
    """Checked, intent on disk, submitted, followed, gone; busy only in between."""
    steps, backend = [], desk.backend
    worker = desk.work()

    def noted(name, real):
        def step(*args, **kwargs):
            steps.append((name, desk.state(), worker.busy))
            return real(*args, **kwargs)
        return step

    for name in ('check', 'submit', 'follow', 'ensure_gone'):
        setattr(backend, name, noted(name, getattr(backend, name)))
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.ends()
    await desk.until(lambda: not worker.busy)
    assert steps == [('check', State.go, True), ('submit', State.submitting, True), ('follow', State.printing, True),
                     ('ensure_gone', State.completed, True)]
    assert desk.spool.find('a', J1).gone


@pytest.mark.parametrize(('outcome', 'expected', 'is_blocked'), [
    (Outcome('completed'), p.Completed, False),
    (Outcome('failed', 'rejected', 'No.'), p.Returned, True),
    (Outcome('failed', 'media-jam', 'Jam.'), p.Failed, False),
    (Outcome('failed', 'job-canceled', 'Cancelled.'), p.Failed, False),
    (Outcome('unknown', 'printer_unreachable', 'Away.'), p.Unknown, True),
    (Outcome('unknown', 'power_cycled', 'Off and on.'), p.Unknown, False)])
async def test_what_an_outcome_says_about_the_printer(desk, outcome, expected, is_blocked):
    desk.backend.end = outcome
    desk.work()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    (end,) = await desk.ends()
    assert type(end) is expected
    assert bool(desk.breakers.blocked_by('desk1')) is is_blocked


async def test_a_badge_that_its_printer_always_rejects_fails(desk, monkeypatch):
    monkeypatch.setattr(desk.breakers, '_clock', iter(range(0, 100_000, 1000)).__next__)  # the breaker is half-open
    desk.backend.end = Outcome('failed', 'rejected', 'No.')
    desk.work()
    for dispatch in range(1, MAX_TRIES + 1):
        await desk.jobs.receive('a', make_job(dispatch=dispatch, go=True), PDF)
        await desk.ends(dispatch)
    assert [type(end) for end in desk.outcomes] == [p.Returned] * (MAX_TRIES - 1) + [p.Failed]


async def test_the_second_cancelled_badge_in_a_row_is_returned(desk):
    desk.backend.end = Outcome('failed', 'job-canceled', 'Cancelled.')
    desk.work()
    for number, job in enumerate((J1, J2), 1):
        await desk.jobs.receive('a', make_job(job, go=True), PDF)
        await desk.ends(number)
    assert [type(end) for end in desk.outcomes] == [p.Failed, p.Returned]


async def test_what_waits_behind_a_stuck_badge(desk):
    """What waits behind a stuck badge is returned and what came by webhook waits."""
    desk.backend.gate.clear()
    desk.work()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.until(lambda: desk.state() is State.printing)
    await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    await desk.jobs.receive(WEBHOOK, make_job(J3, go=True), PDF, callback='http://x/')
    desk.stalled_by = 'media-empty'
    (returned,) = await desk.ends()
    assert (returned.job, returned.reason) == (J2, 'media-empty')
    assert desk.breakers.blocked_by('desk1') == 'media-empty'
    assert desk.spool.find(WEBHOOK, J3).state is State.go
    desk.stalled_by = ''
    desk.backend.gate.set()
    await desk.until(lambda: desk.spool.find(WEBHOOK, J3).state is State.completed)
    assert desk.breakers.blocked_by('desk1') == ''


async def test_a_printer_that_is_not_ready_returns_its_badges(desk):
    desk.backend.ready = NotReady('queue_paused', 'Paused.')
    desk.work()
    for job in (J1, J2):
        await desk.jobs.receive('a', make_job(job, go=True), PDF)
    ends = await desk.ends(2)
    assert {(end.job, end.reason) for end in ends} == {(J1, 'queue_paused'), (J2, 'queue_paused')}
    assert desk.backend.submitted == []


async def test_why_it_cancels_is_on_disk_before_it_is_cancelled(desk, tmp_path):
    """...and the next run hears of it, whatever becomes of the first."""
    requests = []

    async def follow(_printer, request, _handle, _at_printer, canceling):
        requests.append(request)
        if len(requests) == 1:
            canceling('expired')
            assert desk.spool.find('a', J1).reason == 'expired'
            await asyncio.Event().wait()  # the agent is stopped here
        return Outcome.of('returned', 'expired')

    desk.backend.follow = follow
    desk.work()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: requests and desk.spool.find('a', J1).reason)
    await desk.close()
    after = Bench(tmp_path)
    after.backend.found, after.backend.follow = '1', follow
    after.jobs.restart()
    after.work()
    (end,) = await after.ends()
    assert [request.canceled_for for request in requests] == ['', 'expired']
    assert (type(end), end.reason) == (p.Returned, 'expired')
    await after.close()


async def test_one_badge_at_a_time(desk):
    """Nothing is submitted while the print system may have the last badge."""
    is_away = True

    async def ensure_gone(*_args, **_kwargs):
        if is_away:
            raise NotGone('CUPS is away')

    desk.backend.ensure_gone = ensure_gone
    desk.work()
    for job in (J1, J2):
        await desk.jobs.receive('a', make_job(job, go=True), PDF)
    await desk.ends()
    await asyncio.sleep(0.05)
    assert len(desk.backend.submitted) == 1
    is_away = False
    assert [end.job for end in await desk.ends(2)] == [J1, J2]

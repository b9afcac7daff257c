"""Deadlines of permissions and badges, on the clock that counts sleep."""

import asyncio

import pytest

from print_agent.errors import NotReady
from print_agent.jobs import worker as worker_module
from print_agent.protocol import messages as p
from print_agent.runtime import clock

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


async def test_permission_ends_at_its_deadline(desk):
    desk.backend.ready = NotReady('cups_down', 'CUPS is away.')
    desk.start()
    await desk.jobs.receive('a', make_job(go=True, print_within=0.5), PDF)
    assert await desk.ends() == [p.Returned(job=J1, dispatch=1, reason='cups_down', detail='CUPS is away.')]
    desk.backend.ready = None
    await asyncio.sleep(0.05)
    assert desk.backend.submitted == []


async def test_a_printer_that_is_ready_again_in_time_prints(desk):
    desk.backend.ready = NotReady('queue_paused', 'Paused.')
    desk.start()
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.jobs._registry.deadlines.blocked)
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


async def test_waiting_jobs_expire(desk):
    desk.start()
    await desk.jobs.receive('a', make_job(expires_in=0.05), PDF)
    (returned,) = await desk.ends()
    assert returned.reason == 'expired'
    assert desk.spool.document(desk.spool.find('a', J1).seq) is None

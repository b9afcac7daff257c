"""A worker and a manager when documents cannot be read in time or for want of memory."""

import asyncio
import errno
import os
import signal
import subprocess

import pytest

from print_agent.errors import NoRoom
from print_agent.jobs import worker as worker_module
from print_agent.jobs.worker import Worker
from print_agent.printing import pdf_check, pdf_process
from print_agent.printing.breaker import PrinterBreakers
from print_agent.printing.calibrations import Layouts
from print_agent.printing.layout import Layout
from print_agent.printing.sheet import Sheets
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.spool.job import State

from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.desk import Desk


@pytest.fixture
async def desk(tmp_path, monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


async def test_no_time_to_lay_out(desk, monkeypatch):
    """A badge that cannot be laid out in time does not stop the printer."""
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    os.kill(pdf_check._process._process.pid, signal.SIGSTOP)
    monkeypatch.setattr(pdf_process, 'DOCUMENT_TIMEOUT', 0.05)
    desk._tasks.append(asyncio.create_task(
        Worker('desk1', desk.backend, desk.jobs, layouts=Layouts({'desk1': Layout(orientation=90)})).run()))
    await desk.ends(1)
    monkeypatch.setattr(pdf_process, 'DOCUMENT_TIMEOUT', 60)
    first, second = await desk.ends(2)
    assert (type(first), first.reason) == (p.Failed, 'layout_failed')
    assert first.detail.endswith('It takes too long to read.')
    assert second == p.Completed(job=J2, dispatch=1)


async def test_no_memory_to_lay_out(desk, monkeypatch):
    """It is not the badge's fault, and the same badge prints once there is memory again."""
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    pdf_check._process.stop()
    monkeypatch.setattr(pdf_check, 'START_PAUSE', 0.01)
    monkeypatch.setattr(worker_module, 'RETURN_AFTER', 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, 'Popen', refusing(OSError(errno.ENOMEM, 'Cannot allocate memory')))
        desk._tasks.append(asyncio.create_task(
            Worker('desk1', desk.backend, desk.jobs, layouts=Layouts({'desk1': Layout(orientation=90)})).run()))
        (returned,) = await desk.ends(1)
    assert (type(returned), returned.reason) == (p.Returned, 'overloaded')
    await desk.jobs.receive('a', make_job(J1, dispatch=2, go=True), PDF)
    assert (await desk.ends(2))[1] == p.Completed(job=J1, dispatch=2)


async def test_labels_that_are_too_small(desk):
    """The badge is returned and the breaker opens, as if the printer had rejected it; at last it fails."""
    desk.backend.sheets = Sheets(('oe_badge_93x134mm',), ('oe_badge_93x134mm',))
    breakers = PrinterBreakers(lambda: 0.0)
    desk._tasks.append(asyncio.create_task(Worker('desk1', desk.backend, desk.jobs, breakers).run()))
    for dispatch in (1, 2, 3):
        breakers.reset('desk1')
        await desk.jobs.receive('a', make_job(J1, dispatch=dispatch, go=True), PDF)
        await desk.ends(dispatch)
    assert [(type(end), end.reason) for end in desk.outcomes] == [
        (p.Returned, 'does_not_fit'), (p.Returned, 'does_not_fit'), (p.Failed, 'does_not_fit')]
    assert breakers.blocked_by('desk1') == 'does_not_fit'
    assert desk.backend.submitted == []
    # other labels
    breakers.reset('desk1')
    desk.backend.sheets = Sheets()
    await desk.jobs.receive('a', make_job(J2, go=True), PDF)
    assert (await desk.ends(4))[3] == p.Completed(job=J2, dispatch=1)


@pytest.mark.parametrize('exc', [*(OSError(number, os.strerror(number)) for number in (
    errno.EAGAIN, errno.ENOMEM, errno.EMFILE)), MemoryError()])
async def test_no_memory_to_check(desk, monkeypatch, exc):
    """A badge that cannot be checked for want of memory is returned."""
    pdf_check._process.stop()
    monkeypatch.setattr(pdf_check, 'START_PAUSE', 0.01)
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, 'Popen', refusing(exc))
        with pytest.raises(NoRoom):
            await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    assert desk.heard[-1] == p.Returned(job=J1, dispatch=1, reason='overloaded', detail=reasons.sentence('overloaded'))
    assert desk.spool.find('a', J1) is None
    entry = await desk.jobs.receive('a', make_job(J1, dispatch=2), PDF)
    assert (entry.state, entry.dispatch) == (State.waiting, 2)


def refusing(exc):
    def popen(*_args, **_kwargs):
        raise exc
    return popen


async def test_a_watch_that_dies_is_logged(desk, monkeypatch, caplog):
    monkeypatch.setattr(worker_module, 'PRINTER_POLL_INTERVAL', 0.01)
    desk.backend.gate.clear()
    worker = Worker('desk1', desk.backend, desk.jobs, stalled_by=lambda _printer: str(1 // 0))
    desk._tasks.append(asyncio.create_task(worker.run()))
    await desk.jobs.receive('a', make_job(go=True), PDF)
    await desk.until(lambda: desk.backend.submitted)
    await asyncio.sleep(0.1)
    desk.backend.gate.set()
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]
    assert 'the watch over desk1 died' in caplog.text

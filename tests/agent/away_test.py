"""A print queue that is deleted and made again, and a printer that is switched off and on, are in service at once."""

import contextlib
from dataclasses import replace

import pytest

from print_agent.printing import breaker
from print_agent.protocol import messages as p


QUEUE = 'fleeting'


@pytest.fixture
def long_rest(monkeypatch):
    """A printer that fails a badge gets none for longer than any of these tests waits."""
    monkeypatch.setattr(breaker, 'POLICY', replace(breaker.POLICY, first=600.0, longest=600.0))


@pytest.fixture
def queue(printing, printers):
    def make():
        printing.cups.add_queue(QUEUE, printers['desk1'].uri)
        printing.cups.queues.remove(QUEUE)

    def delete():
        printing.cups._lp('lpadmin', '-x', QUEUE)

    make()
    yield make, delete
    with contextlib.suppress(Exception):  # it may be deleted already
        delete()


def is_listed(desk):
    """Whether the queue was in the last list of printers that Indico got."""
    lists = [said.printers for said in (*desk.server.hellos, *desk.server.said(p.Printers))]
    return any(each.name == QUEUE for each in lists[-1])


async def test_a_queue_that_is_made_again_takes_badges_at_once(desk, printers, queue, long_rest):
    make, delete = queue
    await desk.until(lambda: is_listed(desk))
    printers['desk1'].break_down()
    failed = await desk.end(await desk.print(QUEUE))
    assert (type(failed), failed.reason) == (p.Returned, 'engine_failed')
    assert desk.shown(QUEUE).reasons == ('engine_failed',)
    printers['desk1'].repair()
    for _ in range(3):
        delete()
        await desk.until(lambda: not is_listed(desk))
        gone = await desk.end(await desk.print(QUEUE))
        assert (type(gone), gone.reason) == (p.Refused, 'unknown_printer')
        make()
        await desk.until(lambda: is_listed(desk))
        assert desk.shown(QUEUE).state == 'idle'
        job = await desk.print(QUEUE)
        assert await desk.end(job) == p.Completed(job=job, dispatch=1)
        assert len(desk.papers(job)) == 1


async def test_a_queue_that_is_deleted_while_a_badge_prints(desk, printers, queue, long_rest):
    make, delete = queue
    await desk.until(lambda: is_listed(desk))
    printers['desk1'].slow(2)
    job = await desk.print(QUEUE)
    await desk.heard(job, p.Printing)
    delete()
    assert isinstance(await desk.end(job), p.Completed)  # the printer has it, and says so
    printers['desk1'].repair()
    await desk.until(lambda: not is_listed(desk))
    make()
    await desk.until(lambda: is_listed(desk))
    second = await desk.print(QUEUE)
    assert isinstance(await desk.end(second), p.Completed)
    assert (len(desk.papers(job)), len(desk.papers(second))) == (1, 1)


async def test_a_power_cycle_is_no_failure(desk, printers, long_rest):
    """A printer that is switched off and on takes badges at once."""
    printers['desk1'].break_down()
    await desk.end(await desk.print())
    printers['desk1'].cut_power()
    await desk.until(lambda: 'printer_unreachable' in desk.shown().reasons)
    printers['desk1'].repair()
    printers['desk1'].start()
    await desk.in_service()
    job = await desk.print()
    assert isinstance(await desk.end(job), p.Completed)

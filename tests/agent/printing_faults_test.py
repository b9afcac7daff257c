"""Badges while printers and CUPS fail, end or hang: never two, never a wrong outcome."""

import asyncio

import pytest

from print_agent.printing.backend import PrintRequest
from print_agent.printing.ipp import HELD
from print_agent.protocol import messages as p

from tests.fakes.badges import PDF


async def handed_over(desk, tag):
    """Wait until CUPS is done with a job, which it then forgot on request."""
    while await desk.agent._backends[-1]._client.find(tag):  # noqa: ASYNC110 - CUPS is polled
        await asyncio.sleep(0.01)


async def test_a_power_cut_while_it_prints_is_unknown(desk, printers):
    printers['desk1'].slow(30)
    job = await desk.print()
    await desk.heard(job, p.Printing)
    await handed_over(desk, job)  # CUPS pauses a queue whose printer vanishes while it still talks to it
    await asyncio.sleep(3)  # printers count whole seconds since they were switched on, and this one may be new
    assert not desk.said(job, p.Completed)
    printers['desk1'].cut_power()
    printers['desk1'].repair()
    printers['desk1'].start()
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Unknown, 'power_cycled')
    # and CUPS does not try again behind our back
    assert isinstance(await desk.end(await desk.print()), p.Completed)
    assert desk.papers(job) == []


async def test_a_frozen_printer_gets_nothing_and_the_badge_comes_back(desk, printers, later):
    printers['desk1'].freeze()
    job = await desk.print(print_within=5.0)
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Returned, 'printer_frozen')
    printers['desk1'].thaw()
    await later()
    assert desk.papers(job) == []


async def test_a_printer_that_freezes_while_it_prints_is_waited_for(desk, printers, later):
    printers['desk1'].slow(1)
    job = await desk.print()
    await desk.heard(job, p.Printing)
    printers['desk1'].freeze()
    await later(4)
    assert not [m for m in desk.server.heard if isinstance(m, p.OUTCOMES)]
    printers['desk1'].thaw()
    assert isinstance(await desk.end(job), p.Completed)
    assert len(desk.papers(job)) == 1


async def test_a_printer_that_is_off_gets_nothing(desk, printers, later):
    printers['desk1'].cut_power()
    job = await desk.print(print_within=1.0)
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Returned, 'printer_unreachable')
    printers['desk1'].start()
    await later()
    assert desk.papers(job) == []
    assert isinstance(await desk.end(await desk.print()), p.Completed)


async def test_a_paused_queue_has_its_own_reason(desk, printing):
    printing.cups.disable('desk1')
    job = await desk.print(print_within=5.0)
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Returned, 'queue_paused')
    job = await desk.print()
    await asyncio.sleep(0.7)
    printing.cups.enable('desk1')
    assert isinstance(await desk.end(job), p.Completed)


async def test_without_cups_the_badge_comes_back_or_waits(desk, printing, later):
    printing.cups.service.kill()
    job = await desk.print(print_within=1.0)
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Returned, 'cups_down')
    late = await desk.print(print_within=60.0)
    await asyncio.sleep(0.7)
    printing.cups.start()
    printing.cups.enable('desk1')  # one that was killed may come back with a queue as the test before had paused it
    assert isinstance(await desk.end(late), p.Completed)
    await later(0.5)
    assert (len(desk.papers(job)), len(desk.papers(late))) == (0, 1)


@pytest.mark.parametrize('end', ['stop', 'kill'])
async def test_cups_that_ends_while_it_prints_is_one_copy(desk, printing, printers, later, end):
    printers['desk2'].slow(2)
    job = await desk.print('desk2')
    await desk.heard(job, p.Printing)
    # In the few hundredths of a second until CUPS has noted that it handed the job over, nobody can keep a killed CUPS
    # from handing it over again.
    await handed_over(desk, job)
    await asyncio.to_thread(getattr(printing.cups.service, end))
    assert isinstance(await desk.end(job), p.Completed)
    printing.cups.start()
    printers['desk2'].repair()
    assert isinstance(await desk.end(await desk.print('desk2')), p.Completed)
    await later()
    assert len(desk.papers(job)) == 1


@pytest.mark.parametrize(('end', 'expected'), [('stop', ('returned', 'stuck')), ('kill', ('unknown', 'cups_lost_job'))])
async def test_what_cups_never_continues_is_cancelled(desk, printing, later, end, expected):
    """CUPS comes back with a job as it was while its document arrived, and holds it for ever, or without it."""
    way = desk.agent._backends[-1]
    request = PrintRequest(tag='orphaned', title='orphaned', document=PDF, copies=1, width_mm=96, height_mm=134,
                         expires=4e9)
    number = await way._client._call(lambda connection: connection.createJob('desk1', request.title, {}))
    assert (await way._client.job(number, request.tag)).state == HELD
    await asyncio.to_thread(getattr(printing.cups.service, end))
    await asyncio.to_thread(printing.cups.start)
    outcome = await way.follow('desk1', request, str(number), lambda: None, lambda _reason: None)
    assert (outcome.state, outcome.reason) == expected
    await way.ensure_gone('desk1', request.tag, str(number), finish_within=0)
    assert await way._client.job(number, request.tag) is None
    assert isinstance(await desk.end(await desk.print()), p.Completed)
    await later()
    assert desk.papers(request.tag) == []

"""A person at the desk, with a real CUPS and real (virtual) printers."""

import io

from pypdf import PdfReader

from print_agent.printing.layout import Layout
from print_agent.protocol import messages as p
from print_agent.spool.job import State

from tests.fakes.cups_desk import CupsDesk


async def done(desk, entry, state=State.completed):
    await desk.until(lambda: desk.spool.get(entry.seq).state in {*State} - {State.go, State.submitting, State.printing})
    assert desk.spool.get(entry.seq).state is state, desk.spool.get(entry.seq)


def millimetres(paper):
    page = PdfReader(io.BytesIO(paper.path.read_bytes())).pages[0]
    return [round(float(side) / 72 * 25.4) for side in (page.mediabox.width, page.mediabox.height)]


async def test_a_test_page_comes_out_on_the_labels_of_the_printer(tmp_path, printing, printers, server):
    desk = await CupsDesk(tmp_path, printing, server, page=False,
                      layouts={'desk2': Layout(media_mm=(120.0, 80.0), orientation=90)}).start()
    try:
        await desk.end(await desk.print('desk1'))
        for name, size in (('desk1', [96, 134]), ('desk2', [120, 80])):
            entry = desk.agent.control.test(name)
            await done(desk, entry)
            (paper,) = desk.papers(entry.job)
            assert (paper.printer, millimetres(paper)) == (name, size)
            assert 'Test page' in PdfReader(io.BytesIO(paper.path.read_bytes())).pages[0].extract_text()
    finally:
        await desk.stop()


async def test_a_pause_lets_one_badge_come_out_and_returns_the_next(desk, printers):
    printers['desk1'].slow(2)
    first = await desk.print()
    await desk.heard(first, p.Printing)
    second = await desk.print()
    await desk.heard(second, p.Accepted)
    desk.agent.control.pause('desk1')
    assert (await desk.end(second)).reason == 'paused'
    assert isinstance(await desk.end(first), p.Completed)
    await desk.until(lambda: any('paused' in printer.reasons for message in desk.server.said(p.Printers)
                                 for printer in message.printers if printer.name == 'desk1'))
    desk.agent.control.resume('desk1')
    third = await desk.print()
    assert isinstance(await desk.end(third), p.Completed)
    assert [len(desk.papers(job)) for job in (first, second, third)] == [1, 0, 1]


async def test_a_reprint_is_not_reported(desk):
    """A badge comes out again and the server does not hear of it."""
    desk.spool.keep = 3600
    job = await desk.print()
    await desk.end(job)
    await desk.until(lambda: desk.spool.find('a', job).acked)
    heard = len([m for m in desk.server.heard if not isinstance(m, p.Printers | p.Heartbeat)])
    entry = desk.agent.control.reprint(desk.spool.find('a', job))
    await done(desk, entry)
    (again,) = desk.papers(entry.job)
    assert millimetres(again) == [96, 134]
    assert len([m for m in desk.server.heard if not isinstance(m, p.Printers | p.Heartbeat)]) == heard
    assert desk.spool.find('a', job).state is State.completed

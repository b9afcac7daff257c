"""Badges through a real CUPS onto virtual printers, and the truth about them when something breaks."""

import asyncio
import io
import shutil
import struct
from dataclasses import replace

import pytest
from pypdf import PdfReader

from print_agent.errors import NotReady
from print_agent.printing.backend import PrintRequest
from print_agent.printing.layout import Layout
from print_agent.protocol import messages as p

from tests.fakes.badges import PDF, make_job, pdf
from tests.fakes.cups_desk import CupsDesk
from tests.fakes.drawings import place, with_rectangle
from tests.stack.printer import HERE, Printer


async def handed_over(desk, tag):
    """Wait until CUPS is done with a job, which it then forgot on request."""
    while await desk.agent._backends[-1]._client.find(tag):  # noqa: ASYNC110 - CUPS is polled
        await asyncio.sleep(0.01)


async def test_a_badge_comes_out_once_in_its_own_size(desk):
    job = await desk.print()
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    (paper,) = desk.papers(job)
    page = PdfReader(io.BytesIO(paper.path.read_bytes())).pages[0]
    assert [round(float(side) / 72 * 25.4) for side in (page.mediabox.width, page.mediabox.height)] == [96, 134]
    assert paper.printer == 'desk1'
    assert 'Zoë' not in paper.title


async def test_the_settings_of_a_printer_shape_what_it_gets(tmp_path, printing, printers, server):
    printers['desk1'].keep_options()
    layout = Layout(media_mm=(140.0, 100.0), orientation=90, offset_x_mm=1.0, resolution_dpi=300, copies=2)
    desk = await CupsDesk(tmp_path, printing, server, layouts={'desk1': layout}).start()
    try:
        jobs = {name: await desk.print(name, document=with_rectangle()) for name in ('desk1', 'desk2')}
        for job in jobs.values():
            assert isinstance(await desk.end(job), p.Completed)
        (paper,) = desk.papers(jobs['desk1'])
        assert place(paper.path.read_bytes()) == ([140, 100], [133, 2, 5, 10])
        assert paper.options['copies'] == '2'
        (paper,) = desk.papers(jobs['desk2'])
        assert place(paper.path.read_bytes()) == ([96, 134], [0, 0, 10, 5])
        # labels that are too small: nothing goes to the printer, and the sentence says why
        end = await desk.end(await desk.print('desk1', document=pdf(200, 134), width_mm=200.0))
        assert (type(end), end.reason) == (p.Failed, 'does_not_fit')
    finally:
        await desk.stop()


async def test_a_printer_that_takes_pixels_gets_them_in_its_resolution(tmp_path, printing, server):
    # Apple Raster, which any driverless printer speaks
    conf = tmp_path / 'raster.conf'
    conf.write_text((HERE / 'printer.conf').read_text().replace('application/pdf', 'image/urf')
                    .replace('"RS300"', '"RS203-300"'))
    printer = Printer('pixels', printing.folder, printing.dbus.env, attributes=conf).start()
    desk = None
    try:
        printing.cups.add_queue('pixels', printer.uri)
        desk = await CupsDesk(tmp_path, printing, server, layouts={'pixels': Layout(resolution_dpi=203)}).start()
        assert isinstance(await desk.end(await desk.print('pixels')), p.Completed)
        (paper,) = printer.papers()
        content = paper.path.read_bytes()
        assert content.startswith(b'UNIRAST')
        # 12 bytes of the file, then 20 of the first page before its resolution
        assert struct.unpack('>I', content[32:36]) == (203,)
    finally:
        if desk is not None:
            await desk.stop()
        printing.cups._lp('lpadmin', '-x', 'pixels')
        printer.stop()


async def test_the_printers_are_described(desk):
    (hello,) = desk.server.hellos
    printer = next(each for each in hello.printers if each.name == 'desk1')
    assert (printer.state, printer.accepting, printer.reports) == ('idle', True, True)
    assert 'oe_badge_96x134mm' in printer.media
    assert printer.model


async def test_printing_is_said_while_it_prints(desk, printers):
    printers['desk1'].slow(1)
    job = await desk.print()
    await desk.heard(job, p.Printing)
    assert not desk.said(job, p.Completed)
    assert desk.papers(job) == []
    assert isinstance(await desk.end(job), p.Completed)


async def test_many_badges_come_out_in_order_and_once(desk):
    jobs = [await desk.print(f'desk{n % 2 + 1}', print_within=300.0) for n in range(12)]
    for job in jobs:
        assert isinstance(await desk.end(job), p.Completed)
    for name, expected in (('desk1', jobs[::2]), ('desk2', jobs[1::2])):
        papers = sorted(desk.printing.printers[name].papers(), key=lambda paper: paper.printed)
        order = [next(job for job in jobs if job in paper.title) for paper in papers
                 if any(job in paper.title for job in jobs)]
        assert order == expected


async def test_the_same_badge_again_comes_out_once(desk, later):
    job = await desk.print()
    await desk.end(job)
    for dispatch in (1, 2):
        await desk.server.send(make_job(job, dispatch=dispatch, go=True), PDF)
    await desk.until(lambda: any(m.dispatch == 2 for m in desk.said(job, p.Completed)))
    await later(0.5)
    assert len(desk.papers(job)) == 1


async def test_an_engine_that_fails(desk, printers):
    """An engine that fails returns the badge and opens the breaker."""
    printers['desk1'].break_down()
    job = await desk.print()
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Returned, 'engine_failed')
    assert end.detail.endswith('.')
    assert (desk.shown().state, desk.shown().reasons) == ('stopped', ('engine_failed',))
    # one that was on its way already is not spoilt as well
    other = await desk.end(await desk.print())
    assert (type(other), other.reason) == (p.Returned, 'engine_failed')
    printers['desk1'].repair()
    await desk.in_service()
    await desk.server.send(make_job(job, dispatch=2, go=True), PDF)
    await desk.heard(job, p.Completed)
    assert len(desk.papers(job)) == 1


async def test_labels_of_another_size(desk, printers):
    """Labels of another size make the printer reject the badge."""
    printer = printers['desk1']
    printer.reject_documents(HERE / 'printer-reject.conf')
    try:
        job = await desk.print()
        end = await desk.end(job)
        assert (type(end), end.reason) == (p.Returned, 'rejected')
        assert 'supplied options' in end.detail
        assert desk.papers(job) == []
    finally:
        printer.reject_documents(HERE / 'printer.conf')
    await desk.in_service()
    # the right labels are in
    assert isinstance(await desk.end(await desk.print()), p.Completed)


READY = 'ATTR keyword media-ready "oe_badge_96x134mm","iso_a4_210x297mm"'
SIZES = """ATTR collection media-col-ready {
    MEMBER collection media-size { MEMBER integer x-dimension 9600 MEMBER integer y-dimension 13400 }"""


@pytest.mark.parametrize(('changes', 'loaded'), [
    # by their names
    ([(READY, 'ATTR keyword media-ready "oe_badge_93x134mm"')], ['oe_badge_93x134mm']),
    # to the hundredth of a millimetre
    ([(READY, 'ATTR keyword media-ready "oe_badge_93x134mm"'), (SIZES, SIZES.replace('9600', '9296'))],
     ['custom_loaded_92.96x134mm'])])
async def test_labels_that_are_too_small_are_not_fed(tmp_path, desk, printers, changes, loaded):
    """The printer says what is loaded: a badge 3 mm larger is returned, and prints when there are others."""
    printer, conf = printers['desk1'], tmp_path / 'small.conf'
    text = (HERE / 'printer.conf').read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    conf.write_text(text)
    printer.reject_documents(conf)
    try:
        job = await desk.print()
        end = await desk.end(job)
        assert (type(end), end.reason) == (p.Returned, 'does_not_fit')
        assert end.detail == 'The badge measures 96 x 134 mm, the labels in the printer 93 x 134 mm.'
        assert (desk.shown().state, desk.shown().reasons) == ('stopped', ('does_not_fit',))
        # the list of printers is brought up to date every second
        await desk.until(lambda: list(desk.shown().media) == loaded)
        assert (desk.shown().dpi, desk.shown().bits) == (300, 24)
        assert desk.papers(job) == []
    finally:
        printer.reject_documents(HERE / 'printer.conf')
    await desk.in_service()
    await desk.server.send(make_job(job, dispatch=2, go=True), PDF)
    await desk.heard(job, p.Completed)
    assert len(desk.papers(job)) == 1


async def test_what_waits_behind_a_badge_without_labels_goes_elsewhere(desk, printers):
    printers['desk1'].run_out_of_media()
    stuck = await desk.print()
    await desk.heard(stuck, p.Printing)
    behind = await desk.print()
    end = await desk.end(behind)
    assert (type(end), end.reason) == (p.Returned, 'media-empty')
    assert (desk.shown().state, desk.shown().reasons) == ('stopped', ('media-empty',))
    printers['desk1'].repair()
    assert isinstance(await desk.end(stuck), p.Completed)
    await desk.in_service()
    assert (len(desk.papers(stuck)), len(desk.papers(behind))) == (1, 0)


async def test_no_labels_is_shown_and_the_badge_comes_out_afterwards(desk, printers):
    printers['desk1'].run_out_of_media()
    job = await desk.print()
    await desk.until(lambda: any('media-empty' in reason for message in desk.server.said(p.Printers)
                                 for printer in message.printers for reason in printer.reasons))
    assert not desk.said(job, p.Completed)
    printers['desk1'].repair()
    assert isinstance(await desk.end(job), p.Completed)
    assert len(desk.papers(job)) == 1


async def test_a_queue_that_waits_for_its_printer(desk, printing, printers, caplog):
    """A queue that waits for its printer works but is mentioned."""
    printing.cups._lp('lpadmin', '-p', 'desk2', '-v', printers['desk2'].uri)
    try:
        await desk.until(lambda: 'waitjob=false' in caplog.text)
        jobs = [await desk.print('desk2') for _ in range(3)]
        for job in jobs:
            assert isinstance(await desk.end(job), p.Completed)
            assert len(desk.papers(job)) == 1
        assert caplog.text.count('waitjob=false') == 1
    finally:
        printing.cups._lp('lpadmin', '-p', 'desk2', '-v', printers['desk2'].uri + '?waitjob=false')


async def test_a_document_that_the_printer_rejects_is_not_completed(desk, printing, printers, later):
    spool = printers['desk1'].folder / 'spool'
    shutil.rmtree(spool)
    job = await desk.print()
    end = await desk.end(job)
    assert (type(end), end.reason) == (p.Returned, 'engine_failed')
    spool.mkdir()
    # Returned means that none will come out here: CUPS does not try again. It has paused its queue for that, unless the
    # agent ended it before.
    await handed_over(desk, job)
    await later()
    printing.cups.enable('desk1')
    await desk.in_service()
    assert isinstance(await desk.end(await desk.print()), p.Completed)
    await later()
    assert desk.papers(job) == []


async def test_a_queue_that_does_not_exist(desk):
    job = await desk.print('desk9')
    assert (await desk.end(job)).reason == 'unknown_printer'
    with pytest.raises(NotReady) as caught:
        await desk.agent._backends[-1].check('desk9')
    assert (caught.value.reason, caught.value.wait) == ('unknown_queue', False)


async def test_garbage_that_got_past_us_is_a_failure(desk):
    """The agent refuses what is no PDF; if CUPS chokes on one nevertheless, that is no success."""
    way = desk.agent._backends[-1]
    request = PrintRequest(tag='garbage', title='garbage', document=b'%PDF-1.7\nnonsense\n%%EOF', copies=1, width_mm=96,
                  height_mm=134, expires=4e9)
    handle = await way.submit('desk1', request)
    end = await way.follow('desk1', request, handle, lambda: None, lambda _reason: None)
    assert end.state == 'failed'
    await way.ensure_gone('desk1', request.tag, handle, finish_within=0)


async def test_a_printer_that_cannot_answer_is_only_ever_sent(desk, printing):
    taken = []

    async def jetdirect(reader, writer):
        taken.append(await reader.read())
        writer.close()

    listener = await asyncio.start_server(jetdirect, '127.0.0.1', 0)
    port = listener.sockets[0].getsockname()[1]
    printing.cups._lp('lpadmin', '-p', 'raw', '-E', '-v', f'socket://127.0.0.1:{port}', '-m',
                      'drv:///sample.drv/zebra.ppd')
    try:
        await desk.until(lambda: any(printer.name == 'raw' and not printer.reports
                                     for message in desk.server.said(p.Printers) for printer in message.printers))
        job = await desk.print('raw')
        assert isinstance(await desk.end(job), p.Sent)
        assert taken[0] == b''  # before, it was tried whether the address takes a connection
        assert b'^XA' in taken[-1]
    finally:
        printing.cups._lp('lpadmin', '-x', 'raw')
        listener.close()


async def test_a_print_server_is_not_believed(desk, printing):
    """It shows the names of jobs only to their owners, and calls completed what it has handed on."""
    printing.cups.add_raw_queue('server', f'ipp://127.0.0.1:{printing.cups.port}/printers/desk1?waitjob=false')
    try:
        await desk.until(lambda: any(printer.name == 'server' and printer.state == 'idle' and not printer.reports
                                     for message in desk.server.said(p.Printers) for printer in message.printers))
        job = await desk.print('server')
        assert isinstance(await desk.end(job), p.Sent)
        await desk.until(lambda: desk.papers(job))
    finally:
        printing.cups._lp('lpadmin', '-x', 'server')
        printing.cups.queues.remove('server')


def test_the_services_are_here():
    assert shutil.which('ippeveprinter', path='/usr/sbin:/usr/bin')
    assert shutil.which('cupsd', path='/usr/sbin:/usr/bin')


async def test_a_name_as_long_as_cups_takes(printing, printers, desk):
    """127 bytes are what CUPS takes; the agent and the protocol take no less."""
    name, address = 'desk-' + 'ü' * 61, printers['desk1'].uri
    assert len(name.encode()) == p.MAX_PRINTER_NAME
    printing.cups.add_queue(name, address)
    try:
        await desk.until(lambda: any(each.name == name for said in desk.server.said(p.Printers)
                                     for each in said.printers))
        job = await desk.print(name)
        assert await desk.end(job) == p.Completed(job=job, dispatch=1)
        assert len(desk.papers(job)) == 1
        with pytest.raises(Exception, match=r'.'):
            printing.cups.add_queue('x' * (p.MAX_PRINTER_NAME + 1), address, tries=1)
    finally:
        printing.cups._lp('lpadmin', '-x', name)


async def test_badges_at_a_cups_on_another_computer_are_sent(tmp_path, printing, printers, server):
    """Its printers are not asked: their addresses are meant from there."""
    desk = CupsDesk(tmp_path, printing, server)
    desk.config = replace(desk.config, cups_server=f'127.1:{printing.cups.port}')
    await desk.start()
    try:
        assert (desk.shown().state, desk.shown().reports) == ('idle', False)
        job = await desk.print()
        assert isinstance(await desk.end(job), p.Sent)
        await desk.until(lambda: desk.papers(job))
    finally:
        await desk.stop()

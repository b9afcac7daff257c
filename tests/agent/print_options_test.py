"""How a page looks is decided by the badge and the settings of its printer, not by what a queue has as defaults.

Looked at in what the printers received: one takes PDF, the other one pixels, which CUPS makes.
"""

import io

import pytest
from pypdf import PdfReader, PdfWriter

from print_agent.cli import doctor
from print_agent.printing.layout import Layout
from print_agent.protocol import messages as p

from tests.fakes import raster
from tests.fakes.cups_desk import CupsDesk
from tests.fakes.drawings import place, with_rectangle
from tests.stack.printer import HERE, Printer


KINDS = PDF, PIXELS = 'takes-pdf', 'takes-pixels'
#: Everything that was found to win over what a job does not say.
DEFAULTS = {
    'sides': 'two-sided-long-edge', 'number-up': '2', 'outputorder': 'reverse', 'page-set': 'even', 'mirror': 'true',
    'landscape': 'true', 'page-border': 'single', 'page-ranges': '2', 'copies': '3', 'job-sheets': 'standard,standard',
    'multiple-document-handling': 'separate-documents-uncollated-copies', 'job-hold-until': 'indefinite',
    'page-delivery': 'reverse-order-face-up', 'booklet': 'true', 'fit-to-page': 'true', 'print-scaling': 'fill',
    'collate': 'false', 'orientation-requested': '4'}


@pytest.fixture(scope='module')
def two(printing):
    """A printer of each kind."""
    printers = {}
    for kind in KINDS:
        text = (HERE / 'printer.conf').read_text()
        if kind == PIXELS:
            text = text.replace('application/pdf', 'image/urf')
        conf = printing.folder / f'{kind}.conf'
        conf.write_text(text)
        printers[kind] = Printer(kind, printing.folder, printing.dbus.env, attributes=conf).start()
        printers[kind].keep_options()
        printing.cups.add_queue(kind, printers[kind].uri)
    yield printers
    for printer in printers.values():
        printing.cups._lp('lpadmin', '-x', printer.name)
        printer.stop()


@pytest.fixture
def defaults(printing, two):
    for kind in KINDS:
        for key, value in DEFAULTS.items():
            printing.cups._lp('lpadmin', '-p', kind, '-o', f'{key}-default={value}')
    yield
    for kind in KINDS:
        for key in DEFAULTS:
            printing.cups._lp('lpadmin', '-p', kind, '-R', f'{key}-default')


def received(printer, job):
    """What a printer got for a badge: for each page its size and where its rectangle is; and the options."""
    (paper,) = [paper for paper in printer.papers() if job in paper.title]
    content = paper.path.read_bytes()
    if content.startswith(b'UNIRAST'):
        return raster.places(content), paper.options
    pages = []
    for page in PdfReader(io.BytesIO(content)).pages:
        writer, single = PdfWriter(), io.BytesIO()
        writer.add_page(page)
        writer.write(single)
        pages.append(place(single.getvalue()))
    return pages, paper.options


def with_a_back():
    """A badge whose back is upside down, to know it from the front."""
    writer, document = PdfWriter(), io.BytesIO()
    for turned in (0, 180):
        writer.append(io.BytesIO(with_rectangle(turned=turned)))
    writer.write(document)
    return document.getvalue()


FRONT, BACK = ([96, 134], [0, 0, 10, 5]), ([96, 134], [86, 129, 10, 5])


@pytest.mark.parametrize('kind', KINDS)
async def test_what_a_queue_has_as_defaults_does_not_win(desk, two, defaults, kind):
    job = await desk.print(kind, document=with_rectangle())
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    pages, options = received(two[kind], job)
    assert pages == [FRONT]
    assert (options['sides'], options.get('copies', '1'), options.get('number_up', '1')) == ('one-sided', '1', '1')


@pytest.mark.parametrize('kind', KINDS)
async def test_the_back_of_a_badge_is_on_the_back_of_its_sheet(desk, two, kind):
    """One job of two pages, in order, that asks for both sides: one sheet where a printer can do that."""
    job = await desk.print(kind, document=with_a_back(), pages=2, two_sided=True)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    pages, options = received(two[kind], job)
    assert pages == [FRONT, BACK]
    assert options['sides'] == 'two-sided-long-edge'


@pytest.mark.parametrize('kind', KINDS)
async def test_copies_of_a_badge_with_a_back_are_not_mixed(tmp_path, printing, server, two, defaults, kind):
    desk = await CupsDesk(tmp_path, printing, server, layouts={kind: Layout(copies=2)}).start()
    try:
        job = await desk.print(kind, document=with_a_back(), pages=2, two_sided=True)
        assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    finally:
        await desk.stop()
    pages, options = received(two[kind], job)
    # the one makes the copies itself, for the other one CUPS does
    assert (pages, options.get('copies', '1')) in [([FRONT, BACK], '2'), ([FRONT, BACK] * 2, '1')]
    assert options['multiple_document_handling'] == 'separate-documents-collated-copies'


async def test_badges_that_are_turned_twice_are_named_by_the_doctor(tmp_path, printing, server, two):
    """The printer for pixels has 96 x 134 mm, not 134 x 96; what the doctor advises comes out as it says."""
    layouts = {kind: Layout(orientation=90) for kind in KINDS}
    desk = await CupsDesk(tmp_path, printing, server, layouts=layouts).start()
    try:
        jobs = {kind: await desk.print(kind, document=with_rectangle()) for kind in KINDS}
        for job in jobs.values():
            assert isinstance(await desk.end(job), p.Completed)
        findings = {finding.check: finding for finding in await doctor.examine(desk.config)}
    finally:
        await desk.stop()
    turned = ([134, 96], [129, 0, 5, 10])
    assert received(two[PDF], jobs[PDF])[0] == [turned]
    assert findings[f'printer {PDF}'].ok
    assert received(two[PIXELS], jobs[PIXELS])[0] == [BACK]  # by 180 degrees
    assert 'turned by another 90 degrees' in findings[f'printer {PIXELS}'].text
    assert 'media_mm = [96, 134]' in findings[f'printer {PIXELS}'].text

    desk = await CupsDesk(tmp_path, printing, server, layouts={
        PIXELS: Layout(media_mm=(96.0, 134.0), orientation=90)}).start()
    try:
        job = await desk.print(PIXELS, document=with_rectangle(134.0, 96.0), width_mm=134.0, height_mm=96.0)
        assert isinstance(await desk.end(job), p.Completed)
        findings = {finding.check: finding for finding in await doctor.examine(desk.config)}
    finally:
        await desk.stop()
    assert received(two[PIXELS], job)[0] == [([96, 134], [91, 0, 5, 10])]  # once, by what was set
    assert findings[f'printer {PIXELS}'].ok


@pytest.mark.parametrize('kind', KINDS)
async def test_a_sheet_that_the_printer_has_only_the_other_way_round(desk, two, kind):
    """It is turned once, for the printer that needs it; CUPS leaves it alone."""
    job = await desk.print(kind, document=with_rectangle(134.0, 96.0), width_mm=134.0, height_mm=96.0)
    assert isinstance(await desk.end(job), p.Completed)
    assert received(two[kind], job)[0] == [([134, 96], [0, 0, 10, 5]) if kind == PDF else ([96, 134], [91, 0, 5, 10])]

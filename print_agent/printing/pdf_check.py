"""What may go to a printer, and in which shape: checks on a PDF before CUPS sees a byte of it.

Anybody who can send a document to a desk could otherwise print posters on it, or feed its printer with PostScript. No
PDF that came from outside is read in the agent's own process: :func:`problem` and :func:`lay_out` ask another one, in
which :func:`answer` does the work.
"""

import asyncio
import hashlib
import io
import logging
from dataclasses import replace
from functools import partial

from pypdf import PdfReader

from print_agent.errors import BadDocument, CannotLayOut, Overloaded, UnreadableDocument
from print_agent.printing.backend import PrintRequest
from print_agent.printing.layout import Layout
from print_agent.printing.pdf_process import MAX_RESULT, Answer, Check, LayOut, PdfProcess, to_check
from print_agent.printing.sheet import MM_PER_POINT, Sheets
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.runtime import daemon_threads


#: How far a page may be from the size in the job's header, in millimetres (rounding to points on the way).
SIZE_TOLERANCE_MM = 1.0
#: How long a document may wait for those before it, and take itself, in seconds.
WAIT_TIMEOUT = 120.0
#: Tries to start the process that reads PDFs, and how long to wait between them, in seconds.
STARTS, START_PAUSE = 3, 1.0

log = logging.getLogger(__name__)

#: One for all documents; it starts with the first.
_process = PdfProcess()

# It reports every oddity of a PDF at warning level, which may quote the document.
logging.getLogger('pypdf').setLevel(logging.CRITICAL)


async def problem(job: p.Job, document: bytes) -> BadDocument | None:
    """Check a document: what is wrong with it, or None. Raises :class:`Overloaded`."""
    try:
        answered, _ = await _ask(to_check(job), document)
    except UnreadableDocument as exc:
        return BadDocument('bad_pdf', f'{reasons.sentence("bad_pdf")} {exc}')
    return BadDocument(answered.reason, answered.detail) if answered.reason else None


async def lay_out(layout: Layout, request: PrintRequest, sheets: Sheets | None = None) -> PrintRequest:
    """Bring a request into the shape that a printer wants. Raises :class:`CannotLayOut` and :class:`Overloaded`."""
    sheet = layout.sheet_for(request, sheets or Sheets())
    if layout.keeps_document(request, sheet):
        return layout.apply(request, sheet)
    try:
        answered, document = await _ask(LayOut(layout, replace(request, document=b''), sheet), request.document)
    except UnreadableDocument as exc:
        raise CannotLayOut('layout_failed', f'{reasons.sentence("layout_failed")} {exc}') from exc
    if answered.reason or answered.request is None:
        raise CannotLayOut(answered.reason, answered.detail)
    return replace(answered.request, document=document)


async def _ask(question: Check | LayOut, document: bytes) -> tuple[Answer, bytes]:
    for left in reversed(range(STARTS)):
        try:
            # documents wait for each other, so there is no time-out but the process's own
            return await daemon_threads.run_in_thread(partial(_process.ask, question, document), WAIT_TIMEOUT)
        except TimeoutError as exc:
            raise Overloaded('Too many documents wait to be read.') from exc
        except (OSError, MemoryError) as exc:
            log.warning('no document can be read: %s', exc or type(exc).__name__)
            if not left:
                raise Overloaded(str(exc)) from exc
        await asyncio.sleep(START_PAUSE)
    raise AssertionError


# -- inside the process that reads PDFs -------------------------------------------------------------------------------

def answer(question: Check | LayOut, document: bytes) -> tuple[Answer, bytes]:
    """Do what the agent asks for. Raises MemoryError."""
    try:
        if isinstance(question, Check):
            check(question.job, document)
            return Answer(), b''
        request = question.layout.apply(replace(question.request, document=document), question.sheet)
        if len(request.document) > MAX_RESULT:
            raise CannotLayOut('layout_failed', f'{reasons.sentence("layout_failed")} It becomes too large.')
        return Answer(request=replace(request, document=b'')), request.document
    except (BadDocument, CannotLayOut) as exc:
        return Answer(exc.reason, exc.detail), b''


def check(job: p.Job, document: bytes) -> None:
    """Raise :class:`BadDocument` unless ``document`` is what the header of the job says and is fit to print."""
    if len(document) > p.MAX_DOCUMENT:
        raise BadDocument('too_large', f'The document has {len(document)} bytes; the limit is {p.MAX_DOCUMENT}.')
    if len(document) != job.length:
        raise BadDocument('wrong_length', f'{len(document)} bytes arrived, {job.length} were announced.')
    if hashlib.sha256(document).hexdigest() != job.sha256:
        raise BadDocument('wrong_hash', 'The document is not the one that was announced (SHA-256 differs).')
    if not document.startswith(b'%PDF-'):
        raise BadDocument('not_pdf', 'The document is not a PDF.')
    try:
        _check_pages(job, PdfReader(io.BytesIO(document)))
    except (BadDocument, MemoryError):
        raise
    except Exception as exc:
        raise BadDocument('bad_pdf', f'The PDF cannot be read ({type(exc).__name__}).') from exc


def _check_pages(job: p.Job, reader: PdfReader) -> None:
    if reader.is_encrypted:
        raise BadDocument('encrypted', 'The PDF is encrypted.')
    count = len(reader.pages)
    if not count:
        raise BadDocument('no_pages', 'The PDF has no pages.')
    if count > p.MAX_PAGES:
        raise BadDocument('too_many_pages', f'The PDF has {count} pages; the limit is {p.MAX_PAGES}.')
    if count != job.pages:
        raise BadDocument('wrong_pages', f'The PDF has {count} pages, {job.pages} were announced.')
    for number, page in enumerate(reader.pages, 1):
        width, height = (float(side) * MM_PER_POINT * float(page.user_unit or 1)
                         for side in (page.mediabox.width, page.mediabox.height))
        if int(page.rotation or 0) % 180:
            width, height = height, width
        if not (0 < width <= p.MAX_SIDE_MM and 0 < height <= p.MAX_SIDE_MM):
            raise BadDocument('page_too_large', f'Page {number} measures {width:.0f} x {height:.0f} mm; '
                                                f'the limit is {p.MAX_SIDE_MM:.0f} mm a side.')
        if abs(width - job.width_mm) > SIZE_TOLERANCE_MM or abs(height - job.height_mm) > SIZE_TOLERANCE_MM:
            raise BadDocument('wrong_size', f'Page {number} measures {width:.1f} x {height:.1f} mm, '
                                            f'{job.width_mm:.1f} x {job.height_mm:.1f} mm were announced.')

"""What may go to a printer: checks on a PDF before CUPS sees a byte of it.

Whoever can send a document to a desk could otherwise print posters on it, or feed its printer with PostScript.
"""

import hashlib
import io
import logging
from functools import partial

from pypdf import PdfReader

from print_agent import protocol as p
from print_agent import threads
from print_agent.pdf_process import PdfProcess


#: How far a page may be from the size in the job's header, in millimetres (rounding to points on the way).
SIZE_TOLERANCE_MM = 1.0
#: How long a document may wait for its check and take for it, in seconds.
WAIT_TIMEOUT = 120.0
_MM_PER_POINT = 25.4 / 72

#: One for all documents; it starts with the first.
_process = PdfProcess()

# It reports every oddity of a PDF at warning level, which may quote the document.
logging.getLogger('pypdf').setLevel(logging.CRITICAL)


class BadDocument(Exception):
    """A document is refused. ``reason`` is a code, ``detail`` the sentence for people."""

    def __init__(self, reason: str, detail: str):
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


async def problem(job: p.Job, document: bytes) -> BadDocument | None:
    """Check a document in a process of its own: what is wrong with it, or None."""
    try:
        # documents wait for each other, so there is no time-out but the process's own
        verdict = await threads.aside(partial(_process.check, job, document), WAIT_TIMEOUT)
    except TimeoutError:
        return BadDocument('bad_pdf', 'The PDF takes too long to read.')
    except MemoryError:
        return BadDocument('bad_pdf', 'The PDF takes too much memory to read.')
    return BadDocument(verdict.reason, verdict.detail) if verdict.reason else None


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
    except BadDocument:
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
        width, height = (float(side) * _MM_PER_POINT * float(page.user_unit or 1)
                         for side in (page.mediabox.width, page.mediabox.height))
        if int(page.rotation or 0) % 180:
            width, height = height, width
        if not (0 < width <= p.MAX_SIDE_MM and 0 < height <= p.MAX_SIDE_MM):
            raise BadDocument('page_too_large', f'Page {number} measures {width:.0f} x {height:.0f} mm; '
                                                f'the limit is {p.MAX_SIDE_MM:.0f} mm a side.')
        if abs(width - job.width_mm) > SIZE_TOLERANCE_MM or abs(height - job.height_mm) > SIZE_TOLERANCE_MM:
            raise BadDocument('wrong_size', f'Page {number} measures {width:.1f} x {height:.1f} mm, '
                                            f'{job.width_mm:.1f} x {job.height_mm:.1f} mm were announced.')

"""Badges: blank PDFs and headers of jobs that fit them."""

import hashlib
import io

from pypdf import PdfWriter

from print_agent.protocol import messages as p


def pdf(width_mm=96.0, height_mm=134.0, pages=1, encrypt=False):
    """Make a blank PDF."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(width_mm / 25.4 * 72, height_mm / 25.4 * 72)
    if encrypt:
        writer.encrypt('secret', algorithm='RC4-128')
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


PDF = pdf()
#: Ids of jobs
J0, J1, J2, J3, J4, J9 = (f'00000000-0000-4000-8000-{number:012}' for number in (0, 1, 2, 3, 4, 9))


def make_job(job=J1, dispatch=1, document=PDF, **kwargs):
    """Make the header of a job that fits the document."""
    return p.Job(**{
        'job': job, 'dispatch': dispatch, 'printer': 'desk1', 'title': f'badge {job}', 'name': 'Zoë Ångström',
        'kind': 'badge', 'width_mm': 96.0, 'height_mm': 134.0, 'length': len(document),
        'sha256': hashlib.sha256(document).hexdigest(), 'expires_in': 1800.0, **kwargs})

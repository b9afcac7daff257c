"""What tests of the signals share."""

from io import BytesIO

from pypdf import PdfReader


def words(job):
    """Return the text on the badge of a job."""
    return PdfReader(BytesIO(job.document.content)).pages[0].extract_text()

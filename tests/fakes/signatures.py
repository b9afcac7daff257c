"""What others say about the signature of a PDF: pyHanko's validator, and poppler's pdfsig."""

import subprocess
from io import BytesIO

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext


def judge(signed, authority):
    """Return what pyHanko says about the one signature of a PDF."""
    signature, = PdfFileReader(BytesIO(signed)).embedded_signatures
    context = ValidationContext(trust_roots=[authority.asn1()], allow_fetching=False)
    return validate_pdf_signature(signature, context, ts_validation_context=context)


def is_valid(signed, authority):
    """Return whether pyHanko finds one valid signature that covers the whole PDF."""
    try:
        status = judge(signed, authority)
    except (PdfError, SignatureValidationError, ValueError):
        # what was changed may not even be a PDF any more
        return False
    return status.bottom_line and status.docmdp_ok and status.coverage.name == 'ENTIRE_FILE'


def pdfsig(signed, folder):
    """Return what poppler says about a PDF. Its exit code is 0 for one that was changed, too."""
    path = folder / 'signed.pdf'
    path.write_bytes(signed)
    return pdfsig_file(path)


def pdfsig_file(path):
    return subprocess.run(['pdfsig', '-nocert', path], capture_output=True, text=True, check=False).stdout


def says_valid(words):
    """Return whether pdfsig's words mean one valid signature of the whole PDF."""
    return 'Signature Validation: Signature is Valid.' in words and 'Total document signed' in words

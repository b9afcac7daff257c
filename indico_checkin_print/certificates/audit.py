"""Checks that what is stored of certificates is what was issued: files, hashes, signatures, numbers."""

import hashlib
from io import BytesIO

from indico.core.storage import StorageError

from indico_checkin_print.certificates.check_pdf import uuids_in
from indico_checkin_print.models.states import CertificateState


def fault_of(certificate):
    """Return what is wrong with the PDF of a certificate, in words; empty if nothing is, or if it has none to have."""
    if certificate.file is None:
        return 'its PDF is missing' if certificate.state == CertificateState.ready else ''
    try:
        with certificate.file.open() as file:
            pdf = file.read()
    except (StorageError, OSError) as exc:
        return f'its PDF cannot be read: {exc}'
    if hashlib.sha256(pdf).hexdigest() != certificate.sha256:
        return 'its PDF is not the one that was issued'
    if certificate.uuid not in uuids_in(pdf):
        return 'its PDF has another identifier'
    if certificate.signed_by is not None:
        return _fault_of_signature(pdf, certificate.signed_by)
    return 'its PDF is not signed, as those of its type are' if certificate.type.signed else ''


def _fault_of_signature(pdf, fingerprint):
    # half a second to load, and only this needs it
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko_certvalidator import ValidationContext
    try:
        signatures = PdfFileReader(BytesIO(pdf)).embedded_signatures
        if len(signatures) != 1:
            return f'its PDF has {len(signatures)} signatures'
        if signatures[0].signer_cert.sha256.hex() != fingerprint:
            return 'somebody else signed its PDF'
        # whether to trust the key is for others to say: this asks what was signed
        status = validate_pdf_signature(signatures[0], ValidationContext(trust_roots=[signatures[0].signer_cert],
                                                                         allow_fetching=False))
    except (PdfError, SignatureValidationError, ValueError) as exc:
        return f'its signature cannot be read: {exc}'
    if not (status.intact and status.valid and status.docmdp_ok and status.coverage.name == 'ENTIRE_FILE'):
        return 'its signature is not valid'
    return ''

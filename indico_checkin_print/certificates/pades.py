"""PAdES signatures by pyHanko, which takes half a second to load: `sign` imports this when somebody signs."""

from io import BytesIO

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate as Asn1Certificate
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import TimestampRequestError
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from indico_checkin_print.errors import CannotSign


#: How long the timestamp server may take, in seconds
TIMESTAMP_TIMEOUT = 10
#: The name of the field in the PDF
FIELD = 'Signature'


class Signer(SimpleSigner):
    """Signs with a key that is parsed once: `SimpleSigner` parses it twice for each signature."""

    def __init__(self, key, certificate, chain):
        self._key = key
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        super().__init__(_asn1(certificate), PrivateKeyInfo.load(der),
                         SimpleCertificateStore.from_certs([_asn1(one) for one in chain]), embed_roots=False)

    def sign_raw(self, data, digest_algorithm):
        assert digest_algorithm == 'sha256'
        if isinstance(self._key, EllipticCurvePrivateKey):
            return self._key.sign(data, ECDSA(SHA256()))
        return self._key.sign(data, PKCS1v15(), SHA256())


def sign(pdf, signer, timestamp_url, texts):
    """Return a PDF (bytes) with a certifying signature that allows no change: PAdES B-B, or B-T with a timestamp.

    :param signer: A `Signer`.
    :param texts: ``contact_info``, ``location`` and ``reason``.
    :raises CannotSign: if it cannot be signed, or there is no timestamp.
    """
    metadata = PdfSignatureMetadata(field_name=FIELD, md_algorithm='sha256', subfilter=SigSeedSubFilter.PADES,
                                    certify=True, docmdp_permissions=MDPPerm.NO_CHANGES, **texts)
    timestamper = RequestsHTTPTimeStamper(timestamp_url, timeout=TIMESTAMP_TIMEOUT) if timestamp_url else None
    try:
        signed = PdfSigner(metadata, signer, timestamper=timestamper).sign_pdf(
            IncrementalPdfFileWriter(BytesIO(pdf)), output=BytesIO())
    except TimestampRequestError as exc:
        raise CannotSign(f'The timestamp server does not answer as it should: {exc}. Check '
                         'PLUGIN_CHECKIN_PRINT_CERTIFICATE_TIMESTAMP_URL.') from exc
    except SigningError as exc:
        raise CannotSign(f'The PDF cannot be signed: {exc}') from exc
    return signed.getvalue()


def _asn1(certificate):
    return Asn1Certificate.load(certificate.public_bytes(Encoding.DER))

"""Signs PDFs with the key that ``indico.conf`` names: PAdES, as the first and last change of a PDF.

All that can be wrong with the key is said before anything is begun, and a certificate that is to be signed is never
made without. The key is read once; a new file in its place is noticed. `CannotSign` says what to do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate as Asn1Certificate
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import TimestampRequestError
from pyhanko.sign.timestamps.requests_client import RequestsHTTPTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from indico_checkin_print import settings
from indico_checkin_print.errors import CannotSign, SettingError


#: Most bytes of the key's file or of the one with its password
MAX_FILE_SIZE = 1_000_000
#: Least bits of an RSA key
MIN_RSA_BITS = 2048
#: How long the timestamp server may take, in seconds
TIMESTAMP_TIMEOUT = 10
#: The name of the field in the PDF
FIELD = 'Signature'


class _Signer(SimpleSigner):
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


@dataclass(frozen=True)
class Signature:
    """A key that can sign, and what its certificate says."""

    signer: SimpleSigner
    #: SHA-256 of the certificate (DER), in hexadecimal
    fingerprint: str
    #: Whom the certificate names
    subject: str
    #: When it ends, in UTC
    ends: datetime
    timestamper: RequestsHTTPTimeStamper | None
    #: ``contact_info``, ``location`` and ``reason``, as viewers show them
    texts: dict

    def sign(self, pdf):
        """Return a PDF (bytes) with a certifying signature that allows no change: PAdES B-B, or B-T with a timestamp.

        Not to be called inside an event loop.

        :raises CannotSign: if the certificate has ended, or there is no timestamp.
        """
        _check_dates(self.subject, None, self.ends)
        metadata = PdfSignatureMetadata(field_name=FIELD, md_algorithm='sha256', subfilter=SigSeedSubFilter.PADES,
                                        certify=True, docmdp_permissions=MDPPerm.NO_CHANGES, **self.texts)
        try:
            signed = PdfSigner(metadata, self.signer, timestamper=self.timestamper).sign_pdf(
                IncrementalPdfFileWriter(BytesIO(pdf)), output=BytesIO())
        except TimestampRequestError as exc:
            raise CannotSign(f'The timestamp server does not answer as it should: {exc}. Check '
                             'PLUGIN_CHECKIN_PRINT_CERTIFICATE_TIMESTAMP_URL.') from exc
        except SigningError as exc:
            raise CannotSign(f'The PDF cannot be signed: {exc}') from exc
        return signed.getvalue()


def load_signature():
    """Return the `Signature` of the key that ``indico.conf`` names.

    :raises CannotSign: says what is wrong, and what to do about it.
    """
    try:
        key_file, password_file = settings.certificate_key()
        texts, timestamp_url = settings.certificate_texts(), settings.certificate_timestamp_url()
    except SettingError as exc:
        raise CannotSign(exc.detail) from exc
    if key_file is None:
        raise CannotSign('PLUGIN_CHECKIN_PRINT_CERTIFICATE_KEY is not set in indico.conf. Name a PKCS#12 file there, '
                         'or make the type unsigned.')
    signer, certificate = _load(key_file, _modified(key_file), password_file, _modified(password_file))
    subject, ends = certificate.subject.rfc4514_string(), certificate.not_valid_after_utc
    _check_dates(subject, certificate.not_valid_before_utc, ends)
    timestamper = RequestsHTTPTimeStamper(timestamp_url, timeout=TIMESTAMP_TIMEOUT) if timestamp_url else None
    return Signature(signer, certificate.fingerprint(SHA256()).hex(), subject, ends, timestamper,
                     {{'contact': 'contact_info'}.get(name, name): text for name, text in texts.items()})


@lru_cache(maxsize=2)
def _load(key_file, key_modified, password_file, password_modified):
    """Return the signer and its certificate. By when the files were changed, so that new ones are noticed."""
    password = _read(password_file).split(b'\n', 1)[0].rstrip(b'\r')
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(_read(key_file), password)
    except ValueError as exc:
        # it does not say which of the two
        raise CannotSign(f'The password in {password_file} does not open {key_file}, or that is no PKCS#12 '
                         'file.') from exc
    if key is None or certificate is None:
        raise CannotSign(f'{key_file} must have a private key and its certificate.')
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise CannotSign(f'The key in {key_file} must be RSA or EC.')
    if isinstance(key, RSAPrivateKey) and key.key_size < MIN_RSA_BITS:
        raise CannotSign(f'The key in {key_file} has {key.key_size} bits; {MIN_RSA_BITS} are the least.')
    return _Signer(key, certificate, chain), certificate


def _modified(path):
    try:
        return Path(path).stat().st_mtime_ns
    except OSError as exc:
        raise CannotSign(f'{path} cannot be read: {exc.strerror}.') from exc


def _read(path):
    try:
        with Path(path).open('rb') as file:
            data = file.read(MAX_FILE_SIZE + 1)
    except OSError as exc:
        raise CannotSign(f'{path} cannot be read: {exc.strerror}.') from exc
    if len(data) > MAX_FILE_SIZE:
        raise CannotSign(f'{path} is too large.')
    return data


def _check_dates(subject, begins, ends):
    today = datetime.now(UTC)
    if begins is not None and today < begins:
        raise CannotSign(f'The certificate of the key ({subject}) is valid only from {begins:%Y-%m-%d}.')
    if today > ends:
        raise CannotSign(f'The certificate of the key ({subject}) ended on {ends:%Y-%m-%d}. Put a new PKCS#12 file in '
                         'its place. What was signed before stays valid.')


def _asn1(certificate):
    return Asn1Certificate.load(certificate.public_bytes(Encoding.DER))

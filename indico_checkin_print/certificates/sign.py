"""Signs PDFs with the key that ``indico.conf`` names: PAdES, as the first and last change of a PDF.

All that can be wrong with the key is said before anything is begun, and a certificate that is to be signed is never
made without. The key is read once; a new file in its place is noticed. `CannotSign` says what to do.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12

from indico_checkin_print import settings
from indico_checkin_print.errors import CannotSign, SettingError


#: Most bytes of the key's file or of the one with its password
MAX_FILE_SIZE = 1_000_000
#: Least bits of an RSA key
MIN_RSA_BITS = 2048


@dataclass(frozen=True)
class Signature:
    """A key that can sign, and what its certificate says."""

    #: A `pades.Signer`
    signer: object
    #: SHA-256 of the certificate (DER), in hexadecimal
    fingerprint: str
    #: Whom the certificate names
    subject: str
    #: When it ends, in UTC
    ends: datetime
    #: Where timestamps come from, if there are any
    timestamp_url: str | None
    #: ``contact_info``, ``location`` and ``reason``, as viewers show them
    texts: dict

    def sign(self, pdf):
        """Return a PDF (bytes) with a certifying signature that allows no change: PAdES B-B, or B-T with a timestamp.

        Not to be called inside an event loop.

        :raises CannotSign: if the certificate has ended, or there is no timestamp.
        """
        # what it needs takes half a second to load, and few processes sign
        from indico_checkin_print.certificates.pades import sign
        _check_dates(self.subject, None, self.ends)
        return sign(pdf, self.signer, self.timestamp_url, self.texts)


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
    return Signature(signer, certificate.fingerprint(SHA256()).hex(), subject, ends, timestamp_url,
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
    from indico_checkin_print.certificates.pades import Signer
    return Signer(key, certificate, chain), certificate


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

"""Secrets of agents and webhooks: made here, stored hashed or encrypted, never logged."""

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from indico.core.config import config

from print_agent.protocol.messages import TOKEN_PREFIX

from indico_checkin_print.errors import SecretUnreadable


#: Letters that cannot be mistaken for another when a code is read aloud or off a screen.
CODE_ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
CODE_LENGTH = 10
#: How the tokens of kiosks begin
KIOSK_PREFIX = 'icpk_'


def new_code():
    """Return a one-time pairing code such as ``K7QM-2XRVT4`` (49 bits; it is good for minutes, behind a rate limit)."""
    code = ''.join(secrets.choice(CODE_ALPHABET) for __ in range(CODE_LENGTH))
    return f'{code[:5]}-{code[5:]}'


def normalize_code(code):
    """Return what a person typed without the blanks, dashes and small letters they may have added."""
    return ''.join(c for c in code.upper() if c in CODE_ALPHABET)


def new_token(prefix=TOKEN_PREFIX):
    """Return a token for an agent or a kiosk (256 bits, with a prefix that secret scanners know)."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret):
    """Return the SHA-256 of a high-entropy secret; looking it up by its digest leaks nothing by timing."""
    return hashlib.sha256(secret.encode(errors='surrogatepass')).hexdigest()


def seal(secret):
    """Encrypt a secret that must be read again (a webhook's signing secret)."""
    return _fernet().encrypt(secret.encode()).decode()


def unseal(sealed):
    """Decrypt what `seal` made. Raises `SecretUnreadable` if Indico's SECRET_KEY has changed since."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken as exc:
        raise SecretUnreadable from exc


def unseal_all(sealed):
    """Decrypt those secrets of a webhook that can be read: after SECRET_KEY has changed, the new one beside the old.

    :raises SecretUnreadable: if none can be read.
    """
    readable, error = [], None
    for secret in sealed:
        try:
            readable.append(unseal(secret))
        except SecretUnreadable as exc:
            error = exc
    if error is not None and not readable:
        raise error
    return readable


def _fernet():
    key = config.SECRET_KEY
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b'indico-checkin-print webhook secrets')
    return Fernet(base64.urlsafe_b64encode(hkdf.derive(key if isinstance(key, bytes) else key.encode())))

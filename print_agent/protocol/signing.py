"""Signatures on webhooks: how Indico and a print agent know that a message is from each other.

Pure standard library, used by both sides. The rules are those of the Standard Webhooks specification, version 1
(https://www.standardwebhooks.com), symmetric signatures only: HMAC-SHA256 over ``id.timestamp.body`` with a secret that
both sides know. Its own Python library takes text only and a badge is a PDF, hence this module; the tests hold the two
against each other.

Two secrets at once make a rotation without a gap: the sender signs with both, the receiver accepts either.
A signature proves who sent a message, not that it is new: the receiver also remembers the ids that it has seen.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random_secrets
from collections.abc import Mapping, Sequence

from print_agent.protocol.errors import BadSecret, SignatureError


ID_HEADER = 'webhook-id'
TIMESTAMP_HEADER = 'webhook-timestamp'
SIGNATURE_HEADER = 'webhook-signature'

#: What a secret starts with; the specification asks for it so that secret scanners know one.
SECRET_PREFIX = 'whsec_'  # noqa: S105
#: Sizes of a secret in bytes that the specification allows.
MIN_SECRET, MAX_SECRET = 24, 64
#: Most signatures that are looked at in one message, so that a header cannot be made expensive.
MAX_SIGNATURES = 8
#: Longest ``webhook-signature`` header, in characters (a signature of ours has 47).
MAX_SIGNATURE_HEADER = 1024

# No full stop: it separates id, timestamp and body in what is signed, and with one in the id two messages could share
# a signature. No space and no control character: it is a header.
_message_id = re.compile(r'[!-\-/-~]{1,128}')
_timestamp = re.compile(r'[0-9]{1,12}')


def new_secret() -> str:
    """Make a secret: ``whsec_`` plus the base64 of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(random_secrets.token_bytes(32)).decode()


def sign(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Make the value of ``webhook-signature``: one ``v1,<base64>`` per secret, separated by spaces.

    :param secrets: one secret, or two while one replaces the other; the current one first
    :param message_id: the same for every attempt at one message; 1 to 128 printable ASCII characters, no full stop
    :param timestamp: when this attempt is made, in seconds since 1970
    :raises BadSecret: if a secret cannot be used or there is none
    :raises ValueError: if the id or the timestamp cannot be signed
    """
    if not _message_id.fullmatch(message_id):
        raise ValueError('A message id has 1 to 128 printable ASCII characters without spaces and full stops.')
    if not _timestamp.fullmatch(str(timestamp)):
        raise ValueError('A timestamp is a whole number of seconds since 1970.')
    return ' '.join(f'v1,{base64.b64encode(digest).decode()}'
                    for digest in _digests(secrets, message_id, str(timestamp), body))


def headers(secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Make the three headers that go with ``body``. Takes and raises what :func:`sign` does."""
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: sign(secrets, message_id, timestamp, body),
    }


def verify(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float, tolerance: int = 300) -> str:
    """Check that ``body`` was signed with one of the secrets, a short while ago. Return the id of the message.

    :param headers: of the request; the case of the names does not matter
    :param now: the receiver's clock, in seconds since 1970
    :param tolerance: how far the timestamp may be from ``now``, in seconds, either way
    :raises SignatureError: if the message cannot be trusted
    :raises BadSecret: if the receiver's own secrets cannot be used; nothing is wrong with the message then
    """
    message_id, stamp, given = (_header(headers, name) for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER))
    if not _timestamp.fullmatch(stamp):
        raise SignatureError('bad_timestamp', f'{TIMESTAMP_HEADER} is not a whole number of seconds since 1970.')
    age = now - int(stamp)
    if abs(age) > tolerance:
        where = 'old' if age > 0 else 'in the future'
        raise SignatureError('stale', f'The message is {abs(age):.0f} seconds {where}; the limit is {tolerance}. '
                                      f'If it is new, one of the two clocks is wrong.')
    if not _message_id.fullmatch(message_id):
        raise SignatureError('bad_signature', f'{ID_HEADER} is too long or has characters that are not allowed.')
    offered = _read_signatures(given)
    # Every pair is compared, also after a match: the time taken says nothing about which one was right.
    found = False
    for expected in _digests(secrets, message_id, stamp, body):
        for signature in offered:
            found |= hmac.compare_digest(expected, signature)
    if not found:
        raise SignatureError('bad_signature', 'No signature of the message fits: '
                                              'it was signed with another secret, or changed on its way.')
    return message_id


def check_secret(secret: str) -> None:
    """Raise :class:`BadSecret` unless the secret can be used. For forms and configuration files."""
    _key(secret)


def _digests(secrets: Sequence[str], message_id: str, timestamp: str, body: bytes) -> list[bytes]:
    if not secrets:
        raise BadSecret('There is no secret to sign with.')
    # A lone string is a sequence of characters, and the message about its first one would puzzle everybody.
    if isinstance(secrets, str):
        raise BadSecret('The secrets must come as a list.')
    keys = [_key(secret) for secret in secrets]
    content = f'{message_id}.{timestamp}.'.encode() + body
    return [hmac.digest(key, content, hashlib.sha256) for key in keys]


def _key(secret: str) -> bytes:
    if not secret.startswith(SECRET_PREFIX):
        raise BadSecret(f'A secret starts with {SECRET_PREFIX}.')
    encoded = secret.removeprefix(SECRET_PREFIX).rstrip('=')
    try:
        key = base64.b64decode(encoded + '=' * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        # "from None": the text of the first exception may hold part of the secret.
        raise BadSecret(f'What follows {SECRET_PREFIX} in a secret must be base64.') from None
    if not MIN_SECRET <= len(key) <= MAX_SECRET:
        raise BadSecret(f'A secret has {MIN_SECRET} to {MAX_SECRET} bytes; this one has {len(key)}.')
    return key


def _header(headers: Mapping[str, str], name: str) -> str:
    values = {value for key, value in headers.items() if key.lower() == name}
    if not any(values):
        raise SignatureError('missing_header', f'The header {name} is missing.')
    if len(values) > 1:
        raise SignatureError('bad_signature', f'The header {name} was sent more than once.')
    return values.pop()


def _read_signatures(value: str) -> list[bytes]:
    """Read the ``v1`` signatures of a header; other versions and garbage are ignored, as the specification asks."""
    parts = value.split(' ', MAX_SIGNATURES)
    if len(value) > MAX_SIGNATURE_HEADER or len(parts) > MAX_SIGNATURES:
        raise SignatureError('bad_signature', f'The header {SIGNATURE_HEADER} is too long.')
    found = []
    for part in parts:
        version, _, encoded = part.partition(',')
        if version != 'v1':
            continue
        try:
            found.append(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found

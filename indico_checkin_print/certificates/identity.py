"""The numbers of a certificate: its UUID and its serial. Pure.

Both follow from what the certificate is for, so that a repeated run finds what an earlier one has made, and from a
secret of the server, so that nobody who knows a person's name and address can compute their URLs.
"""

import hashlib
import hmac
from uuid import UUID


#: Crockford's base32: no letter that can be mistaken for a digit
ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
#: Characters of a serial: 40 bits, behind a rate limit. A longer one is for two that would be equal
SERIAL_LENGTH = 8
#: Most characters of a serial
MAX_SERIAL_LENGTH = 24
#: What a person may have typed for another
_MISREAD = str.maketrans('OIL', '011')


def identify(secret, event_id, type_name, subject_key):
    """Return the UUID (version 8 of RFC 9562) of a certificate, and its serial at its longest: any beginning will do.

    :param secret: Indico's secret, as bytes.
    """
    message = f'certificate\0{event_id}\0{type_name}\0{subject_key}'.encode()
    digest = hmac.digest(hmac.digest(secret, b'checkin-print certificates', hashlib.sha256), message, hashlib.sha256)
    bits = bytearray(digest[:16])
    bits[6] = bits[6] & 0x0f | 0x80
    bits[8] = bits[8] & 0x3f | 0x80
    number = int.from_bytes(digest[16:])
    serial = ''.join(ALPHABET[number >> 5 * n & 31] for n in range(MAX_SERIAL_LENGTH))
    return UUID(bytes=bytes(bits)), serial


def first_free(serial, taken):
    """Return the shortest beginning of a serial that is not taken and has a letter.

    Without one its page would be that of one of Indico's categories, which are at ``/c/5``.
    """
    return next(serial[:length] for length in range(SERIAL_LENGTH, MAX_SERIAL_LENGTH + 1)
                if serial[:length] not in taken and not serial[:length].isdigit())


def written(serial):
    """Return a serial as it stands on a certificate: ``7Q2M-XRVT``."""
    return '-'.join(serial[n:n + 4] for n in range(0, len(serial), 4))


def typed(text):
    """Return the serial that a person typed, without blanks and dashes; empty if it cannot be one."""
    serial = ''.join(c for c in text[:100].upper().translate(_MISREAD) if c in ALPHABET)
    return serial if SERIAL_LENGTH <= len(serial) <= MAX_SERIAL_LENGTH and not serial.isdigit() else ''

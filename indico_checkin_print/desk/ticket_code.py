"""What a code on a ticket says: Indico's own payloads, in all versions. Pure: `scan` asks whether it exists.

Indico makes them in `indico.modules.events.registration.util.get_ticket_qr_code_data`, and never reads them itself.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from uuid import UUID


#: The longest code that is read, in characters: a QR code holds no more
MAX_CODE = 2953


@dataclass(frozen=True)
class TicketCode:
    """What a code says. Its author may have made it up."""

    #: The secret of the ticket
    ticket_uuid: str
    #: The id of an accompanying person; empty for the registrant
    person: str = ''
    #: The address of its Indico, without ``https://``
    server: str = ''


def parse(text):
    """Return the `TicketCode` that a text is, or ``None`` if it is none.

    Current tickets are ``{"i": [version, server, ticket, person]}`` with UUIDs in base64, where only those of
    accompanying persons have a fourth part. Older ones are an object with ``checkin_secret`` and ``server_url``. Other
    keys, which plugins add, are left alone.
    """
    if not text or len(text) > MAX_CODE:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    try:
        return _current(*data['i']) if 'i' in data else _older(data)
    except (ValueError, TypeError, KeyError, binascii.Error):
        return None


def server_of(url):
    """Return the address of a server as codes have it."""
    return url.strip().rstrip('/').removeprefix('https://')


def _current(version, server, ticket, person='', /):
    if not isinstance(version, int) or not isinstance(server, str):
        raise TypeError
    return TicketCode(_from_base64(ticket), _from_base64(person) if person else '', server_of(server))


def _older(data):
    if not isinstance(data['server_url'], str):
        raise TypeError
    person = data.get('person_id')
    return TicketCode(_uuid(data['checkin_secret']), _uuid(person) if person else '', server_of(data['server_url']))


def _from_base64(text):
    if not isinstance(text, str):
        raise TypeError
    return str(UUID(bytes=base64.b64decode(text, validate=True)))


def _uuid(text):
    if not isinstance(text, str):
        raise TypeError
    return str(UUID(text))

"""Tickets for the relay: signed by Indico for a browser that may see a board, good for some seconds and one desk.

The relay knows no sessions of Indico. So the page, which has one, gets a ticket that says which desk, in which
language, and whether its viewer sees everybody; the relay checks the signature and asks nothing.
"""

import msgspec
from itsdangerous import BadData, URLSafeTimedSerializer

from indico.core.config import config


#: How long a ticket opens a link, in seconds; the clocks of two machines may differ by some of them.
TICKET_LIFETIME = 60
#: Longest ticket, in characters.
MAX_TICKET = 500


class Ticket(msgspec.Struct, frozen=True):
    """What a browser may be sent."""

    event_id: int
    desk_id: int
    user_id: int
    #: Code of the language of its page
    lang: str
    #: Whether Indico hides nobody from its user; if not, the relay says only that something has changed
    sees_all: bool


def issue(ticket):
    """Return a ticket as text: letters, digits, ``-``, ``_`` and ``.``."""
    return _serializer().dumps(msgspec.to_builtins(ticket))


def read(text):
    """Return the `Ticket` that a text is, or ``None`` if we did not issue it or it is too old."""
    # a header may hold any bytes
    if len(text) > MAX_TICKET or not text.isascii():
        return None
    try:
        return msgspec.convert(_serializer().loads(text, max_age=TICKET_LIFETIME), Ticket)
    except (BadData, msgspec.ValidationError):
        return None


def _serializer():
    return URLSafeTimedSerializer(config.SECRET_KEY, salt='indico-checkin-print board')

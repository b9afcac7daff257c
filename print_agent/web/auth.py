"""Who may use the local page: programs of the same user by a token, their browser by a cookie.

The token is new at every start and lies in a file that only this user can read. With it the command line gets a ticket,
which is valid once and for two minutes; that is what travels in a URL. The browser swaps it for a cookie. Cookies are
remembered as hashes in the spool, so that a page that is open all day survives a restart of the agent.
"""

import hashlib
import hmac
import json
import logging
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from print_agent.connection import pairing
from print_agent.errors import SpoolFull
from print_agent.spool.store import Spool


log = logging.getLogger(__name__)

#: How long a ticket and a cookie are valid, in seconds.
TICKET_LIFETIME, SESSION_LIFETIME = 120.0, 7 * 86400.0
#: Most tickets and cookies at a time; the oldest is dropped.
MAX_TICKETS, MAX_SESSIONS = 10, 20
FILE = 'page.json'
_NOTE = 'page_sessions'


class Keys:
    """Tokens, tickets and cookies."""

    def __init__(self, spool: Spool):
        self._spool = spool
        self.token = secrets.token_urlsafe(32)
        self._tickets: dict[str, float] = {}
        self._sessions: dict[str, float] = json.loads(spool.note(_NOTE) or '{}')

    def is_token(self, token: str) -> bool:
        """Whether this is the token of this start."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def ticket(self) -> str:
        """Make a ticket."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[_hash(ticket)] = time.monotonic() + TICKET_LIFETIME
        while len(self._tickets) > MAX_TICKETS:
            del self._tickets[next(iter(self._tickets))]
        return ticket

    def session(self, ticket: str) -> str | None:
        """Swap a ticket for the value of a cookie; None if it is not good, or not any more."""
        if time.monotonic() >= self._tickets.pop(_hash(ticket), 0.0):
            return None
        cookie = secrets.token_urlsafe(32)
        now = time.time()
        self._sessions = {key: until for key, until in self._sessions.items() if until > now}
        self._sessions[_hash(cookie)] = now + SESSION_LIFETIME
        while len(self._sessions) > MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        try:
            self._spool.set_note(_NOTE, json.dumps(self._sessions))
        except SpoolFull as exc:
            log.warning('the local page has to be opened again after a restart: %s', exc)
        return cookie

    def is_session(self, cookie: str) -> bool:
        """Whether this cookie is good."""
        # Found by the hash of what was sent, so the time it takes says nothing about the cookie.
        return self._sessions.get(_hash(cookie), 0.0) > time.time()


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the page of a running agent is, and the token for it."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f'<Address {self.url}>'


def publish(spool: Path, address: Address) -> None:
    """Write the address down for the command line, so that only this user can read it."""
    path, partial = spool / FILE, spool / f'.{FILE}.part'
    partial.unlink(missing_ok=True)
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, 'w') as file:
        json.dump({'url': address.url, 'token': address.token}, file)
    partial.replace(path)


def withdraw(spool: Path) -> None:
    """Delete the file by which the command line finds the page, because there is none any more."""
    (spool / FILE).unlink(missing_ok=True)


def read(spool: Path) -> Address | None:
    """The address of the running agent's page; None if there is none. Raises OSError or PairingError."""
    path = spool / FILE
    if not path.exists():
        return None
    pairing.refuse_readable_by_others(path)
    try:
        data = json.loads(path.read_text())
        return Address(url=str(data['url']), token=str(data['token']))
    except (ValueError, KeyError, TypeError) as exc:
        raise OSError(f'{path} cannot be understood. Restart the print agent.') from exc


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

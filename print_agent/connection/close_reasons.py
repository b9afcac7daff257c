"""Why a connection ended, and what that means in words for the person at the desk."""

from dataclasses import dataclass
from enum import StrEnum

from print_agent.connection import backoff
from print_agent.protocol import messages as p


class Why(StrEnum):
    """What kind of end a connection had; the link decides what to do next."""

    #: the network, a proxy, a restart: try again
    lost = 'lost'
    #: there is no relay behind this address, or something in between does not let websockets through
    no_relay = 'no_relay'
    #: the token is not (or no longer) good
    rejected = 'rejected'
    #: a newer connection of the same agent took over
    replaced = 'replaced'
    #: the server speaks another version
    version = 'version'
    #: what we say is larger than the other side, or something in between, takes
    too_large = 'too_large'
    #: we are stopping
    stopped = 'stopped'


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Why a connection ended, in words.

    ``lasted``: seconds since the welcome, or 0. ``wait``: seconds that the server asks to wait.
    """

    why: Why
    text: str
    lasted: float = 0.0
    wait: float = 0.0


TOO_LARGE = ('what this print agent says is too large for Indico, or for a proxy in between; if this computer has many '
             'print queues, name the ones that are needed in agent.toml (cups.queues)')
_CLOSE_CODES = {
    1009: (Why.too_large, TOO_LARGE),
    4000: (Why.version, 'Indico speaks another version of the protocol; update the print agent'),
    4001: (Why.replaced, 'the same agent connected from somewhere else; is it running twice?'),
    4003: (Why.rejected, "this agent's access was revoked in Indico; pair it again"),
    1001: (Why.lost, 'the server is restarting'),
    1006: (Why.lost, 'the connection was lost'),
    1012: (Why.lost, 'the server is restarting'),
    1013: (Why.lost, 'the server asks to try again later'),
}


def closed(code: int, lasted: float) -> Disconnect:
    """What a close code of a websocket means."""
    why, text = _CLOSE_CODES.get(code, (Why.lost, f'the server closed the connection (code {code})'))
    return Disconnect(why, text, lasted)


def other_version(theirs: int) -> str:
    """What to do about an Indico that speaks another version of the protocol."""
    what = ('update the print agent' if theirs > p.PROTOCOL
            else "ask Indico's administrator to update the plugin, or install an older print agent")
    return f'Indico speaks another version of the protocol ({theirs}, this print agent {p.PROTOCOL}); {what}'


def refused(status: int, retry_after: str = '') -> Disconnect:
    """What an HTTP status instead of a websocket means."""
    wait = backoff.retry_after(retry_after)
    if status == 401:
        return Disconnect(Why.rejected, "Indico does not know this agent's token, or it was revoked; pair it again")
    if status == 407:
        return Disconnect(Why.no_relay, 'the proxy wants a login; put it into [network] proxy (http://user:password@…)')
    if status == 413:
        return Disconnect(Why.too_large, TOO_LARGE, wait=wait)
    if status == 429:
        return Disconnect(Why.lost, 'the server asks to slow down (HTTP 429)', wait=wait)
    return Disconnect(Why.no_relay, f'the websocket was refused (HTTP {status})', wait=wait)



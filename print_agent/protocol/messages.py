"""The messages that Indico and a print agent exchange.

Pure: bytes in, a message or a :class:`~print_agent.protocol.errors.ProtocolError` out. The relay, the polling endpoint,
the webhook and the agent all speak these structs, so both sides import this module and it imports neither. All messages
are here by name; those of an agent are defined in :mod:`.from_agent`, those of Indico in :mod:`.from_server`.

The rules behind the messages (who may print when) are in ``docs/protocol.md``; in short:

- A ``job`` is a prefetch. Paper may move only with a *go*: ``go=True`` in the job itself, or a ``go`` message.
- After a go the agent hands the document to the printer within ``print_within`` seconds of its own monotonic clock,
  or returns the job.
- ``dispatch`` counts how often the server assigned a job. What is said about an older dispatch is ignored.
- Both directions are at least once; (job, dispatch) makes every message idempotent.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from print_agent.protocol.codec import MAX_MESSAGE, Decoder, encode
from print_agent.protocol.fields import (FEATURE_CALLS, MAX_CALLS, MAX_DOCUMENT, MAX_FEATURES, MAX_PAGES,
                                         MAX_PRINTER_NAME, MAX_PRINTERS, MAX_SIDE_MM, PROTOCOL, TOKEN_PREFIX,
                                         WEBHOOK_TOLERANCE, Count, Detail, Drain, Error, Id, JobId, JobMessage, Message,
                                         Millimetres, Name, PrinterName, Reason, Seconds, Sha256)
from print_agent.protocol.from_agent import (Accepted, CallAnswer, Canceled, Completed, Failed, Heartbeat, Held,
                                             HeldState, Hello, Printer, Printers, Printing, Refused, Returned, Sent,
                                             Unknown)
from print_agent.protocol.from_server import Ack, Call, Calls, Cancel, Go, Job, Welcome
from print_agent.protocol.text import PLAIN


#: Ends of a job as an agent may report them: each is acknowledged by ``ack``.
Outcome = Completed | Sent | Failed | Unknown | Returned | Canceled | Refused
FromAgent = (Hello | Accepted | Refused | Printing | Completed | Sent | Failed | Unknown | Returned | Canceled
             | Printers | Heartbeat | CallAnswer | Drain | Error)
FromServer = Welcome | Job | Go | Cancel | Ack | Calls | Drain | Error
OUTCOMES: tuple[type[Message], ...] = (Completed, Sent, Failed, Unknown, Returned, Canceled, Refused)


class Poll(Struct, frozen=True, kw_only=True):
    """Body of a poll: the hello of a link, then everything the agent has to say, in order."""

    #: The agent's own name of this link: random, the same for all polls of a run.
    link: Name = ''
    #: Whether no poll was answered since the agent began to poll. Then this link is the newest and speaks for it.
    begins: bool = True
    hello: Hello
    messages: Annotated[tuple[FromAgent, ...], Meta(max_length=500)] = ()


class PollReply(Struct, frozen=True, kw_only=True):
    """Answer to a poll. Documents of the jobs in it are fetched one by one, by job and dispatch."""

    messages: tuple[FromServer, ...] = ()
    #: Ask again after this many seconds.
    next_in: Seconds = 2.0


class Delivery(Struct, frozen=True, kw_only=True):
    """JSON part of a webhook POST (the shape that Standard Webhooks recommends: type, timestamp, data)."""

    type: Reason
    #: When it happened, in ISO 8601; the same for every attempt.
    timestamp: Name
    data: 'DeliveryData'
    #: Of the shape of ``data``. Fields may be added to a version, but none changes or goes.
    version: Count = 1


class DeliveryData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a webhook says. ``job`` is there when a badge comes along; ``registration`` when the event sends data."""

    event: dict[str, Any] = {}
    job: Job | None = None
    #: Where the receiver may report the outcome (same secret, same signature); empty if it need not.
    callback: Annotated[str, Meta(max_length=2000, pattern=PLAIN)] = ''
    registration: dict[str, Any] | None = None


class OutcomeReport(Struct, frozen=True, kw_only=True):
    """What a receiver POSTs to ``callback``: one outcome, or ``printing`` on the way to it."""

    message: Printing | Completed | Sent | Failed | Unknown | Returned | Refused


_from_agent: Decoder[FromAgent] = Decoder(FromAgent)
_from_server: Decoder[FromServer] = Decoder(FromServer)


def decode_from_agent(data: bytes | str) -> FromAgent:
    """Read one text frame that an agent sent. Raises :class:`ProtocolError`."""
    return _from_agent.decode(data)


def decode_from_server(data: bytes | str) -> FromServer:
    """Read one text frame that Indico sent. Raises :class:`ProtocolError`."""
    return _from_server.decode(data)

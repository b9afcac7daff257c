"""The messages that Indico and a print agent exchange.

Pure: bytes in, a message or a :class:`~print_agent.protocol.errors.ProtocolError` out. The relay, the polling endpoint,
the webhook and the agent all speak these structs, so both sides import this module and it imports neither.

The rules behind the messages (who may print when) are in ``docs/protocol.md``; in short:

- A ``job`` is a prefetch. Paper may move only with a *go*: ``go=True`` in the job itself, or a ``go`` message.
- After a go the agent hands the document to the printer within ``print_within`` seconds of its own monotonic clock,
  or returns the job.
- ``dispatch`` counts how often the server assigned a job. What is said about an older dispatch is ignored.
- Both directions are at least once; (job, dispatch) makes every message idempotent.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from print_agent.protocol.codec import MAX_MESSAGE as MAX_MESSAGE
from print_agent.protocol.codec import Decoder
from print_agent.protocol.codec import encode as encode
from print_agent.protocol.text import PLAIN


#: Version of this protocol. A peer of another major version is refused with a sentence.
PROTOCOL = 1
#: Largest badge PDF, in bytes.
MAX_DOCUMENT = 8 * 1024 * 1024
#: Most pages in one badge PDF.
MAX_PAGES = 20
#: Longest name of a printer, in characters: as long as CUPS takes the name of a queue (127 bytes).
MAX_PRINTER_NAME = 127
#: Most printers of one agent in a list.
MAX_PRINTERS = 100
#: Largest side of a badge page, in millimetres (a little over A3).
MAX_SIDE_MM = 450.0
#: Most desks that call the tech in one message, and most features that an agent names.
MAX_CALLS, MAX_FEATURES = 50, 20
#: The feature of an agent that shows desks that call the tech.
FEATURE_CALLS = 'calls'
#: What the token of a paired agent starts with (secret scanners know an agent's token by it).
TOKEN_PREFIX = 'icpa_'  # noqa: S105
#: Standard Webhooks: how far a ``webhook-timestamp`` may be from now, in seconds.
WEBHOOK_TOLERANCE = 300


_UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
#: Of a job: a UUID (RFC 9562) in lower case.
JobId = Annotated[str, Meta(pattern=rf'^{_UUID}\Z')]
Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
Name = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
PrinterName = Annotated[str, Meta(min_length=1, max_length=MAX_PRINTER_NAME, pattern=PLAIN)]
#: Machine-readable reason, e.g. ``media-empty`` or ``too_late``; IPP keywords where the printer gave them.
Reason = Annotated[str, Meta(max_length=80, pattern=PLAIN)]
Detail = Annotated[str, Meta(max_length=2000, pattern=PLAIN)]
Seconds = Annotated[float, Meta(ge=0, le=30 * 86400)]
Millimetres = Annotated[float, Meta(gt=0, le=MAX_SIDE_MM)]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Sha256 = Annotated[str, Meta(pattern=r'^[0-9a-f]{64}\Z')]


class Message(Struct, frozen=True, kw_only=True, tag_field='type'):
    """Base of all messages; the JSON field ``type`` names the class."""


class JobMessage(Message, frozen=True, kw_only=True):
    """Base of all messages about a job that both sides know."""

    job: JobId
    dispatch: Count


# -- what the agent says ----------------------------------------------------------------------------------------------

class Printer(Struct, frozen=True, kw_only=True):
    """A printer as the agent sees it. States and reasons are IPP's keywords (RFC 8011, 5.4.11 and 5.4.12)."""

    name: PrinterName
    state: Literal['idle', 'processing', 'stopped'] = 'idle'
    reasons: Annotated[tuple[Reason, ...], Meta(max_length=32)] = ()
    accepting: bool = True
    model: Name = ''
    #: Media names the printer has loaded or offers, as CUPS names them.
    media: Annotated[tuple[Name, ...], Meta(max_length=200)] = ()
    #: Whether the printer can say that a job is complete. If not, the best outcome is ``sent``.
    reports: bool = True
    #: Jobs the agent holds for this printer.
    depth: Count = 0


class Held(Struct, frozen=True, kw_only=True):
    """A job in the agent's spool whose end the server has not acknowledged yet.

    ``waiting``: no go received. ``go``: go received, not handed to the printer. ``printing``: handed over.
    Any other state is the outcome, which is also sent as a message of its own.
    """

    job: JobId
    dispatch: Count
    state: Literal['waiting', 'go', 'printing', 'completed', 'sent', 'failed', 'unknown', 'returned', 'canceled']


class Hello(Message, frozen=True, kw_only=True, tag='hello'):
    """First message on a link, and part of every poll: who speaks, which printers, what is still in the spool."""

    protocol: int = PROTOCOL
    #: Software and version, e.g. ``print-agent/0.1.0``.
    software: Name = ''
    #: Identity of the spool file. A new one means that the memory of earlier jobs is gone.
    spool: Id
    printers: Annotated[tuple[Printer, ...], Meta(max_length=MAX_PRINTERS)] = ()
    #: How many print queues are not among them, as there are too many or their names are not allowed.
    left_out: Count = 0
    holding: Annotated[tuple[Held, ...], Meta(max_length=2000)] = ()
    #: What this agent can do besides printing; others are not sent what it is about.
    features: Annotated[tuple[Name, ...], Meta(max_length=MAX_FEATURES)] = ()


class Accepted(JobMessage, frozen=True, kw_only=True, tag='accepted'):
    """The job and its document are committed to the spool."""


class Refused(JobMessage, frozen=True, kw_only=True, tag='refused'):
    """The agent will not take this job (unknown printer, no valid PDF, spool full). It has not printed it."""
    reason: Reason
    detail: Detail = ''


class Printing(JobMessage, frozen=True, kw_only=True, tag='printing'):
    """The document is at the printer (or in the hands of CUPS, where the printer cannot be asked)."""


class Completed(JobMessage, frozen=True, kw_only=True, tag='completed'):
    """The printer itself said that the job is complete; or a person did, who looked (``person_saw_it``)."""
    reason: Reason = ''
    detail: Detail = ''


class Sent(JobMessage, frozen=True, kw_only=True, tag='sent'):
    """Handed to a printer that cannot say more (USB, raw socket, folder)."""
    detail: Detail = ''


class Failed(JobMessage, frozen=True, kw_only=True, tag='failed'):
    """Certain: no badge came out of this go, and none will."""
    reason: Reason
    detail: Detail = ''


class Unknown(JobMessage, frozen=True, kw_only=True, tag='unknown'):
    """The badge may or may not have come out; a person must look."""
    reason: Reason
    detail: Detail = ''


class Returned(JobMessage, frozen=True, kw_only=True, tag='returned'):
    """Certain: not printed, and this agent forgets the job. It may go elsewhere."""
    reason: Reason
    detail: Detail = ''


class Canceled(JobMessage, frozen=True, kw_only=True, tag='canceled'):
    """Answer to ``cancel``: not printed and dropped from the spool."""


class Printers(Message, frozen=True, kw_only=True, tag='printers'):
    """Printers changed: the full list, replacing the one before."""

    printers: Annotated[tuple[Printer, ...], Meta(max_length=MAX_PRINTERS)]
    #: As in ``hello``.
    left_out: Count = 0


class Heartbeat(Message, frozen=True, kw_only=True, tag='heartbeat'):
    """The agent's loops are alive (more than a TCP keep-alive can say)."""

    depth: Count = 0


class CallAnswer(Message, frozen=True, kw_only=True, tag='call_answer'):
    """A person at the agent answers a desk that calls the tech: on the way, or done."""

    #: Number of the desk, from ``calls``.
    desk: Count
    done: bool = False


class Drain(Message, frozen=True, kw_only=True, tag='drain'):
    """Either side: I am stopping. No new work; what has no go is free to go elsewhere."""

    reason: Detail = ''


# -- what Indico says -------------------------------------------------------------------------------------------------

class Welcome(Message, frozen=True, kw_only=True, tag='welcome'):
    """Answer to ``hello``."""

    protocol: int = PROTOCOL
    #: The agent's name in Indico.
    name: Name = ''
    #: The longest silence that the server accepts, in seconds. Send a heartbeat twice as often.
    heartbeat: Seconds = 20.0
    #: Names of the agent's printers that desks use: they come first where an agent has more than fit.
    wanted: Annotated[tuple[PrinterName, ...], Meta(max_length=MAX_PRINTERS)] = ()


class Job(Message, frozen=True, kw_only=True, tag='job'):
    """A badge to keep ready or, with ``go``, to print. On a websocket its PDF follows in one binary frame."""

    job: JobId
    dispatch: Count
    #: Name of the agent's printer. Empty in a webhook: the receiver's own choice.
    printer: Annotated[str, Meta(max_length=MAX_PRINTER_NAME, pattern=PLAIN)] = ''
    #: Title for the print queue: ids only, no names.
    title: Name
    #: Whose badge it is, for people who stand at the printer. Never logged.
    name: Name = ''
    kind: Literal['badge', 'ticket', 'test']
    desk: Name = ''
    copies: Annotated[int, Meta(ge=1, le=10)] = 1
    pages: Annotated[int, Meta(ge=1, le=MAX_PAGES)] = 1
    #: Size of every page of the document.
    width_mm: Millimetres
    height_mm: Millimetres
    length: Annotated[int, Meta(ge=1, le=MAX_DOCUMENT)]
    sha256: Sha256
    #: Seconds from now after which the badge must no longer be printed.
    expires_in: Seconds
    go: bool = False
    print_within: Seconds = 30.0


class Go(JobMessage, frozen=True, kw_only=True, tag='go'):
    """Permission to print an accepted job."""
    print_within: Seconds = 30.0


class Cancel(JobMessage, frozen=True, kw_only=True, tag='cancel'):
    """Drop the job if it is not at the printer. Answered by ``canceled``, or by what really happened."""
    reason: Reason = ''


class Call(Struct, frozen=True, kw_only=True):
    """A desk that calls the tech."""

    #: Its number and its name.
    desk: Count
    name: Name
    #: How long it has been calling, in seconds.
    seconds: Seconds = 0.0
    #: Who called. Never logged.
    by: Name = ''
    #: Who is on the way; empty if nobody has answered yet. Never logged.
    answered_by: Name = ''


class Calls(Message, frozen=True, kw_only=True, tag='calls'):
    """All desks of the event that call the tech now, replacing what was said before. For agents that show them."""

    calls: Annotated[tuple[Call, ...], Meta(max_length=MAX_CALLS)] = ()


class Ack(JobMessage, frozen=True, kw_only=True, tag='ack'):
    """The outcome is in the ledger; the agent may forget it."""
    state: Reason


class Error(Message, frozen=True, kw_only=True, tag='error'):
    """What came in could not be used. Alone it is never a reason to close the link."""

    code: Reason
    detail: Detail = ''
    job: Annotated[str, Meta(pattern=rf'^({_UUID})?\Z')] = ''


#: Ends of a job as an agent may report them: each is acknowledged by ``ack``.
Outcome = Completed | Sent | Failed | Unknown | Returned | Canceled | Refused
FromAgent = (Hello | Accepted | Refused | Printing | Completed | Sent | Failed | Unknown | Returned | Canceled
             | Printers | Heartbeat | CallAnswer | Drain | Error)
FromServer = Welcome | Job | Go | Cancel | Ack | Calls | Drain | Error

OUTCOMES: tuple[type[Message], ...] = (Completed, Sent, Failed, Unknown, Returned, Canceled, Refused)


# -- polling and webhooks carry the same messages ---------------------------------------------------------------------

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

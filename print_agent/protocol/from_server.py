"""What Indico says to an agent: which jobs it keeps ready, which it prints, and what it may forget."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from print_agent.protocol.calibration import Calibration
from print_agent.protocol.fields import (MAX_CALLS, MAX_DOCUMENT, MAX_PAGES, MAX_PRINTER_NAME, MAX_PRINTERS, PROTOCOL,
                                         Count, JobId, JobMessage, Message, Millimetres, Name, PrinterName, Reason,
                                         Seconds, Sha256)
from print_agent.protocol.text import PLAIN


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
    #: Whether each second page is the back of the one before.
    two_sided: bool = False
    #: Size of every page of the document.
    width_mm: Millimetres
    height_mm: Millimetres
    length: Annotated[int, Meta(ge=1, le=MAX_DOCUMENT)]
    sha256: Sha256
    #: Seconds from now after which the badge must no longer be printed.
    expires_in: Seconds
    go: bool = False
    print_within: Seconds = 30.0
    #: What brings the badge to its place on the labels of this printer, if that is known.
    calibration: Calibration | UnsetType = UNSET


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

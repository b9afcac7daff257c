"""What an agent says: which printers it has, what it holds, and what became of each job."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct

from print_agent.protocol.fields import (MAX_FEATURES, MAX_PRINTERS, PROTOCOL, Count, Detail, Id, JobId, JobMessage,
                                         Message, Name, PrinterName, Reason)


class Printer(Struct, frozen=True, kw_only=True):
    """A printer as the agent sees it. States and reasons are IPP's keywords (RFC 8011, 5.4.11 and 5.4.12)."""

    name: PrinterName
    state: Literal['idle', 'processing', 'stopped'] = 'idle'
    reasons: Annotated[tuple[Reason, ...], Meta(max_length=32)] = ()
    accepting: bool = True
    model: Name = ''
    #: Media names the printer has loaded or offers, as CUPS names them.
    media: Annotated[tuple[Name, ...], Meta(max_length=200)] = ()
    #: Whether that is what is loaded, as the printer says; else it is what the printer could have.
    loaded: bool = False
    #: Dots per inch of the printer, and bits of a dot of what it gets: 1 for black and white, 8 for grey, 24 for
    #: colours. 0: it does not say.
    dpi: Count = 0
    bits: Count = 0
    #: Whether the agent says where badges lie on the labels; then ``calibration`` of a job does not count.
    calibrated: bool = False
    #: Whether the printer can say that a job is complete. If not, the best outcome is ``sent``.
    reports: bool = True
    #: Jobs the agent holds for this printer.
    depth: Count = 0


class HeldState(StrEnum):
    """Where a job in the agent's spool stands, as the server hears it."""

    #: no go received
    waiting = 'waiting'
    #: go received, not handed to the printer
    go = 'go'
    #: handed over
    printing = 'printing'
    # the outcomes, which are also messages of their own
    completed = 'completed'
    sent = 'sent'
    failed = 'failed'
    unknown = 'unknown'
    returned = 'returned'
    canceled = 'canceled'


class Held(Struct, frozen=True, kw_only=True):
    """A job in the agent's spool whose end the server has not acknowledged yet."""

    job: JobId
    dispatch: Count
    state: HeldState


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

"""What the agent decides, apart from all input and output.

Every rule that keeps a badge from printing twice, or without permission, stands in this file as a function from the
spool's entry and a message to a decision. :mod:`print_agent.jobs` carries the decisions out; the unit tests walk
through all of them.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from print_agent.protocol import messages as p


class State(StrEnum):
    """Where a job in the spool stands."""

    #: kept ready, no permission to print
    waiting = 'waiting'
    #: permission received, not yet handed to a printer
    go = 'go'
    #: about to be handed over; after a crash nobody knows how far that went
    submitting = 'submitting'
    #: handed over, the print system's own job number is known
    printing = 'printing'
    #: the printer itself said that it is done
    completed = 'completed'
    #: handed to a printer that cannot say more
    sent = 'sent'
    #: certain: nothing came out
    failed = 'failed'
    #: may have come out or not
    unknown = 'unknown'
    #: certain: nothing came out, and somebody else may print it
    returned = 'returned'
    #: dropped because the server asked for it
    canceled = 'canceled'
    #: never taken
    refused = 'refused'


#: The job has not been near a printer.
UNTOUCHED = frozenset({State.waiting, State.go})
#: The job is in the hands of a printer, or may be.
AT_PRINTER = frozenset({State.submitting, State.printing})
#: The job is over.
ENDED = frozenset(State) - UNTOUCHED - AT_PRINTER
#: Ends after which it is certain that no badge came out of this agent: a new dispatch starts afresh.
NOT_PRINTED = frozenset({State.returned, State.canceled, State.refused, State.failed})
#: Ends after which a person may want the same badge once more. What was given back may come out elsewhere.
REPEATABLE = frozenset({State.completed, State.sent, State.failed})
#: ``source`` of what a person at this computer asked for: test pages, and badges once more. No server knows of it.
LOCAL = 'local'
#: How long a person is asked whether an unknown badge came out, in seconds.
ASKED = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job in the spool, without its document."""

    #: Order of arrival; also the entry's identity inside this spool.
    seq: int
    #: Who sent it: the id of a pairing, or ``door:<printer>``.
    source: str
    job: str
    #: The server's dispatch number that the next report carries.
    dispatch: int
    printer: str
    title: str
    kind: str
    copies: int
    width_mm: float
    height_mm: float
    state: State
    #: Found in the job's title at CUPS and at the printer; names (spool, source, job, dispatch at submission).
    tag: str
    #: The print system's name for the job, once it is known.
    handle: str
    reason: str
    detail: str
    #: Wall clock, seconds since 1970.
    received: float
    expires: float
    #: Whether the server knows the end.
    acked: bool
    #: Whether the print system is certain not to print the job any more.
    settled: bool
    #: Where outcomes are POSTed, for jobs that came in by webhook.
    callback: str
    #: Whose badge it is, for people at the printer; empty once it is too old to be printed again. Never logged.
    name: str = ''
    #: The job that this one prints again, at the wish of a person at this computer.
    origin: str = ''
    #: Wall clock; None while it has not ended.
    ended: float | None = None
    #: Whether the document is still here.
    kept: bool = False
    #: Pages of the document, as announced and checked.
    pages: int = 1


def has_listener(entry: Entry) -> bool:
    """Tell whether anybody wants to hear what becomes of a job: not a person here, nor a webhook without callback."""
    return entry.source != LOCAL and (not entry.source.startswith('door:') or bool(entry.callback))


class OnJob(Enum):
    """What to do with a ``job`` message."""

    #: new, or free to start afresh: check and keep it
    store = 'store'
    #: kept already, but given to us again under a newer number: check and keep the new one
    update = 'update'
    #: kept already, and now it may be printed
    grant = 'grant'
    #: it was or may be printed: never again, report under the newer number
    renumber = 'renumber'
    #: nothing new: say again what is known
    report = 'report'


def on_job(entry: Entry | None, job: p.Job) -> OnJob:
    """Decide about a job that came in: perhaps new, perhaps for the second time."""
    if entry is None:
        return OnJob.store
    if job.dispatch <= entry.dispatch:
        if job.dispatch == entry.dispatch and entry.state is State.waiting and job.go:
            return OnJob.grant
        return OnJob.report
    if entry.state in NOT_PRINTED:
        return OnJob.store
    if entry.state in UNTOUCHED:
        return OnJob.update
    return OnJob.renumber


class OnWord(Enum):
    """What to do with a ``go`` or a ``cancel``."""

    #: do it
    act = 'act'
    #: nothing to do: say again what is known
    report = 'report'
    #: about an older dispatch: history
    ignore = 'ignore'
    #: this spool does not have the job
    missing = 'missing'


def on_go(entry: Entry | None, go: p.Go) -> OnWord:
    """Decide about a permission to print. Only the very dispatch it names gets it."""
    if entry is None or go.dispatch > entry.dispatch:
        return OnWord.missing
    if go.dispatch < entry.dispatch:
        return OnWord.ignore
    return OnWord.act if entry.state is State.waiting else OnWord.report


def on_cancel(entry: Entry | None, cancel: p.Cancel) -> OnWord:
    """Decide about a cancellation: possible until the job is handed to the printer."""
    if entry is None:
        return OnWord.missing
    if cancel.dispatch < entry.dispatch:
        return OnWord.ignore
    return OnWord.act if entry.state in UNTOUCHED else OnWord.report


def is_acked(entry: Entry | None, ack: p.Ack) -> bool:
    """Tell whether an ``ack`` means this very end of the job."""
    return (entry is not None and entry.state in ENDED and ack.dispatch == entry.dispatch
            and ack.state == entry.state.value)


def settled_by(entry: Entry | None, ack: p.Ack) -> tuple[State, str] | None:
    """Tell how a person in Indico answered whether an unknown badge came out: the end that is meant, and its reason.

    Not come out: Indico prints it again, under another id.
    """
    if entry is None or entry.state is not State.unknown or ack.dispatch != entry.dispatch:
        return None
    return {'completed': (State.completed, 'person_saw_it'),
            'failed': (State.returned, 'person_missed_it')}.get(ack.state)


class OnRestart(Enum):
    """What to do with a job that an earlier run of the agent left in the spool."""

    #: no permission was given: it still waits
    keep = 'keep'
    #: it is over; nothing to do but to tell
    ended = 'ended'
    #: no permission, and too old by now
    expire = 'expire'
    #: permission was given on a clock that is gone: give it back
    give_back = 'give_back'
    #: it may be at the printer: find out before anything else
    reconcile = 'reconcile'


def on_restart(entry: Entry, now: float) -> OnRestart:
    """Decide about a job found at the start. ``now`` is wall clock, as monotonic time does not survive a restart."""
    if entry.state in ENDED:
        return OnRestart.ended
    if entry.state in AT_PRINTER:
        return OnRestart.reconcile
    if entry.state is State.go:
        return OnRestart.give_back
    return OnRestart.expire if now >= entry.expires else OnRestart.keep


def held(entry: Entry) -> p.Held | None:
    """The entry's line in a ``hello``; None for what a hello does not list."""
    if entry.acked or entry.state is State.refused:
        return None
    # While it is being handed over it may be at the printer already, so that is what the server is told.
    state = State.printing if entry.state is State.submitting else entry.state
    return p.Held(job=entry.job, dispatch=entry.dispatch, state=state.value)  # type: ignore[arg-type]


def end_message(entry: Entry) -> p.Outcome | None:
    """The message that tells how the job ended; None while it has not."""
    job, dispatch, reason, detail = entry.job, entry.dispatch, entry.reason, entry.detail
    match entry.state:
        case State.completed:
            return p.Completed(job=job, dispatch=dispatch, reason=reason, detail=detail)
        case State.sent:
            return p.Sent(job=job, dispatch=dispatch, detail=detail)
        case State.failed:
            return p.Failed(job=job, dispatch=dispatch, reason=reason, detail=detail)
        case State.unknown:
            return p.Unknown(job=job, dispatch=dispatch, reason=reason, detail=detail)
        case State.returned:
            return p.Returned(job=job, dispatch=dispatch, reason=reason, detail=detail)
        case State.canceled:
            return p.Canceled(job=job, dispatch=dispatch)
        case State.refused:
            return p.Refused(job=job, dispatch=dispatch, reason=reason, detail=detail)
    return None


def state_messages(entry: Entry) -> tuple[p.FromAgent, ...]:
    """Everything that a server must hear to know where the job stands now."""
    if entry.state is State.refused:
        end = end_message(entry)
        assert end is not None
        return (end,)
    messages: list[p.FromAgent] = [p.Accepted(job=entry.job, dispatch=entry.dispatch)]
    if entry.state is State.printing:
        messages.append(p.Printing(job=entry.job, dispatch=entry.dispatch))
    if (end := end_message(entry)) is not None:
        messages.append(end)
    return tuple(messages)

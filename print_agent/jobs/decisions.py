"""What the agent decides, apart from all input and output.

Every rule that keeps a badge from printing twice, or without permission, stands in this file as a function from the
spool's entry and a message to a decision. :mod:`.manager` carries the decisions out; the unit tests walk
through all of them.
"""

from enum import Enum

from print_agent.protocol import messages as p
from print_agent.spool.job import AT_PRINTER, ENDED, NOT_PRINTED, UNTOUCHED, Entry, SourceKind, State


#: How long a person is asked whether an unknown badge came out, in seconds.
QUESTION_TTL = 86400.0


def has_listener(entry: Entry) -> bool:
    """Whether anybody wants to hear what becomes of a job: not a person here, nor a webhook without callback."""
    return entry.source_kind is SourceKind.pairing or (entry.source_kind is SourceKind.webhook and bool(entry.callback))


def may_be_returned(entry: Entry, *, is_certain: bool) -> bool:
    """Whether a job that its printer does not take now goes back to its sender.

    Not one that came by webhook, unless it is certain that it cannot be printed here: its sender would only send it
    once more, so the agent waits for the printer as long as it may.
    """
    return entry.state is State.go and (is_certain or entry.source_kind is not SourceKind.webhook)


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


class OnMessage(Enum):
    """What to do with a ``go`` or a ``cancel``."""

    #: do it
    act = 'act'
    #: nothing to do: say again what is known
    report = 'report'
    #: about an older dispatch: history
    ignore = 'ignore'
    #: this spool does not have the job
    missing = 'missing'


def on_go(entry: Entry | None, go: p.Go) -> OnMessage:
    """Decide about a permission to print. Only the very dispatch it names gets it."""
    if entry is None or go.dispatch > entry.dispatch:
        return OnMessage.missing
    if go.dispatch < entry.dispatch:
        return OnMessage.ignore
    return OnMessage.act if entry.state is State.waiting else OnMessage.report


def on_cancel(entry: Entry | None, cancel: p.Cancel) -> OnMessage:
    """Decide about a cancellation: possible until the job is handed to the printer."""
    if entry is None:
        return OnMessage.missing
    if cancel.dispatch < entry.dispatch:
        return OnMessage.ignore
    return OnMessage.act if entry.state in UNTOUCHED else OnMessage.report


def is_acked(entry: Entry | None, ack: p.Ack) -> bool:
    """Whether an ``ack`` means this very end of the job."""
    return (entry is not None and entry.state in ENDED and ack.dispatch == entry.dispatch
            and ack.state == entry.state.value)


def answered_by(entry: Entry | None, ack: p.Ack) -> tuple[State, str] | None:
    """How a person in Indico answered whether an unknown badge came out: the state that is meant, and its reason.

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
    #: it is over; nothing to do but to report it
    ended = 'ended'
    #: no permission, and too old by now
    expire = 'expire'
    #: permission was given on a clock that is gone
    return_job = 'return'
    #: it may be at the printer: find out before anything else
    reconcile = 'reconcile'


def on_restart(entry: Entry, now: float) -> OnRestart:
    """Decide about a job found at the start. ``now`` is wall clock, as monotonic time does not survive a restart."""
    if entry.state in ENDED:
        return OnRestart.ended
    if entry.state in AT_PRINTER:
        return OnRestart.reconcile
    if entry.state is State.go:
        return OnRestart.return_job
    return OnRestart.expire if now >= entry.expires else OnRestart.keep


def held(entry: Entry) -> p.Held | None:
    """The entry's line in a ``hello``; None for what a hello does not list."""
    if entry.acked or entry.state is State.refused:
        return None
    # While it is being handed over it may be at the printer already, so that is what the server hears.
    state = State.printing if entry.state is State.submitting else entry.state
    return p.Held(job=entry.job, dispatch=entry.dispatch, state=p.HeldState(state))


def outcome_message(entry: Entry) -> p.Outcome | None:
    """The message about how the job ended; None while it has not."""
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
        end = outcome_message(entry)
        assert end is not None
        return (end,)
    messages: list[p.FromAgent] = [p.Accepted(job=entry.job, dispatch=entry.dispatch)]
    if entry.state is State.printing:
        messages.append(p.Printing(job=entry.job, dispatch=entry.dispatch))
    if (end := outcome_message(entry)) is not None:
        messages.append(end)
    return tuple(messages)

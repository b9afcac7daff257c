"""A job as the spool keeps it, the states it can be in, and the kinds of source that it can come from."""

from dataclasses import dataclass
from enum import Enum, StrEnum


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
#: The print system has the job, or may have it.
AT_PRINTER = frozenset({State.submitting, State.printing})
#: The job is over.
ENDED = frozenset(State) - UNTOUCHED - AT_PRINTER
#: Ends after which it is certain that no badge came out of this agent: a new dispatch starts afresh.
NOT_PRINTED = frozenset({State.returned, State.canceled, State.refused, State.failed})
#: Ends after which a person may want the same badge once more. What was returned may come out elsewhere.
REPEATABLE = frozenset({State.completed, State.sent, State.failed})


class SourceKind(Enum):
    """What kind of sender a job has."""

    #: An Indico that this computer is paired with
    pairing = 'pairing'
    #: Software that POSTs to a webhook endpoint
    webhook = 'webhook'
    #: A person at this computer: test pages, and reprints. No server knows of them.
    local = 'local'


@dataclass(frozen=True, slots=True)
class Source:
    """Who sent a job. Its text is the key by which the spool knows it."""

    kind: SourceKind
    #: The id of a pairing, or the printer of a webhook endpoint.
    name: str = ''

    @classmethod
    def parse(cls, text: str) -> 'Source':
        """Read what ``str()`` wrote."""
        if text == LOCAL:
            return cls(SourceKind.local)
        if text.startswith(_WEBHOOK):
            return cls(SourceKind.webhook, text.removeprefix(_WEBHOOK))
        return cls(SourceKind.pairing, text)

    @classmethod
    def webhook(cls, printer: str) -> 'Source':
        """The source of what is POSTed to the webhook endpoint of a printer."""
        return cls(SourceKind.webhook, printer)

    def __str__(self) -> str:
        return {SourceKind.local: LOCAL, SourceKind.webhook: _WEBHOOK + self.name}.get(self.kind, self.name)


#: How spools have always written it.
LOCAL, _WEBHOOK = 'local', 'door:'


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job in the spool, without its document."""

    #: Order of arrival; also the entry's identity inside this spool.
    seq: int
    #: Who sent it: a :class:`Source` as text.
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
    gone: bool
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
    #: Whether each second page is the back of the one before.
    two_sided: bool = False
    #: The :class:`~print_agent.protocol.calibration.Calibration` that came with it, as JSON; empty: none.
    calibration: str = ''

    @property
    def source_kind(self) -> SourceKind:
        """What kind of sender it has."""
        return Source.parse(self.source).kind

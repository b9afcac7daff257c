"""The state of the agent, in one piece and in words: what the local page shows and ``print-agent status`` prints.

All times are wall clock, seconds since 1970. Names of people are in it only for the page.
"""

from collections.abc import Sequence

from msgspec import Struct, structs

from print_agent.jobs import decisions
from print_agent.printing.calibrations import describe
from print_agent.printing.printer_list import Printers
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.spool.job import AT_PRINTER, ENDED, REPEATABLE, Entry, SourceKind, State
from print_agent.spool.store import Spool
from print_agent.version import VERSION
from print_agent.web.actions import Control
from print_agent.web.connection_history import Call, Change, Connection, History


#: Jobs shown of the queue and of those that ended.
MAX_QUEUE, MAX_LATEST = 50, 30

_WORDS = {
    State.waiting: 'Waiting', State.go: 'Next', State.submitting: 'Printing', State.printing: 'Printing',
    State.completed: 'Printed', State.sent: 'Sent to the printer', State.failed: 'Failed', State.unknown: 'Unknown',
    State.returned: 'Returned', State.canceled: 'Cancelled', State.refused: 'Refused',
}


class Badge(Struct, frozen=True, kw_only=True):
    """One job in the spool."""

    #: Its number in this spool.
    entry: int
    job: str
    dispatch: int
    printer: str
    kind: str
    #: Whose it is; empty for programs, and once it is too old to be printed again.
    name: str
    state: str
    words: str
    reason: str
    detail: str
    received: float
    ended: float | None
    #: Whether a person here asked for it: no server knows of it.
    local: bool
    #: The job that it prints again.
    origin: str
    #: Whether Indico knows how it ended.
    acknowledged: bool
    #: Whether it can be printed once more from here.
    repeatable: bool
    #: Whether the print system is through with it.
    gone: bool


class PrinterStatus(Struct, frozen=True, kw_only=True):
    """One printer."""

    name: str
    state: str
    #: ``ok``, ``busy``, ``warn`` (works, but has a warning), ``bad`` (does not work) or ``paused`` (by a person, here).
    level: str
    words: str
    #: Reason codes, and a sentence for each.
    reasons: tuple[str, ...]
    sentences: tuple[str, ...]
    paused: bool
    model: str
    #: Whether it can say that a badge is out.
    reports: bool
    depth: int
    #: What was found about its labels here, in words; empty: it was not calibrated here.
    calibration: str = ''


class Snapshot(Struct, frozen=True, kw_only=True):
    """What the local page and the command line show: the agent, its connections, printers and badges, at one moment."""

    version: str
    started: float
    stopping: bool
    #: Whether all printers are paused, also those that may come.
    all_paused: bool
    printers: tuple[PrinterStatus, ...]
    #: Jobs of which nobody knows whether they came out.
    questions: tuple[Badge, ...]
    #: The first jobs that have not ended, and how many there are.
    queue: tuple[Badge, ...]
    queued: int
    #: The last jobs that have ended, newest first.
    latest: tuple[Badge, ...]
    connections: tuple[Connection, ...]
    #: Print queues that are not offered to Indico, in words.
    left_out: tuple[str, ...] = ()
    #: What happened to the connections since the start, newest first.
    history: tuple[Change, ...] = ()
    #: Desks that call the tech.
    calls: tuple[Call, ...] = ()


class Viewer:
    """Reads the state of everything."""

    def __init__(self, spool: Spool, control: Control, printers: Printers, history: History, *, started: float):
        self._spool = spool
        self._control = control
        self._printers = printers
        self._history = history
        self._started = started
        self.stopping = False

    def look(self, *, names: bool) -> Snapshot:
        """Read it now. ``names``: whether to say whose badges they are."""
        spool = self._spool
        waiting = spool.open()
        ended = sorted((e for e in spool.recent(3 * MAX_LATEST) if e.state in ENDED),
                       key=lambda entry: entry.ended or 0.0, reverse=True)
        printing = {entry.printer for entry in waiting if entry.state in AT_PRINTER}

        def badges(entries: Sequence[Entry]) -> tuple[Badge, ...]:
            return tuple(badge(entry) if names else structs.replace(badge(entry), name='') for entry in entries)

        return Snapshot(
            version=VERSION, started=self._started, stopping=self.stopping, all_paused=self._control.pauses.all,
            printers=tuple(printer_status(each, paused=self._control.is_paused(each.name),
                                          printing=each.name in printing, calibration=self._calibration(each.name))
                           for each in self._printers.all()),
            questions=badges(spool.unknown(decisions.QUESTION_TTL)), queue=badges(waiting[:MAX_QUEUE]),
            queued=len(waiting), latest=badges(ended[:MAX_LATEST]), connections=self._history.connections(),
            left_out=self._printers.offer().sentences, history=self._history.changes(),
            calls=self._history.calls(names=names))


    def _calibration(self, printer: str) -> str:
        found = self._control.calibration(printer)
        return '' if found is None else describe(found)


def badge(entry: Entry) -> Badge:
    """One job in words."""
    local = entry.source_kind is SourceKind.local
    words = 'Not printed' if local and entry.state is State.returned else _WORDS[entry.state]
    return Badge(
        entry=entry.seq, job=entry.job, dispatch=entry.dispatch, printer=entry.printer, kind=entry.kind,
        name=entry.name, state=entry.state.value, words=words, reason=entry.reason,
        detail=entry.detail or (reasons.sentence(entry.reason) if entry.reason else ''), received=entry.received,
        ended=entry.ended, local=local, origin=entry.origin, acknowledged=entry.acked,
        repeatable=entry.kept and entry.state in REPEATABLE, gone=entry.gone)


def printer_status(printer: p.Printer, *, paused: bool, printing: bool, calibration: str = '') -> PrinterStatus:
    """One printer in words.

    :param paused: a person paused it here; then ``printer`` says that it is stopped
    :param printing: it is printing a badge of ours
    :param calibration: what was found about it here, in words
    """
    why = tuple(reason for reason in printer.reasons if not (paused and reason == 'paused'))
    bad = (not paused and (printer.state == 'stopped' or not printer.accepting)) or any(
        reason.endswith('-error') for reason in why)
    if paused:
        level, words = 'paused', 'Paused, after this badge' if printing else 'Paused'
    elif bad:
        level, words = 'bad', 'Not printing'
    elif printing or printer.state == 'processing':
        level, words = ('warn' if why else 'busy'), 'Printing'
    else:
        level, words = ('warn' if why else 'ok'), 'Ready'
    if bad and not why:
        why = ('printer_stopped' if printer.state == 'stopped' else 'queue_rejecting',)
    return PrinterStatus(
        name=printer.name, state=printer.state, level=level, words=words, reasons=why,
        sentences=tuple(dict.fromkeys(reasons.sentence(reasons.bare(reason)) for reason in why)), paused=paused,
        model=printer.model, reports=printer.reports, depth=printer.depth, calibration=calibration)

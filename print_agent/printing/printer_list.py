"""Which printers there are and how they do, kept fresh, and who is notified when that changes."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from print_agent.errors import NotReady
from print_agent.printing.backend import Backend
from print_agent.printing.breaker import PrinterBreakers
from print_agent.protocol import messages as p
from print_agent.protocol import offer
from print_agent.protocol.reasons import STALLING, bare, sentence


log = logging.getLogger(__name__)

#: Pause between two refreshes of all printers, in seconds.
REFRESH_INTERVAL = 1.0
#: What is said of a printer that cannot be reached.
_AWAY = frozenset({'printer_unreachable', 'printer_frozen'})
#: Media names that people are shown; some printers know a hundred.
MAX_MEDIA_SHOWN = 4


class Printers:
    """All printers of all backends, by name. A name belongs to the first backend that has it."""

    def __init__(self, backends: Sequence[Backend], depths: Callable[[], dict[str, int]],
                 breakers: PrinterBreakers | None = None):
        self._backends = backends
        self._depths = depths
        self._breakers = breakers or PrinterBreakers()
        self._breakers.changed = self._notify
        #: As the printers say, and as it was shown last: printers whose circuit breaker is open are stopped there.
        self._seen: dict[str, p.Printer] = {}
        self._shown: dict[str, p.Printer] = {}
        self._owner: dict[str, Backend] = {}
        self._lists: dict[int, tuple[p.Printer, ...] | None] = dict.fromkeys(range(len(backends)))
        self._listeners: list[Callable[[], None]] = []
        self._wanted: dict[str, frozenset[str]] = {}
        self._left_out: tuple[str, ...] = ()
        #: A sentence about each backend that did not answer the last time.
        self.problems: tuple[str, ...] = ()
        #: Called after every refresh, as a heartbeat.
        self.beat: Callable[[], None] = lambda: None
        #: Whether a person at this computer paused a printer; :meth:`recheck` when that changes.
        self.paused: Callable[[str], bool] = lambda _name: False
        #: Whether this computer says where badges lie on the labels of a printer; :meth:`recheck` when that changes.
        self.is_calibrated: Callable[[str], bool] = lambda _name: False

    def all(self) -> tuple[p.Printer, ...]:
        """All printers, with the number of jobs that the agent holds for each."""
        depths = self._depths()
        return tuple(msgspec.structs.replace(printer, depth=depths.get(name, 0))
                     for name, printer in self._judged().items())

    def offer(self) -> offer.Offer:
        """What Indico is sent of them; where there are too many, those that desks use first."""
        return offer.choose(self.all(), frozenset().union(*self._wanted.values()))

    def want(self, source: str, names: frozenset[str]) -> None:
        """An Indico said which of the printers its desks use."""
        if names == self._wanted.get(source, frozenset()):
            return
        before = [each.name for each in self.offer().printers]
        self._wanted[source] = names
        if [each.name for each in self.offer().printers] != before:
            self._changed()

    def stalled_by(self, name: str) -> str:
        """Why a badge in this printer would make no progress, by the printer's own word; empty if it would."""
        printer = self._seen.get(name)
        return '' if printer is None else next((bare(r) for r in printer.reasons if bare(r) in STALLING), '')

    def known(self, name: str) -> bool | None:
        """Whether there is such a printer; None while a backend has not answered even once."""
        if name in self._seen:
            return True
        return None if any(printers is None for printers in self._lists.values()) else False

    def backend(self, name: str) -> Backend | None:
        """Who prints on this printer. For a name not seen yet: the last backend, which is the one that can learn it."""
        if name in self._owner:
            return self._owner[name]
        return self._backends[-1] if self._backends else None

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever a printer comes, goes or changes; its depth alone is not a change."""
        self._listeners.append(listener)

    def recheck(self) -> None:
        """Notify everybody if a printer was paused or resumed."""
        self._notify()

    async def refresh(self) -> None:
        """Ask for all printers once. Printers of a backend that does not answer are shown as stopped."""
        problems = []
        for number, backend in enumerate(self._backends):
            try:
                self._lists[number] = tuple(await backend.printers())
            except NotReady as exc:
                problems.append(exc.detail)
                old = self._lists[number]
                if old is not None:
                    self._lists[number] = tuple(msgspec.structs.replace(
                        printer, state='stopped', reasons=(exc.reason,)) for printer in old)
        seen: dict[str, p.Printer] = {}
        for number, backend in enumerate(self._backends):
            for printer in self._lists[number] or ():
                if printer.name not in seen:
                    seen[printer.name] = printer
                    self._owner[printer.name] = backend
        for name, printer in seen.items():
            if _is_there(printer) and not _is_there(self._seen.get(name)):
                self._breakers.reset(name)
        self._seen, self.problems = seen, tuple(problems)
        self._notify()

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception:
                # Whatever a printer answered, the others must still be watched.
                log.exception('refreshing the list of printers failed')
            self.beat()
            await asyncio.sleep(REFRESH_INTERVAL)

    def _judged(self) -> dict[str, p.Printer]:
        return {name: self._judge(printer) for name, printer in self._seen.items()}

    def _judge(self, printer: p.Printer) -> p.Printer:
        if self.is_calibrated(printer.name):
            printer = msgspec.structs.replace(printer, calibrated=True)
        blocked_by = 'paused' if self.paused(printer.name) else self._breakers.blocked_by(printer.name)
        if not blocked_by:
            return printer
        others = (reason for reason in printer.reasons if bare(reason) != blocked_by)
        return msgspec.structs.replace(printer, state='stopped', reasons=tuple(dict.fromkeys((blocked_by, *others))))

    def _notify(self) -> None:
        judged = self._judged()
        if judged == self._shown:
            return
        for name in judged.keys() | self._shown.keys():
            if judged.get(name) != self._shown.get(name):
                _log_change(name, judged.get(name))
        self._shown = judged
        self._changed()

    def _changed(self) -> None:
        left_out = self.offer().sentences
        for sentence_ in left_out:
            if sentence_ not in self._left_out:
                log.warning('%s', sentence_)
        self._left_out = left_out
        for listener in self._listeners:
            listener()


def _is_there(printer: p.Printer | None) -> bool:
    return printer is not None and not _AWAY.intersection(printer.reasons)


def describe(printer: p.Printer) -> list[str]:
    """A printer in words, as lines: name, state and model; what it can say; its media; a sentence for each reason."""
    state = printer.state if printer.accepting else 'rejects jobs'
    lines = [f'{printer.name:20} {state:12} {printer.model}'.rstrip(),
             f'    {"says" if printer.reports else "cannot say"} when a badge is out']
    if printer.media:
        more = len(printer.media) - MAX_MEDIA_SHOWN
        shown = ', '.join(printer.media[:MAX_MEDIA_SHOWN])
        lines.append(f'    media: {shown}{f" and {more} more" if more > 0 else ""}')
    lines += [f'    {bare(reason)}: {sentence(reason)}' for reason in printer.reasons]
    return lines


def _log_change(name: str, printer: p.Printer | None) -> None:
    if printer is None:
        log.info('printer %s is gone', name)
    elif printer.state == 'processing':
        log.debug('printer %s is processing', name)
    else:
        log.info('printer %s: %s%s', name, printer.state, f' ({", ".join(printer.reasons)})' if printer.reasons else '')

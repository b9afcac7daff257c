"""Which printers there are and how they do, kept fresh and told when it changes."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec

from print_agent import protocol as p
from print_agent.printing.base import Backend, NotReady


log = logging.getLogger(__name__)

#: Pause between two looks at all printers, in seconds.
REFRESH = 3.0


class Printers:
    """All printers of all backends, by name. A name belongs to the first backend that has it."""

    def __init__(self, backends: Sequence[Backend], depths: Callable[[], dict[str, int]]):
        self._backends = backends
        self._depths = depths
        self._seen: dict[str, p.Printer] = {}
        self._owner: dict[str, Backend] = {}
        self._lists: dict[int, tuple[p.Printer, ...] | None] = dict.fromkeys(range(len(backends)))
        self._listeners: list[Callable[[], None]] = []

    def all(self) -> tuple[p.Printer, ...]:
        """All printers, with the number of jobs that the agent holds for each."""
        depths = self._depths()
        return tuple(msgspec.structs.replace(printer, depth=depths.get(name, 0))
                     for name, printer in self._seen.items())

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

    async def refresh(self) -> None:
        """Look at all printers once. Printers of a backend that does not answer are shown as stopped."""
        for number, backend in enumerate(self._backends):
            try:
                self._lists[number] = tuple(await backend.printers())
            except NotReady as exc:
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
        if seen != self._seen:
            for name in seen.keys() | self._seen.keys():
                if seen.get(name) != self._seen.get(name):
                    _log_change(name, seen.get(name))
            self._seen = seen
            for listener in self._listeners:
                listener()

    async def run(self) -> None:
        """Refresh until cancelled."""
        while True:
            try:
                await self.refresh()
            except Exception:
                # Whatever a printer answered, the others must go on being watched.
                log.exception('looking at the printers went wrong')
            await asyncio.sleep(REFRESH)


def _log_change(name: str, printer: p.Printer | None) -> None:
    if printer is None:
        log.info('printer %s is gone', name)
    elif printer.state == 'processing':
        log.debug('printer %s is processing', name)
    else:
        log.info('printer %s: %s%s', name, printer.state, f' ({", ".join(printer.reasons)})' if printer.reasons else '')

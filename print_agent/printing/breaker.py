"""Printers that are not to get the next badge: their circuit breaker is open, or they hold a badge that is stuck.

A printer that fails would spoil a whole queue, one badge after the other. The first badge that comes out closes its
breaker.
"""

import asyncio
from collections.abc import Callable

from print_agent.protocol.circuit_breaker import Breaker, Policy, State


#: One failure opens it: this is for seconds, Indico's own breaker of a printer is for minutes.
POLICY = Policy(threshold=1, first=5.0, longest=60.0)
#: So often one printer fails the same badge before that counts as a failure of the badge.
MAX_TRIES = 3
#: So many cancelled badges in a row are the printer's fault, if each comes within ten minutes after the one before.
#: Only the count of a breaker is used: nothing is held back for it.
CANCELED = Policy(threshold=2, first=1.0, longest=1.0, window=600.0)


class PrinterBreakers:
    """What the workers found out about their printers. All names are those of printers."""

    def __init__(self, clock: Callable[[], float] | None = None):
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._breakers: dict[str, tuple[Breaker, str]] = {}
        self._stalled: dict[str, str] = {}
        self._tries: dict[tuple[str, str], int] = {}
        self._canceled: dict[str, Breaker] = {}
        #: Called when a printer is out of service or back in it.
        self.changed: Callable[[], None] = lambda: None

    def blocked_by(self, printer: str) -> str:
        """Why the printer gets no badge now; empty if it may."""
        breaker, reason = self._breakers.get(printer, (Breaker(), ''))
        is_open = breaker.state(self._clock()) is State.open
        return reason if is_open else self._stalled.get(printer, '')

    def failed(self, printer: str, job: str, reason: str) -> bool:
        """The printer could not print a badge. Return whether that badge may be tried again."""
        breaker, _ = self._breakers.get(printer, (Breaker(), ''))
        self._breakers[printer] = breaker.failed(self._clock(), POLICY), reason
        tries = self._tries[printer, job] = self._tries.get((printer, job), 0) + 1
        may_retry = tries < MAX_TRIES
        if not may_retry:
            del self._tries[printer, job]
        self.changed()
        return may_retry

    def canceled(self, printer: str) -> bool:
        """A badge was cancelled at the printer. Return whether that is its fault: a person may have cancelled one."""
        breaker = self._canceled[printer] = self._canceled.get(printer, Breaker()).failed(self._clock(), CANCELED)
        return breaker.failures >= CANCELED.threshold

    def succeeded(self, printer: str) -> None:
        """A badge came out."""
        self.reset(printer)
        self._tries = {key: tries for key, tries in self._tries.items() if key[0] != printer}

    def reset(self, printer: str) -> None:
        """The printer was away and is there again: its failures before that mean nothing now."""
        self._breakers.pop(printer, None)
        self._canceled.pop(printer, None)

    def stalled(self, printer: str, reason: str) -> None:
        """The badge in the printer makes no progress, for this reason; empty: it does again, or has ended."""
        if reason != self._stalled.get(printer, ''):
            self._stalled[printer] = reason
            self.changed()

"""Keeps the spool small, forgetful and able to take the next badge."""

import asyncio
import logging
from collections.abc import Callable

from print_agent.errors import SpoolFull
from print_agent.spool.store import Spool


log = logging.getLogger(__name__)

#: How often a full disk is checked, in seconds.
CHECK_INTERVAL = 5.0
#: How often old entries and badges leave the spool, in rounds of the above: once a minute.
CHECKS_PER_CLEANING = 12


class Housekeeping:
    """Cleans the spool until cancelled.

    :param changed: called when the disk became full, or takes badges again
    :param beat: called after every check, as a heartbeat
    """

    def __init__(self, spool: Spool, changed: Callable[[], None], beat: Callable[[], None] = lambda: None):
        self._spool = spool
        self._beat = beat
        self._changed = changed
        self._was_full = spool.file.full

    async def run(self) -> None:
        """Clean until cancelled."""
        while True:
            try:
                self.clean()
            except SpoolFull as exc:
                log.debug('%s', exc)  # it was said when it happened; deleting continues when there is room again
            for _ in range(CHECKS_PER_CLEANING):
                self.look_for_room()
                self._beat()
                await asyncio.sleep(CHECK_INTERVAL)

    def clean(self) -> None:
        """Delete what need not stay on this computer."""
        self._spool.purge()
        self._spool.forget_kept()
        self._spool.file.tidy()
        self._spool.file.forget_old_files()
        self._spool.file.find_room()

    def look_for_room(self) -> None:
        """Take badges again as soon as there is room; notify either way."""
        if self._spool.file.full:
            self._spool.file.find_room()
        if self._spool.file.full != self._was_full:
            self._was_full = self._spool.file.full
            self._changed()

"""The links to all Indicos, one for each pairing, while pairings come, change and go.

``print-agent pair`` writes a file; the running agent notices it within a second. For a new token of the same agent it
only reconnects: its jobs stay, and the next hello lists them.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from print_agent.connection import pairing
from print_agent.connection.link import Link
from print_agent.connection.pairing import Pairing
from print_agent.errors import PairingError
from print_agent.jobs.manager import Jobs
from print_agent.protocol import messages as p


log = logging.getLogger(__name__)

#: How often the folder of the pairings is checked, in seconds.
WATCH_INTERVAL = 1.0
#: How long a link whose pairing was removed may take to send its last messages, in seconds.
FLUSH_TIMEOUT = 3.0
Start = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Links:
    """All links. :attr:`all` is one list for good: it changes in place.

    :param make: makes the link of a pairing
    :param start: starts a loop of the agent
    """

    def __init__(self, folder: Path, pairings: Sequence[Pairing], jobs: Jobs, make: Callable[[Pairing], Link],
                 start: Start):
        self._folder = folder
        self._jobs = jobs
        self._make = make
        self._start_loop = start
        self.all: list[Link] = [make(each) for each in pairings]
        self._tasks: dict[str, asyncio.Task[None]] = {}
        #: What the files were like at the last check, and the pairing in each; those that came without a file stay.
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self._pairings: dict[Path, Pairing] = {}

    def start(self) -> None:
        """Connect."""
        for link in self.all:
            self._start(link)

    def cancel(self) -> None:
        """Disconnect."""
        for task in self._tasks.values():
            task.cancel()

    async def run(self) -> None:
        """Watch the folder until cancelled."""
        while True:
            await self.check()
            await asyncio.sleep(WATCH_INTERVAL)

    async def check(self) -> None:
        """Apply what changed in the folder."""
        try:
            seen = {path: _stamp(path) for path in pairing.paths(self._folder)}
        except (PairingError, OSError):
            return  # not readable just now, or a file was removed at this moment: as before
        changed = [path for path in seen if seen[path] != self._seen.get(path)]
        gone = [path for path in self._pairings if path not in seen]
        self._seen = seen
        for path in changed:
            try:
                await self._use(path, pairing.load(path))
            except PairingError as exc:
                log.warning('%s Until then the print agent keeps what it had.', exc)
        for path in gone:
            await self._drop(self._pairings.pop(path))

    async def _use(self, path: Path, paired: Pairing) -> None:
        self._pairings[path] = paired
        old = self._link(paired.id)
        if old is not None and old.pairing == paired:
            return
        if old is not None:
            await self._end(old)
            if (old.pairing.url, old.pairing.event_id) != (paired.url, paired.event_id):
                # The same number in another Indico or event: it knows nothing of these jobs.
                self._jobs.return_all(paired.id)
                self._jobs.orphan(paired.id)
        log.info('paired %s with "%s" on %s', 'anew' if old is not None else 'now', paired.event_title, paired.url)
        self._jobs.adopt(paired.id)
        link = self._make(paired)
        self.all[:] = [each for each in self.all if each is not old] + [link]
        self._start(link)

    async def _drop(self, paired: Pairing) -> None:
        link = self._link(paired.id)
        if link is None or any(each.id == paired.id for each in self._pairings.values()):
            return  # the file only has another name now
        log.info('the pairing with "%s" was removed; its badges go back to Indico', paired.event_title)
        link.put(p.Drain(reason='The pairing was removed from this computer.'))
        self._jobs.return_all(paired.id)
        deadline = asyncio.get_running_loop().time() + FLUSH_TIMEOUT
        # for a few seconds, once
        while ((not link.flushed() or (link.state != 'down' and self._jobs.owed(paired.id)))  # noqa: ASYNC110
               and asyncio.get_running_loop().time() < deadline):
            await asyncio.sleep(0.05)
        await self._end(link)
        self._jobs.orphan(paired.id)
        self.all.remove(link)

    def _link(self, source: str) -> Link | None:
        return next((link for link in self.all if link.pairing.id == source), None)

    def _start(self, link: Link) -> None:
        self._tasks[link.pairing.id] = self._start_loop(link.run(), f'link {link.pairing.id}')

    async def _end(self, link: Link) -> None:
        task = self._tasks.pop(link.pairing.id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _stamp(path: Path) -> tuple[int, int, int]:
    seen = path.stat()
    return seen.st_mtime_ns, seen.st_size, seen.st_ino

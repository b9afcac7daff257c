"""A printer that is a folder: PDFs appear in it complete or not at all. For trials, and for other software to fetch.

The folder may be on a server that is away, where every call can hang: none is made in the event loop's thread.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from print_agent.errors import NotReady, SubmitFailed
from print_agent.printing.backend import Outcome, PrintRequest
from print_agent.printing.sheet import Sheets
from print_agent.protocol import messages as p
from print_agent.runtime.daemon_threads import DaemonExecutor


#: How long one folder may hold up the look at all of them, and a badge, in seconds.
STATE_TIMEOUT, WRITE_TIMEOUT = 2.0, 10.0

T = TypeVar('T')


class FolderBackend:
    """Printers by name, each a folder."""

    def __init__(self, folders: dict[str, Path]):
        self._folders = folders
        # One thread each: what hangs in one folder neither stops the others nor gets company.
        self._executors = {name: DaemonExecutor(1, 'folder') for name in folders}

    async def printers(self) -> Sequence[p.Printer]:
        """List the folders; one that cannot be written to is a stopped printer."""
        problems = await asyncio.gather(*(self._problem(name) for name in self._folders))
        return [p.Printer(name=name, model='Folder', reports=False, state='stopped' if problem else 'idle',
                          reasons=('folder-not-writable',) if problem else ())
                for name, problem in zip(self._folders, problems, strict=True)]

    async def check(self, printer: str) -> Sheets:
        """Raise NotReady unless the folder can be written to. It takes sheets of any size."""
        if printer not in self._folders:
            raise NotReady('unknown_printer', f'There is no folder printer "{printer}".', wait=False)
        if problem := await self._problem(printer):
            raise NotReady('folder-not-writable', problem)
        return Sheets()

    async def submit(self, printer: str, request: PrintRequest) -> str:
        """Write the PDF under its final name in one step."""
        path = self._path(printer, request.tag)
        try:
            await self._in(printer, partial(_write, path, request.document), WRITE_TIMEOUT)
        except TimeoutError as exc:  # the thread may still do it
            raise SubmitFailed('folder-not-writable', 'The folder for badges does not answer.', certain=False,
                               retry=True) from exc
        except _NotWritten as exc:
            raise SubmitFailed('folder-not-writable', f'The badge could not be written to its folder ({exc}).',
                               certain=exc.certain, retry=True) from exc
        return path.name

    async def find(self, printer: str, tag: str, handle: str) -> str | None:
        """The file is there or it is not."""
        path = self._path(printer, tag)
        try:
            there = bool(handle) or await self._in(printer, partial(_look, path), WRITE_TIMEOUT)
            return path.name if there else None
        except (OSError, TimeoutError) as exc:
            raise SubmitFailed('folder-not-writable', 'The folder for badges cannot be read.', certain=False,
                               retry=True) from exc

    async def follow(self, printer: str, request: PrintRequest, handle: str, at_printer: Callable[[], None],
                     canceling: Callable[[str], None]) -> Outcome:
        """A folder says no more than that it has the file."""
        at_printer()
        return Outcome('sent', detail='Written to the folder.')

    async def ensure_gone(self, printer: str, tag: str, handle: str, *, finish_within: float) -> None:
        """Nothing happens later in a folder."""

    async def close(self) -> None:
        """Let the threads go; one that hangs holds up nobody."""
        for executor in self._executors.values():
            executor.shutdown()

    async def _in(self, printer: str, work: Callable[[], T], seconds: float) -> T:
        async with asyncio.timeout(seconds):
            return await asyncio.get_running_loop().run_in_executor(self._executors[printer], work)

    async def _problem(self, printer: str) -> str:
        folder = self._folders[printer]
        try:
            return await self._in(printer, partial(_problem, folder), STATE_TIMEOUT)
        except TimeoutError:
            return f'The folder {folder} does not answer. Is it on a server that is away?'

    def _path(self, printer: str, tag: str) -> Path:
        return self._folders[printer] / (re.sub(r'[^A-Za-z0-9._-]', '_', tag) + '.pdf')


class _NotWritten(Exception):
    """``certain``: the file is not there."""

    def __init__(self, why: OSError, *, certain: bool):
        super().__init__(why.strerror or str(why))
        self.certain = certain


def _problem(folder: Path) -> str:
    try:
        if not folder.is_dir():
            return f'The folder {folder} does not exist.'
    except OSError as exc:  # no right to look, or the server that it is on is down
        return f'The folder {folder} cannot be looked at ({exc.strerror}).'
    return '' if os.access(folder, os.W_OK | os.X_OK) else f'The folder {folder} is not writable.'


def _partial(path: Path) -> Path:
    return path.with_name(f'.{path.name}.part')


def _look(path: Path) -> bool:
    """Whether the badge is there. Half a badge, left behind by an agent that died, is not left to lie about."""
    found = path.exists()
    if not found:
        _partial(path).unlink(missing_ok=True)
    return found


def _write(path: Path, document: bytes) -> None:
    part = _partial(path)
    try:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, 'wb') as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as exc:
        certain = False  # unless it can be seen
        with contextlib.suppress(OSError):
            certain = not path.exists()
        with contextlib.suppress(OSError):  # the reason for all this may be that nothing can be changed there
            part.unlink(missing_ok=True)
        raise _NotWritten(exc, certain=certain) from exc

"""A printer that is a folder: PDFs appear in it complete or not at all. For trials, and for other software to fetch."""

import asyncio
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from print_agent import protocol as p
from print_agent.printing.base import End, NotReady, Sheet, SubmitFailed


class FolderBackend:
    """Printers by name, each a folder."""

    def __init__(self, folders: dict[str, Path]):
        self._folders = folders

    async def printers(self) -> Sequence[p.Printer]:
        """List the folders; one that cannot be written to is a stopped printer."""
        return [p.Printer(name=name, model='Folder', reports=False, state='stopped' if problem else 'idle',
                          reasons=('folder-not-writable',) if problem else ())
                for name, folder in self._folders.items() for problem in [_problem(folder)]]

    async def check(self, printer: str) -> None:
        """Raise NotReady unless the folder can be written to."""
        folder = self._folders.get(printer)
        if folder is None:
            raise NotReady('unknown_printer', f'There is no folder printer "{printer}".', wait=False)
        if problem := _problem(folder):
            raise NotReady('folder-not-writable', problem)

    async def submit(self, printer: str, sheet: Sheet) -> str:
        """Write the PDF under its final name in one step."""
        path = self._path(printer, sheet.tag)
        try:
            await asyncio.to_thread(_write, path, sheet.document)
        except OSError as exc:
            raise SubmitFailed('folder-not-writable', f'The badge could not be written to its folder '
                               f'({exc.strerror or exc}).', certain=not path.exists(), retry=True) from exc
        return path.name

    async def find(self, printer: str, tag: str, handle: str) -> str | None:
        """The file is there or it is not."""
        path = self._path(printer, tag)
        return path.name if handle or path.exists() else None

    async def follow(self, printer: str, sheet: Sheet, handle: str, at_printer: Callable[[], None]) -> End:
        """A folder says no more than that it has the file."""
        at_printer()
        return End('sent', detail='Written to the folder.')

    async def settle(self, printer: str, tag: str, handle: str, *, patience: float) -> None:
        """Nothing happens later in a folder."""

    async def close(self) -> None:
        """Nothing to let go of."""

    def _path(self, printer: str, tag: str) -> Path:
        return self._folders[printer] / (re.sub(r'[^A-Za-z0-9._-]', '_', tag) + '.pdf')


def _problem(folder: Path) -> str:
    if not folder.is_dir():
        return f'The folder {folder} does not exist.'
    return '' if os.access(folder, os.W_OK | os.X_OK) else f'The folder {folder} is not writable.'


def _write(path: Path, document: bytes) -> None:
    partial = path.with_name(f'.{path.name}.part')
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, 'wb') as file:
        file.write(document)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

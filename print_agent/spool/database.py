"""The file under the spool: what happens when it is broken, when the disk is full, when it grows.

A broken file is renamed and a new one begun, whose new identity shows Indico that the memory is gone.
A full disk costs new badges only: a reserve on the disk is given up so that the ends of the old ones can be written.
"""

import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from print_agent.errors import SpoolCorrupt, SpoolFull


log = logging.getLogger(__name__)

#: Kept free for the time when the disk is full, in bytes: some hundred ends, or a few large badges to be deleted.
RESERVE_BYTES = 16 * 1024 * 1024
#: How long a broken spool is kept under another name, in seconds.
KEEP_CORRUPT = 7 * 86400.0

# https://www.sqlite.org/rescode.html; the low byte is the primary code
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# Another program that keeps the file locked has the same effect as a disk without room: later, perhaps.
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Result:
    """What a statement gave: its rows, read completely, and how many it changed."""

    def __init__(self, cursor: sqlite3.Cursor):
        self._rows: list[sqlite3.Row] = cursor.fetchall() if cursor.description else []
        self.rowcount = cursor.rowcount

    def __iter__(self) -> Iterator[sqlite3.Row]:
        return iter(self._rows)

    def fetchone(self) -> sqlite3.Row | None:
        """The first row, or None."""
        return self._rows[0] if self._rows else None


class SpoolFile:
    """A connection whose errors say what they mean, and a reserve beside the file.

    :param path: the file, or ``:memory:``, which has no reserve
    """

    def __init__(self, path: Path | str):
        self._path = path if isinstance(path, Path) else None
        self.raw = sqlite3.connect(path, isolation_level=None)
        self.raw.row_factory = sqlite3.Row
        #: Whether the disk takes no new badges.
        self.full = False
        #: What was found broken while it was in use.
        self.broken: SpoolCorrupt | None = None
        #: Called once when that happens.
        self.on_broken: Callable[[], None] = lambda: None

    def execute(self, statement: str, params: object = ()) -> Result:
        """Run one statement. Raises :class:`SpoolCorrupt` and :class:`SpoolFull`; any other error is a mistake."""
        inside = self.raw.in_transaction
        try:
            return self._execute(statement, params)
        except SpoolFull:
            self._say_full()
            # A transaction is a new badge, which the reserve is not for.
            if inside or not self._give_up_reserve():
                raise
        return self._execute(statement, params)

    def transaction(self) -> AbstractContextManager[None]:
        """Several writes in one commit."""
        return _Transaction(self)

    def check(self) -> None:
        """Read the whole file. Raises :class:`SpoolCorrupt`."""
        found = [str(row[0]) for row in self.execute('PRAGMA quick_check(1)')]
        if found != ['ok']:
            raise SpoolCorrupt(f'{self._path} is damaged ({found[0] if found else "it cannot be read"}).')

    def tidy(self) -> None:
        """Write the journal into the file and empty it: what was deleted is still readable in it until then."""
        self.execute('PRAGMA wal_checkpoint(TRUNCATE)')

    def find_room(self) -> bool:
        """Check whether the disk takes new badges (again). Return whether that changed."""
        before = self.full
        if not self._make_reserve() or not self._takes_writes():
            self._say_full()
        elif before:
            self.full = False
            log.info('the disk with the spool takes badges again')
        return before != self.full

    def forget_old_files(self) -> None:
        """Delete broken spools that were renamed long ago: there may be badges in them."""
        if self._path is None:
            return
        for aside in self._path.parent.glob(f'{self._path.name}.corrupt-*'):
            try:
                if time.time() - aside.stat().st_mtime > KEEP_CORRUPT:
                    aside.unlink()
                    log.info('deleted %s, a broken spool of long ago', aside)
            except OSError as exc:  # somebody was quicker, or nothing can be changed on this disk: no reason to stop
                log.debug('%s stays: %s', aside, exc)

    def close(self) -> None:
        """Close the file."""
        self.raw.close()

    def _execute(self, statement: str, params: object) -> Result:
        try:
            return Result(self.raw.execute(statement, params))  # type: ignore[arg-type]
        except sqlite3.DatabaseError as exc:
            code = getattr(exc, 'sqlite_errorcode', None)
            kind = None if code is None else code & 0xff
            if kind in _CORRUPT:
                broken = SpoolCorrupt(f'{self._path} is damaged ({exc}).')
                if self.broken is None:
                    self.broken = broken
                    self.on_broken()
                raise broken from exc
            if kind in _NO_ROOM:
                raise SpoolFull(f'{self._path} cannot be written to ({exc}). Check whether the disk is full or '
                                f'read-only, and the file belongs to the user who runs the print agent.') from exc
            raise

    # -- the reserve --------------------------------------------------------------------------------------------------

    @property
    def _reserve(self) -> Path | None:
        return None if self._path is None else self._path.with_name('reserve')

    def _make_reserve(self) -> bool:
        if self._path is None or self._reserve is None:
            return True
        try:
            if not self._reserve.exists() or self._reserve.stat().st_size < RESERVE_BYTES:
                # Really written, as a file with holes would keep nothing free.
                with self._reserve.open('wb') as file:
                    for _ in range(RESERVE_BYTES // 65536):
                        file.write(os.urandom(65536))  # a file system that compresses must not cheat either
                    file.flush()
                    os.fsync(file.fileno())
            # A little more, or the next badge would use the reserve up at once.
            if shutil.disk_usage(self._path.parent).free < RESERVE_BYTES // 16:
                return False
        except OSError as exc:
            log.debug('no reserve: %s', exc)
            with suppress(OSError):  # half of it is of no use
                self._reserve.unlink(missing_ok=True)
            return False
        return True

    def _takes_writes(self) -> bool:
        """Whether the file itself can be written to: a worn card goes read-only with all the room that it has."""
        try:
            self.raw.execute('BEGIN IMMEDIATE')
            self.raw.execute('ROLLBACK')
        except sqlite3.OperationalError as exc:
            log.debug('no writing: %s', exc)
            return False
        return True

    def _say_full(self) -> None:
        if not self.full:
            self.full = True
            log.error('the disk with the spool is full or cannot be written to: no new badges are taken. Badges '
                      'that are printing come out. Delete something.')

    def _give_up_reserve(self) -> bool:
        """Make room for one more try; False if there is nothing to give up."""
        if self._reserve is None or not self._reserve.exists():
            return False
        with suppress(OSError):  # a disk that cannot be written to at all: the second try will say so
            self._reserve.unlink()
        return True


class _Transaction(AbstractContextManager[None]):
    def __init__(self, file: SpoolFile):
        self._file = file

    def __enter__(self) -> None:
        self._file.execute('BEGIN IMMEDIATE')

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._file.execute('COMMIT')
        finally:
            if self._file.raw.in_transaction:  # SQLite ends it after some errors
                self._file.raw.execute('ROLLBACK')


def quarantine(path: Path) -> Path:
    """Move a broken spool and what belongs to it out of the way; return its new name."""
    aside = path.with_name(f'{path.name}.corrupt-{time.strftime("%Y%m%dT%H%M%S")}')
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f'{path.name}.corrupt-{time.strftime("%Y%m%dT%H%M%S")}-{number}')
    path.rename(aside)
    for suffix in ('-wal', '-shm'):
        with suppress(FileNotFoundError):  # they only exist while there is something in them
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    log.critical('THE SPOOL WAS BROKEN. It is now %s, and a new one was begun. Badges that were printing become '
                 '"unknown" in Indico: check which ones came out.', aside)
    return aside

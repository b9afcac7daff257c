"""The agent's memory: an SQLite journal in which every intent stands before the act.

A job is acknowledged only after it is committed here, and handed to a printer only after ``submitting`` is committed.
So whatever dies, the next run knows which badges may have come out. Calls are synchronous and made from the event loop
on purpose: a commit takes a few milliseconds, a desk prints about one badge a second, and one thread means that a
decision and its commit cannot be torn apart.
"""

import logging
import sqlite3
import time
import uuid
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import msgspec
from msgspec import UNSET

from print_agent.errors import SpoolCorrupt, SpoolError, SpoolFull
from print_agent.protocol import messages as p
from print_agent.spool import queries as sql
from print_agent.spool.database import SpoolFile, quarantine
from print_agent.spool.job import LOCAL, REPEATABLE, Entry, State


log = logging.getLogger(__name__)

#: How long the end of an acknowledged job is remembered, in seconds, so that a late copy is not printed again.
KEEP_ENDED = 7 * 86400.0
#: Most bytes of badges that are kept after their end.
MAX_KEPT_BYTES = 200 * 1024 * 1024


class Spool:
    """The journal in one SQLite file. ``path`` may be ``:memory:`` in tests.

    :param keep: how long badges that have ended stay, with their names, so that they can be printed again, in seconds
    """

    def __init__(self, path: Path | str, *, keep: float = 0.0):
        self.path = path
        self.keep = keep
        try:
            if isinstance(path, Path):
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600)
            self.file = self._db = SpoolFile(path)
        except (OSError, sqlite3.OperationalError) as exc:
            raise SpoolError(f'{path} cannot be opened ({getattr(exc, "strerror", None) or exc}). It must belong to '
                             f'the user who runs the print agent.') from exc
        try:
            for pragma in sql.PRAGMAS:
                self._db.execute(pragma)
            self._migrate()
            identity = self.note('spool')
            if identity is None:
                raise SpoolCorrupt(f'{path} has lost its identity.')
        except sqlite3.OperationalError as exc:
            self.close()
            # Tables of something else are in it; anything else, such as a lock, may pass.
            kind = SpoolCorrupt if exc.sqlite_errorcode == sqlite3.SQLITE_ERROR else SpoolError
            raise kind(f'{path} cannot be used as a spool ({exc}).') from exc
        except SpoolError:
            self.close()
            raise
        #: Identity of this file; a new one shows the server that the memory of earlier jobs is gone.
        self.id = identity

    @classmethod
    def begin(cls, path: Path, *, keep: float = 0.0) -> 'Spool':
        """Open the spool to work with it. A broken one is renamed, and a new one begun."""
        try:
            spool = cls(path, keep=keep)
            try:
                spool.file.check()
            except SpoolError:
                spool.close()
                raise
        except SpoolCorrupt as exc:
            log.critical('%s', exc)
            quarantine(path)
            spool = cls(path, keep=keep)
        spool.file.find_room()
        return spool

    def _migrate(self) -> None:
        row = self._db.execute('PRAGMA user_version').fetchone()
        version = row[0] if row else 0
        if version > sql.SCHEMA_VERSION:
            raise SpoolError(f'{self.path} was written by a newer print agent (schema {version}, this one knows '
                             f'{sql.SCHEMA_VERSION}). Install the newer version again.')
        if version == 0:
            with self.transaction():
                for statement in sql.SCHEMA:
                    self._db.execute(statement)
                self._db.execute(sql.SET_META, {'key': 'spool', 'value': uuid.uuid4().hex})
        elif version < sql.SCHEMA_VERSION:
            with self.transaction():
                for step in range(version + 1, sql.SCHEMA_VERSION + 1):
                    for statement in sql.MIGRATIONS[step]:
                        self._db.execute(statement)
                self._db.execute(f'PRAGMA user_version = {sql.SCHEMA_VERSION}')

    def transaction(self) -> AbstractContextManager[None]:
        """Several writes in one commit. The single writes below are commits of their own."""
        return self._db.transaction()

    # -- reading ------------------------------------------------------------------------------------------------------

    def find(self, source: str, job: str) -> Entry | None:
        """The job of this sender, in whatever state, or None."""
        rows = self._entries(sql.FIND, source=source, job=job)
        return rows[0] if rows else None

    def get(self, seq: int) -> Entry | None:
        """The entry with this number, or None."""
        rows = self._entries(sql.BY_SEQ, seq=seq)
        return rows[0] if rows else None

    def next(self, printer: str) -> Entry | None:
        """The first job of a printer that may be printed, or None."""
        rows = self._entries(sql.NEXT, printer=printer)
        return rows[0] if rows else None

    def left_at_printer(self, printer: str) -> list[Entry]:
        """Jobs that may be in the print system although nobody follows them."""
        return self._entries(sql.LEFT_AT_PRINTER, printer=printer)

    def open(self) -> list[Entry]:
        """All jobs that have not ended, in order of arrival."""
        return self._entries(sql.OPEN)

    def unacked(self, source: str) -> list[Entry]:
        """All jobs of a sender whose outcome it has not acknowledged."""
        return self._entries(sql.UNACKED, source=source)

    def callbacks(self) -> list[Entry]:
        """All jobs whose outcome has to be reported to a callback."""
        return self._entries(sql.CALLBACKS)

    def recent(self, limit: int = 50) -> list[Entry]:
        """The latest jobs, newest first."""
        return self._entries(sql.RECENT, limit=limit)

    def last_printed(self) -> Entry | None:
        """The badge that came out last, or may have, or should have; no test page."""
        rows = self._entries(sql.LAST_PRINTED)
        return rows[0] if rows else None

    def unknown(self, seconds: float) -> list[Entry]:
        """Jobs of the last so many seconds of which nobody knows whether they came out."""
        return self._entries(sql.UNKNOWN, after=time.time() - seconds)

    def begins(self, beginning: str, limit: int = 2) -> list[Entry]:
        """The latest jobs whose id begins like this, newest first."""
        return self._entries(sql.BEGINS, beginning=beginning, limit=limit)

    def short_id(self, job: str, least: int = 8) -> str:
        """The beginning of a job's id that no other job has, of at least so many characters."""
        return next((job[:length] for length in range(least, len(job))
                     if {entry.job for entry in self.begins(job[:length])} == {job}), job)

    def last_size(self, printer: str) -> tuple[float, float] | None:
        """Width and height of the last badge that Indico had for a printer, in millimetres; None if there was none."""
        row = self._db.execute(sql.LAST_SIZE, {'printer': printer, 'local': LOCAL}).fetchone()
        return None if row is None else (row[0], row[1])

    def note(self, key: str) -> str | None:
        """What was noted under this key, or None."""
        row = self._db.execute(sql.GET_META, {'key': key}).fetchone()
        return None if row is None else str(row[0])

    @property
    def changes(self) -> int:
        """Grows whenever something is written."""
        return self._db.raw.total_changes

    def document(self, seq: int) -> bytes | None:
        """The PDF of a job, or None when it is gone."""
        row = self._db.execute(sql.DOCUMENT, {'seq': seq}).fetchone()
        return None if row is None else row[0]

    def depths(self) -> dict[str, int]:
        """How many jobs that have not ended each printer has."""
        return {row[0]: row[1] for row in self._db.execute(sql.DEPTHS)}

    def waiting_bytes(self) -> int:
        """How many bytes the documents of all jobs have that have not ended."""
        row = self._db.execute(sql.WAITING_BYTES).fetchone()
        return 0 if row is None else int(row[0])

    def printers(self) -> list[str]:
        """Names of printers that have something in the spool to work on."""
        return [row[0] for row in self._db.execute(sql.PRINTERS)]

    # -- writing: each returns after the commit -----------------------------------------------------------------------

    def store(self, source: str, job: p.Job, document: bytes | None, *, state: State, printer: str = '',
              reason: str = '', detail: str = '', callback: str = '', acked: bool = False, origin: str = '') -> Entry:
        """Keep a job that is new, or that starts afresh. Refused jobs come without a document."""
        now = time.time()
        with self.transaction():
            self._db.execute(sql.FORGET, {'source': source, 'job': job.job})
            self._db.execute(sql.INSERT, {
                **self._values(job, printer), 'source': source, 'state': state, 'reason': reason, 'detail': detail,
                'received': now, 'expires': now + job.expires_in, 'ended': now if document is None else None,
                'callback': callback, 'document': document, 'acked': acked, 'origin': origin,
                'name': job.name if document is not None or self.keep else ''})
        entry = self.find(source, job.job)
        assert entry is not None
        return entry

    def update(self, entry: Entry, job: p.Job, document: bytes, *, printer: str = '', callback: str = '') -> Entry:
        """Take over a newer dispatch of a job that was not near a printer. Its permission is the newer one's alone."""
        with self.transaction():
            self._db.execute(sql.UPDATE, {
                **self._values(job, printer), 'seq': entry.seq, 'state': State.go if job.go else State.waiting,
                'expires': time.time() + job.expires_in, 'callback': callback, 'document': document, 'name': job.name})
        return self._refetch(entry)

    def renumber(self, entry: Entry, dispatch: int) -> Entry:
        """Report a job from now on under a newer dispatch number."""
        self._db.execute(sql.RENUMBER, {'seq': entry.seq, 'dispatch': dispatch})
        return self._refetch(entry)

    def grant(self, entry: Entry) -> Entry:
        """Note the permission to print."""
        self._db.execute(sql.GRANT, {'seq': entry.seq})
        return self._refetch(entry)

    def begin_submit(self, entry: Entry, tag: str) -> bool:
        """Note the intent to hand a job over. False: the job was returned meanwhile and must not be handed over."""
        return self._db.execute(sql.BEGIN_SUBMIT, {'seq': entry.seq, 'tag': tag}).rowcount == 1

    def undo_submit(self, entry: Entry) -> Entry:
        """The print system certainly did not take the job."""
        self._db.execute(sql.UNDO_SUBMIT, {'seq': entry.seq})
        return self._refetch(entry)

    def printing(self, entry: Entry, handle: str) -> Entry:
        """The job was handed over; ``handle`` is its name over there."""
        self._db.execute(sql.PRINTING, {'seq': entry.seq, 'handle': handle})
        return self._refetch(entry)

    def end(self, entry: Entry, state: State, reason: str = '', detail: str = '', *,
            acked: bool = False) -> Entry | None:
        """End a job. None: it is no longer in the state that ``entry`` says.

        The document is deleted, unless it may have come out: then it is kept for a while (:attr:`keep`).
        """
        done = self._db.execute(sql.END, {
            'seq': entry.seq, 'expected': entry.state, 'state': state, 'reason': reason, 'detail': detail,
            'ended': time.time(), 'acked': acked, 'keep_name': self.keep > 0,
            'keep_document': self.keep > 0 and state in {*REPEATABLE, State.unknown}}).rowcount == 1
        return self._refetch(entry) if done else None

    def note_gone(self, entry: Entry) -> None:
        """The print system will certainly not touch this job any more."""
        with suppress(SpoolFull):  # a restart asks the print system once more, that is all
            self._db.execute(sql.NOTE_GONE, {'seq': entry.seq})

    def note_cancel(self, entry: Entry, reason: str) -> None:
        """The agent is about to have the print system cancel this job."""
        with suppress(SpoolFull):  # after a crash it then looks as if somebody else had cancelled it
            self._db.execute(sql.NOTE_CANCEL, {'seq': entry.seq, 'reason': reason})

    def ack(self, entry: Entry) -> None:
        """The server knows the end of this job."""
        self._db.execute(sql.ACK, {'seq': entry.seq})

    def purge(self, older_than: float = KEEP_ENDED) -> int:
        """Forget acknowledged jobs that ended more than ``older_than`` seconds ago; return how many."""
        return self._db.execute(sql.PURGE, {'before': time.time() - older_than}).rowcount

    def forget_kept(self) -> None:
        """Delete the documents and names of jobs that ended longer ago than they are kept."""
        self._db.execute(sql.FORGET_KEPT, {'before': time.time() - self.keep})
        self._db.execute(sql.FORGET_MORE, {'bytes': MAX_KEPT_BYTES})

    def set_note(self, key: str, value: str) -> None:
        """Note something that is to survive a restart."""
        self._db.execute(sql.SET_META, {'key': key, 'value': value})

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- helpers ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _values(job: p.Job, printer: str) -> dict[str, object]:
        return {'job': job.job, 'dispatch': job.dispatch, 'printer': printer or job.printer, 'title': job.title,
                'kind': job.kind, 'copies': job.copies, 'width_mm': job.width_mm, 'height_mm': job.height_mm,
                'pages': job.pages, 'two_sided': job.two_sided, 'calibration': '' if job.calibration is UNSET else
                msgspec.json.encode(job.calibration).decode()}

    def _entries(self, statement: str, **params: object) -> list[Entry]:
        return [Entry(**{**dict(row), 'state': State(row['state']),
                         **{flag: bool(row[flag]) for flag in ('acked', 'gone', 'kept', 'two_sided')}})
                for row in self._db.execute(statement, params)]

    def _refetch(self, entry: Entry) -> Entry:
        fresh = self.get(entry.seq)
        assert fresh is not None
        return fresh

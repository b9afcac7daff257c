"""Two connections at the same moment: threads with transactions of their own, on data that is really committed.

Indico's fixtures undo what a test does by never committing it, so a second connection would see nothing. Here it is
committed, and what is left of it afterwards is compared row by row with what there was before.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from indico.core.db import db


#: How long a thread waits for another one; only a deadlock lasts so long.
TIMEOUT = 30  # seconds


class Races:
    """Runs functions in transactions of their own."""

    def __init__(self, app):
        self._app = app
        self._threads = ThreadPoolExecutor(8)

    def close(self):
        self._threads.shutdown()

    @staticmethod
    def commit():
        """Commit what the test's own session did: the fixture has taken `db.session.commit` away."""
        db.session().commit()
        db.session.expire_all()

    def start(self, function):
        """Run a function in a thread and commit; return the future of what it returns."""
        return self._threads.submit(self._run, function)

    def at_once(self, *functions):
        """Run functions as near to the same moment as can be. Return what they returned, in this order."""
        gate = threading.Barrier(len(functions))

        def _after_gate(function):
            gate.wait(TIMEOUT)
            return function()

        futures = [self.start(lambda function=function: _after_gate(function)) for function in functions]
        return [future.result(TIMEOUT) for future in futures]

    def while_holding(self, first, second):
        """Let `second` begin when `first` has done everything but to commit; commit `first` when `second` waits for it.

        `second` must wait for a row that `first` has changed. Return what both returned.
        """
        result = first()
        future = self.start(second)
        self.until_waits(future)
        self.commit()
        return result, future.result(TIMEOUT)

    @staticmethod
    def until_waits(future):
        """Return when what was started waits for a row that this transaction has changed."""
        until = time.monotonic() + TIMEOUT
        while not _somebody_waits():
            if future.done():
                future.result()
                raise AssertionError('the second one did not wait for the first one')
            assert time.monotonic() < until, 'nobody waits for a lock'
            time.sleep(.01)

    def meanwhile(self, function):
        """Run a function to its end in another transaction, while that of the test stays open."""
        return self.start(function).result(TIMEOUT)

    def _run(self, function):
        with self._app.app_context():
            session = db.session()
            try:
                # one that waits for ever would hang the tests
                session.execute(text(f"SET LOCAL lock_timeout = '{TIMEOUT}s'"))
                result = function()
                session.commit()
                return result
            finally:
                session.close()


def _somebody_waits():
    # the test's own transaction asks: it sees the locks of all others
    return db.session.execute(text(
        'SELECT count(*) FROM pg_locks WHERE NOT granted AND pid != pg_backend_pid()')).scalar() > 0


def rows_of_all_tables():
    """Return the rows of every table that has some, as texts."""
    tables = db.session.execute(text(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1")).scalars().all()
    rows = db.session.execute(text(' UNION ALL '.join(
        f"SELECT '{table}', t::text FROM {table} t" for table in tables))).all()
    found = {}
    for table, row in rows:
        found.setdefault(table, set()).add(row)
    return found


def take_away_all_but(before):
    """Delete all rows but these."""
    db.session.execute(text('SET LOCAL session_replication_role = replica'))
    for table, rows in rows_of_all_tables().items():
        if rows != before.get(table, set()):
            db.session.execute(text(f'DELETE FROM {table} t WHERE t::text != ALL(:rows)'),
                               {'rows': list(before.get(table, ()))})

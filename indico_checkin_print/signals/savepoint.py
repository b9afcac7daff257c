"""The savepoint in which we answer signals of Indico: what fails in it does not reach Indico."""

from contextlib import contextmanager
from types import SimpleNamespace

from indico.core.db import db

from indico_checkin_print import sql
from indico_checkin_print.logs import log_failure, logger


@contextmanager
def savepoint(message, *args, log=True):
    """A savepoint in Indico's transaction. What fails in it is undone and logged, and raises nothing.

    Yields an object whose ``failed`` says afterwards whether it did.

    :param message: What the log says then, with `args` to fill in.
    :param log: Whether it says so.
    """
    # A savepoint of the connection: one of the session would flush all of Indico's changes a second time. And plain
    # statements on its cursor: SQLAlchemy's way there and back takes longer than PostgreSQL's work. Together that is
    # 1 ms instead of 7.
    attempt = SimpleNamespace(failed=False)
    with db.session.no_autoflush, sql.cursor() as cursor:
        try:
            cursor.execute('SAVEPOINT checkin_print')
            yield attempt
            cursor.execute('RELEASE SAVEPOINT checkin_print')
        except Exception as exc:
            # promise 1: a check-in never fails because of printing
            # and released, so that one around it is not taken for this one
            cursor.execute('ROLLBACK TO SAVEPOINT checkin_print; RELEASE SAVEPOINT checkin_print')
            if log:
                log_failure(logger, exc, message, *args)
            attempt.failed = True

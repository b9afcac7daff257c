"""PostgreSQL's clock, its NOTIFY, and the way past SQLAlchemy where every millisecond counts."""

from functools import lru_cache

from psycopg2.errors import DeadlockDetected
from sqlalchemy.exc import OperationalError

from indico.core.db import db


#: The channel of NOTIFY: 'queued' (there is something to POST) or 'agent <id>' (there are messages for it).
CHANNEL = 'checkin_print'


# an expression never changes, and to build one costs more than to run it
@lru_cache(maxsize=1000)
def now(offset=0):
    """Return the expression for the database's UTC time, plus an offset in seconds."""
    utc = db.func.timezone('UTC', db.func.now())
    return utc + db.func.make_interval(0, 0, 0, 0, 0, 0, offset) if offset else utc


def notify(payload, *where):
    """Wake those who listen, once the transaction is committed.

    :param payload: A string, or an expression for one for each row that matches the conditions.
    """
    db.session.execute(db.select(db.func.pg_notify(CHANNEL, payload)).where(*where))


def commit_without_waiting():
    """Let the next commit return before it is on disk: for what is done again if a crash of the database loses it.

    A later commit that waits is on disk only together with all that were before it.
    """
    db.session.execute(db.text('SET LOCAL synchronous_commit TO off'))


def notify_agents(agent_ids):
    """Notify the relay, on commit, that there are messages for these agents."""
    for agent_id in agent_ids:
        notify(f'agent {agent_id}')


def cursor():
    """Return a cursor of the session's connection and transaction."""
    return db.session.connection().connection.cursor()


def despite_deadlock(function):
    """Return what a function returns. The victim of a deadlock is rolled back and called once more.

    Indico corrects several people of one request in an order of its own, so no order of ours rules deadlocks out.
    """
    try:
        return function()
    except OperationalError as exc:
        if not isinstance(exc.orig, DeadlockDetected):
            raise
        db.session.rollback()
        return function()

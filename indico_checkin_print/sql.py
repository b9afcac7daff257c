"""PostgreSQL's clock, its NOTIFY, and the way past SQLAlchemy where every millisecond counts."""

from contextlib import contextmanager
from functools import lru_cache

from psycopg2.errors import DeadlockDetected
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from indico.core.db import db

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.jobs import Job


#: The channel of NOTIFY: 'queued' (there is something to POST), 'agent <id>' (there are messages for it), 'desk <id>'
#: (its board has changed) or 'calls <id>' (this agent is to be notified who calls the tech).
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


@contextmanager
def alone(name):
    """Yield whether this process is the only one that does something now, on all machines.

    PostgreSQL forgets it as soon as the process is gone, because its connection is.
    """
    # a connection of its own: the session commits in between
    with db.engine.connect() as connection, connection.begin():
        yield connection.scalar(db.select(db.func.pg_try_advisory_xact_lock(db.func.hashtext(name))))


def commit_without_waiting():
    """Let the next commit return before it is on disk: for what is done again if a crash of the database loses it.

    A later commit that waits is on disk only together with all that were before it.
    """
    db.session.execute(db.text('SET LOCAL synchronous_commit TO off'))


def notify_agents(agent_ids):
    """Notify the relay, on commit, that there are messages for these agents."""
    for agent_id in agent_ids:
        notify(f'agent {agent_id}')


def notify_boards(desk_ids):
    """Notify the relay, on commit, that the boards of these desks have changed."""
    for desk_id in desk_ids:
        notify(f'desk {desk_id}')


def cursor():
    """Return a cursor of the session's connection and transaction."""
    return db.session.connection().connection.cursor()


class Function:
    """A statement that the database keeps as a function of the same name.

    In a function PostgreSQL plans it once for a connection. To plan the statements of a check-in takes longer than to
    run them. The migration has a copy, which a test compares.

    :param parameters: The types of what the statement has as ``%(name)s``.
    :param columns: The types of what it returns.
    :param first: A statement to run before it; it sees what others had committed until then.
    """

    def __init__(self, name, statement, *, parameters, columns, first=''):
        self.name = f'{SCHEMA}.{name}'
        self.statement = statement
        self.first = first
        self.parameters = parameters
        self.columns = columns
        event.listen(Job.__table__, 'after_create', self._create)

    def run(self, cursor, parameters):
        """Run it; the cursor has the rows then."""
        cursor.callproc(self.name, [parameters[name] for name in self.parameters])

    def _create(self, table, connection, **kwargs):
        connection.exec_driver_sql(self.definition())

    def definition(self):
        """Return the SQL that creates the function, as the migration has it."""
        names = {name: f'_{name}' for name in self.parameters}
        first = f'\n    PERFORM {(self.first % names).strip()};' if self.first else ''
        # no plan is worth a compiler (JIT): each statement is a few steps away from an index
        return f"""
CREATE OR REPLACE FUNCTION {self.name} (
    {_each_on_a_line(self.parameters, '_')}
) RETURNS TABLE (
    {_each_on_a_line(self.columns)}
)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN{first}
    RETURN QUERY {(self.statement % names).strip()};
END
$$
"""


def _each_on_a_line(types, prefix=''):
    return ',\n    '.join(f'{prefix}{name} {type_}' for name, type_ in types.items())


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

"""The fingerprint as a function of the database: what it costs."""

from indico_checkin_print import sql
from indico_checkin_print.badge.content import function
from indico_checkin_print.models import SCHEMA


_EXPLAIN = """
    LOAD 'auto_explain';
    SET LOCAL auto_explain.log_min_duration = 0;
    SET LOCAL auto_explain.log_nested_statements = on;
    SET LOCAL auto_explain.log_analyze = on;
    SET LOCAL client_min_messages = log;
    SET LOCAL jit_above_cost = 0;
"""


def plan(reg):
    """Return how PostgreSQL took the fingerprint of a registration, where it may compile whatever it likes."""
    with sql.cursor() as cursor:
        cursor.execute(_EXPLAIN)
        cursor.connection.notices.clear()
        cursor.execute(f'SELECT {SCHEMA}.badge_fingerprint(%s, 0)', [reg.id])
        found, = (notice for notice in cursor.connection.notices if 'registration_data' in notice)
        cursor.execute('SET LOCAL client_min_messages = notice')
    return found


def test_the_fingerprint_is_not_compiled(db, reg):
    """PostgreSQL's wrong guess of the number of rows made it compile for five seconds (JIT), once for each badge."""
    assert 'JIT:' not in plan(reg)
    # and it would show if it were
    db.session.connection().exec_driver_sql(function().replace('SET jit = off', ''))
    assert 'JIT:' in plan(reg)

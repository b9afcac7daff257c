"""The small parts of the relay: metrics, how fast an agent may speak, retries while the database is away."""

import asyncio
import re
from types import SimpleNamespace

import psycopg2
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from indico_checkin_print.relay import database
from indico_checkin_print.relay.database import Database
from indico_checkin_print.errors import DatabaseAway
from indico_checkin_print.relay.metrics import METRICS, PREFIX, Metrics
from indico_checkin_print.relay.rate_limit import Pace


GAUGES = {'agents': 3, 'in_flight': 7, 'database_up': 1, 'posts_in_flight': 2}


def test_metrics_are_what_prometheus_reads():
    metrics = Metrics()
    metrics.count('received_total', type='hello')
    metrics.count('received_total', 2, type='completed')
    for seconds in (0.001, 0.03, 0.03, 99):
        metrics.observe('push_seconds', seconds)
    lines = metrics.text(**GAUGES).splitlines()
    assert f'{PREFIX}agents 3.0' in lines
    assert f'{PREFIX}received_total{{type="completed"}} 2.0' in lines
    assert f'{PREFIX}push_seconds_bucket{{le="0.005"}} 1.0' in lines
    assert f'{PREFIX}push_seconds_bucket{{le="0.05"}} 3.0' in lines
    assert f'{PREFIX}push_seconds_bucket{{le="+Inf"}} 4.0' in lines
    assert f'{PREFIX}push_seconds_count 4.0' in lines
    assert {line.split()[2].removeprefix(PREFIX) for line in lines if line.startswith('# TYPE')} == set(METRICS)
    for line in lines:
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]+"(,\w+="[^"]+")*\})? [0-9.e+]+', line), line


def test_an_agent_that_speaks_too_fast_waits():
    async def speak():
        pace = Pace(1000, 5)
        return [await pace.wait() for __ in range(8)]
    waits = asyncio.run(speak())
    assert waits[:5] == [False] * 5
    assert True in waits[5:]


def failing(times, error):
    """Return a function that works after so many failures."""
    calls = []

    def work():
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)
    return work


AWAY = OperationalError('SELECT 1', {}, psycopg2.OperationalError('terminating connection'))


@pytest.fixture
def call(app, mocker):
    """Return a function that runs something as the relay does."""
    # the database of the tests is in one transaction, which another thread must not end
    mocker.patch.object(database, 'db', SimpleNamespace(session=mocker.Mock()))
    metrics = Metrics()

    def _call(function, **kwargs):
        return asyncio.run(Database(app, metrics).call(function, **kwargs))
    _call.metrics = metrics
    return _call


def test_a_database_that_restarts_is_waited_for(call):
    assert call(failing(1, AWAY)) == 2
    assert f'{PREFIX}database_errors_total 1.0' in call.metrics.text(**GAUGES)


def test_a_database_that_stays_away(call):
    with pytest.raises(DatabaseAway, match='terminating connection'):
        call(failing(9, AWAY), retry_for=0)


def test_a_mistake_is_not_repeated(call):
    error = ProgrammingError('SELEC', {}, psycopg2.ProgrammingError('syntax error'))
    work = failing(1, error)
    with pytest.raises(ProgrammingError):
        call(work)
    assert work() == 2

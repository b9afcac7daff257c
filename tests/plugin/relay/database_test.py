"""Transactions of the relay are retried while the database is away."""

import asyncio
from types import SimpleNamespace

import psycopg2
import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from indico_checkin_print.errors import DatabaseAway
from indico_checkin_print.relay import database
from indico_checkin_print.relay.database import Database
from indico_checkin_print.relay.metrics import PREFIX, Metrics


GAUGES = {'agents': 3, 'in_flight': 7, 'database_up': 1, 'posts_in_flight': 2}


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

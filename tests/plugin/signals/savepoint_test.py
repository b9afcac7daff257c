"""Savepoints around our answers to signals: what fails in one is undone, and nothing else."""

from indico_checkin_print import sql
from indico_checkin_print.signals.savepoint import savepoint


def _note(name):
    with sql.cursor() as cursor:
        cursor.execute("SELECT set_config('checkin_print.test', current_setting('checkin_print.test') || %s, true)",
                       (name,))


def test_one_in_another(db):
    """A flush within one notices a correction, which has a savepoint of its own."""
    with sql.cursor() as cursor:
        cursor.execute("SELECT set_config('checkin_print.test', '', true)")
    with savepoint('inner fails'):
        _note('a')
        with savepoint('') as inner:
            _note('b')
            raise ValueError
        _note('c')
    with savepoint('outer fails') as outer:
        _note('d')
        with savepoint(''):
            _note('e')
            raise ValueError
        _note('f')
        raise ValueError
    assert inner.failed
    assert outer.failed
    with sql.cursor() as cursor:
        cursor.execute("SELECT current_setting('checkin_print.test')")
        assert cursor.fetchone() == ('ac',)

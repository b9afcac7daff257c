"""A spool that breaks, a disk that is full, and what is left of a badge that was deleted."""

import logging
import os
import sqlite3

import pytest

from print_agent.errors import SpoolCorrupt, SpoolError
from print_agent.protocol import messages as p
from print_agent.spool import queries
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, make_job, pdf
from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.program import FOLDERS_ONLY, Running


PDF = pdf()


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'state' / 'spool.sqlite3'


def filled(path, jobs=5):
    """Make a spool with some jobs and return its identity."""
    spool = Spool(path)
    for number in range(jobs):
        spool.store('a', make_job(f'j{number}'), PDF * 20, state=State.waiting)
    spool.close()
    return spool.id


def scribble(path):
    """Overwrite the middle of a file."""
    size = path.stat().st_size
    with path.open('r+b') as file:
        file.seek(size // 4)
        file.write(b'\xa5' * (size // 2))


# -- broken files -----------------------------------------------------------------------------------------------------

def _garbage(path):
    path.write_bytes(b'this is no database, but long enough to look at' * 30)


def _truncated(path):
    os.truncate(path, path.stat().st_size // 2)


def _something_else(path):
    path.unlink()
    db = sqlite3.connect(path)
    db.execute('CREATE TABLE jobs (wages INTEGER)')
    db.commit()
    db.close()


def _no_identity(path):
    db = sqlite3.connect(path)
    db.execute('DELETE FROM meta')
    db.commit()
    db.close()


@pytest.mark.parametrize('harm', [_garbage, _truncated, scribble, _something_else, _no_identity])
def test_a_broken_file_is_renamed_and_a_new_one_begun(path, harm, caplog):
    old = filled(path)
    harm(path)
    harmed = path.read_bytes()
    spool = Spool.begin(path)
    # another identity: the server then knows that the memory is gone
    assert spool.id != old
    assert spool.open() == []
    (aside,) = path.parent.glob('spool.sqlite3.corrupt-*')
    assert len(aside.read_bytes()) == len(harmed)
    assert 'THE SPOOL WAS BROKEN' in caplog.text
    assert str(aside) in caplog.text
    # it works, and another time nothing is wrong
    spool.store('a', make_job(), PDF, state=State.waiting)
    spool.close()
    reopened = Spool.begin(path)
    assert reopened.find('a', J1)
    assert reopened.id == spool.id
    reopened.close()


def test_an_empty_file_is_a_new_spool(path):
    old = filled(path)
    os.truncate(path, 0)
    spool = Spool.begin(path)
    assert spool.id != old
    spool.close()


def test_two_broken_files_in_one_second(path):
    """Two broken files in one second do not overwrite each other."""
    for _ in range(3):
        path.parent.mkdir(exist_ok=True)
        _garbage(path)
        Spool.begin(path).close()
    assert len(list(path.parent.glob('spool.sqlite3.corrupt-*'))) == 3


def test_looking_does_not_move_anything(path):
    """``status`` opens the spool of a running agent: it must leave it where it is."""
    filled(path)
    _garbage(path)
    with pytest.raises(SpoolCorrupt, match='damaged'):
        Spool(path)
    assert path.exists()


def test_a_newer_file_is_refused_and_stays(path):
    filled(path)
    db = sqlite3.connect(path)
    db.execute(f'PRAGMA user_version = {queries.SCHEMA_VERSION + 1}')
    db.close()
    with pytest.raises(SpoolError, match='newer print agent') as caught:
        Spool.begin(path)
    assert not isinstance(caught.value, SpoolCorrupt)
    assert list(path.parent.glob('*.corrupt-*')) == []


def test_a_locked_file_is_not_taken_for_a_broken_one(path, monkeypatch):
    filled(path)
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, 'connect', lambda *args, **kwargs: real(*args, timeout=0, **kwargs))
    other = real(path, isolation_level=None)
    other.execute('PRAGMA locking_mode = EXCLUSIVE')
    other.execute('BEGIN EXCLUSIVE')
    with pytest.raises(SpoolError, match='locked') as caught:
        Spool.begin(path)
    other.close()
    assert not isinstance(caught.value, SpoolCorrupt)
    assert list(path.parent.glob('*.corrupt-*')) == []


def test_a_migration_that_fails_changes_nothing(path, monkeypatch):
    filled(path)
    monkeypatch.setattr(queries, 'SCHEMA_VERSION', queries.SCHEMA_VERSION + 1)
    monkeypatch.setitem(queries.MIGRATIONS, queries.SCHEMA_VERSION,
                        ('ALTER TABLE jobs ADD COLUMN more TEXT', 'UPDATE nowhere SET x = 1'))
    with pytest.raises(SpoolError):
        Spool(path)
    db = sqlite3.connect(path)
    assert 'more' not in [row[1] for row in db.execute('PRAGMA table_info(jobs)')]
    assert db.execute('PRAGMA user_version').fetchone()[0] == queries.SCHEMA_VERSION - 1
    db.close()


def job_id(number):
    return f'{number:08d}-0000-4000-8000-000000000000'


async def test_a_file_that_breaks_while_the_agent_runs(tmp_path):
    """The agent begins a new one, and the server sees the new identity."""
    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    (tmp_path / 'out').mkdir()
    path = tmp_path / 'state' / 'spool.sqlite3'
    large = pdf() + b'\n%' + b'x' * 1_000_000
    async with FakeServer() as server:
        pairing_file(tmp_path / 'pairings', server.url)
        with Running(tmp_path) as agent:
            await server.until(lambda: server.now, 60)
            for number in range(6):  # more than the cache holds
                await server.send(make_job(job_id(number), document=large), large)
            await server.until(lambda: len(server.said(p.Accepted)) == 6, 60)
            for file in (path, path.with_name(path.name + '-wal')):
                if file.exists() and file.stat().st_size:
                    scribble(file)
            for number in range(6):
                if len(server.hellos) == 1:
                    await server.send(p.Go(job=job_id(number), dispatch=1))
            await server.until(lambda: len(server.hellos) == 2, 60)
            assert server.hellos[1].spool != server.hellos[0].spool
            assert server.hellos[1].holding == ()
            assert 'THE SPOOL WAS BROKEN' in agent.said
            await server.send(make_job(job_id(99), go=True), PDF)
            await server.until(lambda: [m for m in server.said(p.Sent) if m.job == job_id(99)], 60)
    assert list(path.parent.glob('*.corrupt-*'))


# -- what is left -----------------------------------------------------------------------------------------------------

def test_nothing_is_left_of_a_badge_that_was_deleted(path):
    secret = b'Ada Lovelace, Analytical Engines Ltd.'
    document = PDF + b'\n%' + secret * 50
    spool = Spool(path)
    entry = spool.store('a', make_job(J1, name='Ada Lovelace'), document, state=State.go)

    def found():
        return [file.name for file in path.parent.iterdir() if b'Ada Lovelace' in file.read_bytes()]

    assert found()
    spool.end(entry, State.returned, 'too_late')
    spool.file.tidy()
    assert found() == []
    spool.close()
    assert found() == []


def test_old_broken_spools_are_not_kept_for_ever(path, caplog):
    caplog.set_level(logging.INFO)
    filled(path)
    _garbage(path)
    Spool.begin(path).close()
    (aside,) = path.parent.glob('*.corrupt-*')
    spool = Spool.begin(path)
    spool.file.forget_old_files()
    assert aside.exists()
    os.utime(aside, (1, 1))
    spool.file.forget_old_files()
    assert not aside.exists()
    spool.close()

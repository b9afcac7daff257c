"""The journal: what is committed survives, what is deleted is gone, and states only move as they may."""

import sqlite3
import time

import pytest

from print_agent.errors import SpoolError
from print_agent.spool import queries
from print_agent.spool import store as spool_module
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import J0, J1, J2, J3, J9, PDF, make_job


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'state' / 'spool.sqlite3'


@pytest.fixture
def spool(path):
    spool = Spool(path)
    yield spool
    spool.close()


def stored(spool, job=J1, state=State.go, source='a', **kwargs):
    return spool.store(source, make_job(job, **kwargs), PDF, state=state)


def test_a_job_survives_in_the_file(spool, path):
    entry = stored(spool)
    other = Spool(path)
    assert other.id == spool.id
    assert other.find('a', J1) == entry
    assert other.document(entry.seq) == PDF
    assert (entry.printer, entry.width_mm, entry.title) == ('desk1', 96.0, f'badge {J1}')


def test_the_file_is_durable_private_and_forgetful(spool, path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    pragma = {name: spool._db.execute(f'PRAGMA {name}').fetchone()[0]
              for name in ('journal_mode', 'synchronous', 'secure_delete', 'user_version')}
    assert pragma == {'journal_mode': 'wal', 'synchronous': 2, 'secure_delete': 1,
                      'user_version': queries.SCHEMA_VERSION}


@pytest.mark.parametrize('state', [State.completed, State.unknown, State.returned])
def test_nothing_personal_is_kept_without_need(spool, path, state):
    entry = stored(spool)
    assert entry.name == 'Zoë Ångström'
    spool.end(entry, state, 'too_late')
    assert spool.document(entry.seq) is None
    dump = '\n'.join(spool._db.raw.iterdump())
    assert 'Zoë' not in dump
    assert 'Ångström' not in dump
    spool._db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    for file in path.parent.iterdir():  # deleted means overwritten
        assert 'Ångström'.encode() not in file.read_bytes()
        assert PDF not in file.read_bytes()


@pytest.mark.parametrize(('state', 'kept'), [
    (State.completed, True), (State.sent, True), (State.failed, True), (State.unknown, True),
    (State.returned, False), (State.canceled, False), (State.refused, False),
])
def test_what_may_be_wanted_once_more_is_kept_for_a_while(path, state, kept):
    spool = Spool(path, keep=3600)
    ended = spool.end(stored(spool), state, 'x')
    assert (ended.kept, ended.name, ended.ended is not None) == (kept, 'Zoë Ångström', True)
    assert (spool.document(ended.seq) == PDF) is kept
    spool.forget_kept()
    assert spool.get(ended.seq) == ended
    spool.keep = -1
    spool.forget_kept()
    gone = spool.get(ended.seq)
    assert (gone.kept, gone.name, spool.document(ended.seq)) == (False, '', None)
    spool.close()


def test_open_jobs_are_never_forgotten(path):
    spool = Spool(path, keep=-1)
    entry = stored(spool)
    spool.forget_kept()
    assert spool.get(entry.seq) == entry
    spool.close()


def test_what_is_kept_has_a_limit(path, monkeypatch):
    monkeypatch.setattr(spool_module, 'MAX_KEPT_BYTES', 2 * len(PDF))
    spool = Spool(path, keep=3600)
    ended = [spool.end(stored(spool, f'j{n}'), State.completed) for n in range(4)]
    waiting = stored(spool, J9)
    spool.forget_kept()
    assert [spool.document(entry.seq) is not None for entry in ended] == [False, False, True, True]
    assert spool.document(waiting.seq) == PDF
    spool.close()


def test_a_spool_of_the_first_version_is_taken_over(path):
    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript("""
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE jobs (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, job TEXT NOT NULL, dispatch INTEGER NOT NULL,
            printer TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, copies INTEGER NOT NULL,
            width_mm REAL NOT NULL, height_mm REAL NOT NULL, state TEXT NOT NULL, tag TEXT NOT NULL DEFAULT '',
            handle TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',
            received REAL NOT NULL, expires REAL NOT NULL, ended REAL, acked INTEGER NOT NULL DEFAULT 0,
            settled INTEGER NOT NULL DEFAULT 1, callback TEXT NOT NULL DEFAULT '', document BLOB,
            UNIQUE (source, job)) STRICT;
        CREATE INDEX jobs_open ON jobs (printer, state, seq) WHERE acked = 0;
        PRAGMA user_version = 1;
        INSERT INTO meta VALUES ('spool', 'abc');
        INSERT INTO jobs (source, job, dispatch, printer, title, kind, copies, width_mm, height_mm, state, received,
                          expires, document)
               VALUES ('a', 'old', 1, 'desk1', 't', 'badge', 1, 96, 134, 'go', 1, 2, x'25504446');
    """)
    db.close()
    spool = Spool(path)
    assert spool.id == 'abc'
    (entry,) = spool.open()
    assert (entry.job, entry.name, entry.origin, entry.kept) == ('old', '', '', True)
    fresh = Spool(path.parent / 'fresh')
    for table in ('jobs', 'meta'):
        columns = [[row[1:4] for row in each._db.execute(f'PRAGMA table_info({table})')] for each in (spool, fresh)]
        columns = [sorted(map(tuple, rows)) for rows in columns]
        assert columns[0] == columns[1]
    indexes = [{row[1] for row in each._db.execute('PRAGMA index_list(jobs)')} for each in (spool, fresh)]
    assert indexes[0] == indexes[1]


def test_what_waits_is_as_two_sided_as_before(path):
    spool = Spool(path)
    for name, pages in (('one', 1), ('two', 2)):
        stored(spool, name)
        spool._db.execute('UPDATE jobs SET pages = ? WHERE job = ?', (pages, name))
    spool._db.execute('ALTER TABLE jobs DROP COLUMN two_sided')
    spool._db.execute('PRAGMA user_version = 4')
    spool.close()
    assert {entry.job: entry.two_sided for entry in Spool(path).open()} == {'one': False, 'two': True}


def test_notes_survive(spool, path):
    assert spool.note('paused') is None
    spool.set_note('paused', 'a')
    spool.set_note('paused', 'b')
    assert Spool(path).note('paused') == 'b'


def test_jobs_are_found_by_the_beginning_of_their_id(spool):
    stored(spool, 'b1c7-1')
    two = stored(spool, 'b1c7-2', source='b')
    assert [entry.job for entry in spool.begins('b1c7')] == ['b1c7-2', 'b1c7-1']
    assert spool.begins('b1c7-2') == [two]
    assert spool.begins('%') == []
    assert spool.last_size('desk1') == (96.0, 134.0)
    assert spool.last_size('desk2') is None


def test_only_young_questions_are_asked(spool):
    one = spool.end(stored(spool), State.unknown, 'printer_lost_job')
    stored(spool, J2)
    assert spool.unknown(60) == [one]
    assert spool.unknown(-60) == []


def test_one_job_for_each_sender(spool):
    one, two = stored(spool), stored(spool, source='b')
    assert one.seq != two.seq
    newer = stored(spool, dispatch=2)
    assert spool.find('a', J1).dispatch == 2
    assert spool.get(one.seq) is None
    assert spool.get(two.seq) is not None
    assert newer.seq > two.seq


def test_jobs_come_in_order_of_arrival(spool):
    stored(spool, J1, State.waiting)
    two = stored(spool, J2)
    stored(spool, J3)
    stored(spool, J0, printer='desk2')
    assert spool.next('desk1') == two
    assert spool.next('nope') is None
    assert spool.depths() == {'desk1': 3, 'desk2': 1}


def test_an_update_keeps_the_place_in_the_queue(spool):
    one = stored(spool, J1, State.waiting)
    stored(spool, J2)
    updated = spool.update(one, make_job(J1, dispatch=7, go=True), PDF)
    assert (updated.seq, updated.dispatch, updated.state) == (one.seq, 7, State.go)
    assert spool.next('desk1').job == J1


def test_the_intent_is_written_once(spool):
    entry = stored(spool)
    assert spool.begin_submit(entry, 'tag')
    assert not spool.begin_submit(entry, 'tag')
    submitting = spool.get(entry.seq)
    assert (submitting.state, submitting.tag, submitting.gone) == (State.submitting, 'tag', False)
    assert spool.left_at_printer('desk1') == [submitting]
    printing = spool.printing(submitting, '42')
    assert (printing.state, printing.handle) == (State.printing, '42')


def test_an_intent_can_be_undone(spool):
    entry = stored(spool)
    spool.begin_submit(entry, 'tag')
    assert spool.undo_submit(entry) == entry
    assert spool.left_at_printer('desk1') == []


@pytest.mark.parametrize('state', [State.waiting, State.returned])
def test_without_permission_there_is_no_intent(spool, state):
    entry = stored(spool, state=state)
    assert not spool.begin_submit(entry, 'tag')
    assert spool.get(entry.seq).state is state


def test_a_job_ends_only_from_the_state_that_was_seen(spool):
    entry = stored(spool)
    spool.begin_submit(entry, 'tag')
    assert spool.end(entry, State.returned, 'too_late') is None
    assert spool.get(entry.seq).state is State.submitting


def test_ends_stay_until_they_are_acknowledged(spool):
    entry = spool.end(stored(spool), State.failed, 'media-jam', 'Jam.')
    assert spool.unacked('a') == [entry]
    assert spool.unacked('b') == []
    spool.ack(entry)
    assert spool.unacked('a') == []
    assert spool.find('a', J1).state is State.failed
    assert spool.purge() == 0
    assert spool.purge(older_than=-1) == 1
    assert spool.find('a', J1) is None


def test_what_was_not_acknowledged_is_never_purged(spool):
    spool.end(stored(spool), State.failed)
    assert spool.purge(older_than=-1) == 0


def test_what_cups_may_still_have_is_remembered(spool):
    entry = stored(spool)
    spool.begin_submit(entry, 'tag')
    entry = spool.end(spool.printing(entry, '1'), State.unknown)
    assert spool.left_at_printer('desk1') == [entry]
    assert spool.printers() == ['desk1']
    spool.note_gone(entry)
    assert spool.left_at_printer('desk1') == []


def test_a_newer_number_needs_another_ack(spool):
    entry = spool.end(stored(spool), State.completed)
    spool.ack(entry)
    assert spool.renumber(entry, 9).dispatch == 9
    assert [e.dispatch for e in spool.unacked('a')] == [9]


def test_expiry_is_counted_from_receipt(spool):
    before = time.time()
    entry = stored(spool, expires_in=60.0)
    assert before + 60 <= entry.expires <= time.time() + 60


def test_a_newer_file_is_left_alone(path):
    Spool(path).close()
    db = sqlite3.connect(path)
    db.execute('PRAGMA user_version = 99')
    db.close()
    with pytest.raises(SpoolError, match='newer print agent'):
        Spool(path)


def test_a_failed_transaction_leaves_nothing(spool):
    def torn():
        with spool.transaction():
            spool._db.execute(queries.SET_META, {'key': 'x', 'value': 'y'})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        torn()
    assert spool._db.execute(queries.GET_META, {'key': 'x'}).fetchone() is None

"""The journal: what is committed survives, what is deleted is gone, and states only move as they may."""

import sqlite3
import time

import pytest
from agent_fakes import PDF, make_job

from print_agent import spool_sql
from print_agent.rules import State
from print_agent.spool import Spool, SpoolError


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'state' / 'spool.sqlite3'


@pytest.fixture
def spool(path):
    spool = Spool(path)
    yield spool
    spool.close()


def stored(spool, job='j1', state=State.go, source='a', **kwargs):
    return spool.store(source, make_job(job, **kwargs), PDF, state=state)


def test_a_job_survives_in_the_file(spool, path):
    entry = stored(spool)
    other = Spool(path)
    assert other.id == spool.id
    assert other.find('a', 'j1') == entry
    assert other.document(entry.seq) == PDF
    assert (entry.printer, entry.width_mm, entry.title) == ('desk1', 96.0, 'badge j1')


def test_the_file_is_durable_private_and_forgetful(spool, path):
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    pragma = {name: spool._db.execute(f'PRAGMA {name}').fetchone()[0]
              for name in ('journal_mode', 'synchronous', 'secure_delete', 'user_version')}
    assert pragma == {'journal_mode': 'wal', 'synchronous': 2, 'secure_delete': 1,
                      'user_version': spool_sql.SCHEMA_VERSION}


def test_nothing_personal_is_kept(spool, path):
    entry = stored(spool)
    dump = '\n'.join(spool._db.iterdump())
    assert 'Zoë' not in dump
    assert 'Ångström' not in dump
    spool.end(entry, State.returned, 'too_late')
    assert spool.document(entry.seq) is None


def test_one_job_for_each_sender(spool):
    one, two = stored(spool), stored(spool, source='b')
    assert one.seq != two.seq
    again = stored(spool, dispatch=2)
    assert spool.find('a', 'j1').dispatch == 2
    assert spool.get(one.seq) is None
    assert spool.get(two.seq) is not None
    assert again.seq > two.seq


def test_jobs_come_in_order_of_arrival(spool):
    stored(spool, 'j1', State.waiting)
    two = stored(spool, 'j2')
    stored(spool, 'j3')
    stored(spool, 'j0', printer='desk2')
    assert spool.next('desk1') == two
    assert spool.next('nope') is None
    assert spool.depths() == {'desk1': 3, 'desk2': 1}


def test_an_update_keeps_the_place_in_the_line(spool):
    one = stored(spool, 'j1', State.waiting)
    stored(spool, 'j2')
    updated = spool.update(one, make_job('j1', dispatch=7, go=True), PDF)
    assert (updated.seq, updated.dispatch, updated.state) == (one.seq, 7, State.go)
    assert spool.next('desk1').job == 'j1'


def test_the_intent_is_written_once(spool):
    entry = stored(spool)
    assert spool.begin_submit(entry, 'tag')
    assert not spool.begin_submit(entry, 'tag')
    submitting = spool.get(entry.seq)
    assert (submitting.state, submitting.tag, submitting.settled) == (State.submitting, 'tag', False)
    assert spool.left_at_printer('desk1') == [submitting]
    printing = spool.printing(submitting, '42')
    assert (printing.state, printing.handle) == (State.printing, '42')


def test_an_intent_can_be_taken_back(spool):
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
    assert spool.find('a', 'j1').state is State.failed
    assert spool.purge() == 0
    assert spool.purge(older_than=-1) == 1
    assert spool.find('a', 'j1') is None


def test_what_was_not_acknowledged_is_never_purged(spool):
    spool.end(stored(spool), State.failed)
    assert spool.purge(older_than=-1) == 0


def test_what_cups_may_still_have_is_remembered(spool):
    entry = stored(spool)
    spool.begin_submit(entry, 'tag')
    entry = spool.end(spool.printing(entry, '1'), State.unknown)
    assert spool.left_at_printer('desk1') == [entry]
    assert spool.printers() == ['desk1']
    spool.settled(entry)
    assert spool.left_at_printer('desk1') == []


def test_a_newer_number_has_to_be_acknowledged_again(spool):
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


def test_garbage_is_refused_in_words(tmp_path):
    path = tmp_path / 'spool.sqlite3'
    path.write_bytes(b'this is no database, but long enough to look at' * 30)
    with pytest.raises(SpoolError, match='not a usable spool'):
        Spool(path)


def test_a_failed_transaction_leaves_nothing(spool):
    def torn():
        with spool.transaction():
            spool._db.execute(spool_sql.SET_META, {'key': 'x', 'value': 'y'})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        torn()
    assert spool._db.execute(spool_sql.GET_META, {'key': 'x'}).fetchone() is None

"""A spool that breaks, a disk that is full, and what is left of a badge that was deleted."""

import asyncio
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.badges import J1, J2, J3, make_job, pdf
from tests.fakes.desk import Desk
from tests.fakes.disk import FullDisk
from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.program import FOLDERS_ONLY, Running

from print_agent.jobs import pending_ends
from print_agent.protocol import messages as p
from print_agent.spool import database, queries
from print_agent.printing.backend import Outcome
from print_agent.errors import NoRoom
from print_agent.spool.job import State
from print_agent.spool.store import Spool
from print_agent.errors import SpoolCorrupt, SpoolError, SpoolFull


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
    again = Spool.begin(path)
    assert again.find('a', J1)
    assert again.id == spool.id
    again.close()


def test_an_empty_file_is_a_new_spool(path):
    old = filled(path)
    os.truncate(path, 0)
    spool = Spool.begin(path)
    assert spool.id != old
    spool.close()


def test_two_broken_files_in_one_second_do_not_overwrite_each_other(path):
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


# -- a full disk ------------------------------------------------------------------------------------------------------

@pytest.fixture
async def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    await desk.close()


def no_more_pages(spool):
    """SQLite's own limit: the file cannot grow any more."""
    pages = spool.file.raw.execute('PRAGMA page_count').fetchone()[0]
    spool.file.raw.execute(f'PRAGMA max_page_count = {pages}')


def more_pages(spool):
    spool.file.raw.execute('PRAGMA max_page_count = 1000000')


async def test_what_cannot_be_committed_is_returned_and_what_prints_comes_out(desk, caplog):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.until(lambda: desk.state() is State.printing)
    no_more_pages(desk.spool)
    large = PDF + b'\n%' + b'x' * 200_000
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J2, document=large, go=True), large)
    assert desk.heard[-1] == p.Returned(job=J2, dispatch=1, reason='disk_full', detail="The disk of the desk's "
                                        'computer is full or cannot be written to.')
    assert p.Accepted(job=J2, dispatch=1) not in desk.heard
    assert desk.spool.find('a', J2) is None
    assert 'no new badges are taken' in caplog.text
    assert desk.jobs.full == 'disk_full'
    # no matter how small the next one is
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J3), PDF)
    desk.backend.gate.set()
    await desk.until(lambda: p.Completed(job=J1, dispatch=1) in desk.heard)
    assert desk.state() is State.completed
    more_pages(desk.spool)
    assert desk.spool.file.find_room()
    await desk.jobs.receive('a', make_job(J2, document=large), large)
    assert desk.heard[-1] == p.Accepted(job=J2, dispatch=1)


async def test_an_older_dispatch_is_void_when_the_newer_one_has_no_room(desk):
    desk.start()
    desk.backend.ready = None
    await desk.jobs.receive('a', make_job(J1), PDF)
    no_more_pages(desk.spool)
    large = PDF + b'\n%' + b'x' * 200_000
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J1, dispatch=2, document=large, go=True), large)
    desk.jobs.go('a', p.Go(job=J1, dispatch=2))
    await asyncio.sleep(0.1)
    assert desk.backend.submitted == []


async def test_what_may_come_out_here_is_not_returned_for_want_of_room(desk, monkeypatch):
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.until(lambda: p.Printing(job=J1, dispatch=1) in desk.heard)
    disk = FullDisk(desk.spool, monkeypatch)
    with pytest.raises(NoRoom):
        await desk.jobs.receive('a', make_job(J1, dispatch=2, go=True), PDF)
    assert desk.outcomes == []
    disk.full = False
    desk.backend.gate.set()
    assert await desk.ends() == [p.Completed(job=J1, dispatch=1)]


async def test_ends_survive_a_disk_that_takes_nothing(desk, monkeypatch):
    monkeypatch.setattr(pending_ends, 'SAVE_INTERVAL', 0.0)
    desk.backend.gate.clear()
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.jobs.receive('a', make_job(J2, go=True, print_within=0.2), PDF)
    await desk.until(lambda: desk.state() is State.printing)
    disk = FullDisk(desk.spool, monkeypatch)
    desk.backend.gate.set()
    # both are said, and said again, although neither can be written
    await desk.until(lambda: len(desk.outcomes) == 2)
    assert {type(m) for m in desk.outcomes} == {p.Completed, p.Returned}
    assert set(desk.jobs.owed('a')) == set(desk.outcomes)
    assert {h.state for h in desk.jobs.hello('a', '', ()).holding} == {'completed', 'returned'}
    assert desk.state() is State.printing
    # words that cannot be carried out harm nothing
    desk.jobs.go('a', p.Go(job=J2, dispatch=1))
    assert len(desk.backend.submitted) == 1
    disk.full = False
    await desk.until(lambda: desk.state() is State.completed and desk.state(J2) is State.returned)
    assert desk.outcomes[2] == desk.outcomes[1]  # the go for what was returned gets the same answer
    assert len(desk.backend.submitted) == 1


async def test_without_the_intent_on_disk_nothing_is_handed_over(desk, monkeypatch):
    await desk.jobs.receive('a', make_job(J1, go=True, print_within=0.5), PDF)
    disk = FullDisk(desk.spool, monkeypatch)
    desk.start()
    (returned,) = await desk.ends()
    assert (type(returned), returned.reason) == (p.Returned, 'disk_full')
    assert desk.backend.submitted == []
    disk.full = False


async def test_a_handover_that_cannot_be_noted_is_followed_all_the_same(desk, monkeypatch):
    desk.backend.gate.clear()
    real, disks = desk.backend.submit, []

    async def submit(printer, sheet):
        disks.append(FullDisk(desk.spool, monkeypatch))
        return await real(printer, sheet)

    desk.backend.submit = submit
    desk.start()
    await desk.jobs.receive('a', make_job(J1, go=True), PDF)
    await desk.until(lambda: desk.backend.submitted)
    desk.backend.gate.set()
    desk.backend.end = Outcome('failed', 'media-jam', 'Jam.')
    (end,) = await desk.ends()
    assert (type(end), end.reason) == (p.Failed, 'media-jam')
    disks[0].full = False
    await desk.until(lambda: desk.state() is State.failed)


def test_the_reserve_is_deleted_for_outcomes_and_restored(path):
    filled(path)
    spool = Spool.begin(path)
    reserve = path.with_name('reserve')
    assert reserve.stat().st_size == database.RESERVE_BYTES
    assert not spool.file.full
    # giving it up is what makes room for an end
    assert spool.file._give_up_reserve()
    assert not reserve.exists()
    assert not spool.file._give_up_reserve()
    spool.file.find_room()
    assert reserve.stat().st_size == database.RESERVE_BYTES
    spool.close()


def test_a_disk_that_became_read_only_has_no_room_however_much_is_free(path, caplog):
    filled(path)
    spool = Spool.begin(path)
    spool.file.raw.execute('PRAGMA query_only = ON')  # the same error as on such a disk
    with pytest.raises(SpoolFull, match='read-only'):
        spool.store('a', make_job('late'), PDF, state=State.go)
    assert spool.file.full
    for _ in range(2):
        assert not spool.file.find_room()
        assert spool.file.full
    assert 'takes badges again' not in caplog.text
    spool.file.raw.execute('PRAGMA query_only = OFF')
    assert spool.file.find_room()
    spool.store('a', make_job('late'), PDF, state=State.go)
    spool.close()


#: Runs on a file system of 24 MiB: fills it, and prints what the spool does.
ON_A_SMALL_DISK = """
import json, os, sys
from pathlib import Path
from tests.fakes.badges import PDF, make_job
from print_agent.jobs.decisions import State
from print_agent.spool.store import Spool
from print_agent.errors import SpoolFull
disk = Path(sys.argv[1])
spool = Spool.begin(disk / 'state' / 'spool.sqlite3')
found = {'full at first': spool.file.full}
spool.store('a', make_job('old'), PDF, state=State.go)
spool.begin_submit(spool.find('a', 'old'), 'tag')
file = os.open(disk / 'holiday.jpg', os.O_WRONLY | os.O_CREAT)
try:
    while True:
        os.write(file, b'x' * 4096)
except OSError as exc:
    found['disk'] = exc.strerror
os.close(file)
try:
    spool.store('a', make_job('new'), PDF * 100, state=State.go)
    found['new'] = 'kept'
except SpoolFull as exc:
    found['new'] = 'no room'
found['new is there'] = spool.find('a', 'new') is not None
found['full'] = spool.file.full
old = spool.printing(spool.find('a', 'old'), '1')
found['old'] = spool.end(old, State.completed).state.value
found['room again too early'] = spool.file.find_room()
(disk / 'holiday.jpg').unlink()
found['room again'] = spool.file.find_room()
spool.store('a', make_job('new'), PDF * 100, state=State.go)
spool.close()
again = Spool.begin(disk / 'state' / 'spool.sqlite3')
found['after all'] = [entry.state.value for entry in again.recent()]
print(json.dumps(found))
"""


#: Ways to a mount namespace of one's own: where users may have them, as root, with sudo, and as root in a chroot, where
#: nobody can say that mounts are to stay inside. So it is always unmounted again.
NAMESPACES = (['unshare', '--user', '--map-root-user', '--mount'], ['unshare', '--mount'],
              ['sudo', '-n', 'unshare', '--mount'], ['unshare', '--mount', '--propagation', 'unchanged'])
SMALL_DISK = """
    set -e
    mount -t tmpfs -o size=24m none "$1"
    trap 'umount "$1"' EXIT
    test -z "$2" || PYTHONPATH="$4" "$2" -c "$3" "$1"
"""


def namespace(disk):
    """The first way that lets us mount something here."""
    for way in NAMESPACES:
        if shutil.which(way[0]) and subprocess.run([*way, 'sh', '-c', SMALL_DISK, 'sh', disk], capture_output=True,
                                                   check=False).returncode == 0:
            return way
    pytest.fail('A small disk cannot be mounted here: allow user namespaces, or run the tests as root.')


def test_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / 'disk'
    disk.mkdir()
    here = Path(__file__).parent
    done = subprocess.run(
        [*namespace(disk), 'sh', '-c', SMALL_DISK, 'sh', disk, sys.executable, ON_A_SMALL_DISK,
         f'{here}:{here.parents[1]}'], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        'full at first': False, 'disk': 'No space left on device', 'new': 'no room', 'new is there': False,
        'full': True, 'old': 'completed', 'room again too early': False, 'room again': True,
        'after all': ['go', 'completed']}
    assert 'no new badges are taken' in done.stderr


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
    spool.tidy()
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

"""A disk that is full, or takes nothing at all: new badges are returned, outcomes are kept."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from print_agent.errors import NoRoom, SpoolFull
from print_agent.jobs import pending_outcomes
from print_agent.printing.backend import Outcome
from print_agent.protocol import messages as p
from print_agent.spool import database
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, J2, J3, make_job, pdf
from tests.fakes.desk import Desk
from tests.fakes.disk import FullDisk


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


async def test_what_cannot_be_committed_is_returned(desk, caplog):
    """What cannot be committed is returned and what prints comes out."""
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


async def test_no_room_for_a_newer_dispatch(desk):
    """An older dispatch is void when the newer one has no room."""
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
    monkeypatch.setattr(pending_outcomes, 'SAVE_INTERVAL', 0.0)
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


async def test_no_room_to_note_a_handover(desk, monkeypatch):
    """A handover that cannot be noted is followed all the same."""
    desk.backend.gate.clear()
    real, disks = desk.backend.submit, []

    async def submit(printer, request):
        disks.append(FullDisk(desk.spool, monkeypatch))
        return await real(printer, request)

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


def test_a_disk_that_became_read_only(path, caplog):
    """A disk that became read only has no room however much is free."""
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
reopened = Spool.begin(disk / 'state' / 'spool.sqlite3')
found['after all'] = [entry.state.value for entry in reopened.recent()]
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
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [*namespace(disk), 'sh', '-c', SMALL_DISK, 'sh', disk, sys.executable, ON_A_SMALL_DISK, root],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        'full at first': False, 'disk': 'No space left on device', 'new': 'no room', 'new is there': False,
        'full': True, 'old': 'completed', 'room again too early': False, 'room again': True,
        'after all': ['go', 'completed']}
    assert 'no new badges are taken' in done.stderr

"""How many badges an agent holds."""

import pytest

from print_agent.errors import SpoolFull
from print_agent.jobs import capacity
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, PDF, make_job
from tests.fakes.disk import FullDisk


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / 'spool.sqlite3')
    spool.store('a', make_job(J1), PDF, state=State.waiting)
    yield spool
    spool.close()


def test_there_is_room(spool):
    assert capacity.shortage(spool) == ''


@pytest.mark.parametrize(('limit', 'value'), [('MAX_HELD', 1), ('MAX_BYTES', len(PDF))])
def test_jobs_and_bytes_are_limited(spool, monkeypatch, limit, value):
    monkeypatch.setattr(capacity, limit, value)
    assert capacity.shortage(spool) == 'spool_full'
    # what has ended takes no room
    spool.end(spool.find('a', J1), State.returned)
    assert capacity.shortage(spool) == ''


def test_a_full_disk_is_said_first(spool, monkeypatch):
    monkeypatch.setattr(capacity, 'MAX_HELD', 1)
    FullDisk(spool, monkeypatch)
    with pytest.raises(SpoolFull):
        spool.end(spool.find('a', J1), State.returned)
    assert capacity.shortage(spool) == 'disk_full'

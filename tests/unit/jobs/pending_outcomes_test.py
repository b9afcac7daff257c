"""Outcomes that the disk had no room for are written when it has."""

from dataclasses import replace

import pytest

from print_agent.jobs.pending_outcomes import SAVE_INTERVAL, PendingOutcomes
from print_agent.runtime import clock
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, PDF, make_job
from tests.fakes.disk import FullDisk


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / 'spool.sqlite3')
    yield spool
    spool.close()


@pytest.fixture
def pending(spool):
    return PendingOutcomes(spool)


@pytest.fixture
def entry(spool):
    return spool.store('a', make_job(J1), PDF, state=State.waiting)


def ended(entry):
    return replace(entry, state=State.returned, reason='disk_full', detail='No room.')


def test_what_is_known_counts_before_it_is_written(pending, entry):
    assert pending.latest(entry) is entry
    pending.keep(ended(entry))
    assert entry.seq in pending
    assert pending.latest(entry).state is State.returned


def test_it_is_written_when_there_is_room(pending, entry, spool, monkeypatch):
    disk = FullDisk(spool, monkeypatch)
    pending.keep(ended(entry))
    pending.save()
    assert (entry.seq in pending, spool.get(entry.seq).state) == (True, State.waiting)
    disk.full = False
    # not asked for each tick
    pending.tick(clock.now())
    assert entry.seq in pending
    pending.tick(clock.now() + SAVE_INTERVAL)
    assert entry.seq not in pending
    assert (spool.get(entry.seq).state, spool.get(entry.seq).reason) == (State.returned, 'disk_full')


def test_what_was_assigned_anew_meanwhile_is_left_alone(pending, entry, spool):
    pending.keep(ended(replace(entry, dispatch=0)))
    pending.save()
    assert (entry.seq in pending, spool.get(entry.seq).state) == (False, State.waiting)

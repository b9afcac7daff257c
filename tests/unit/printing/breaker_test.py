"""Printers whose circuit breaker opens and closes."""

import pytest

from print_agent.printing.breaker import CANCELED, MAX_TRIES, POLICY, PrinterBreakers


class World:
    def __init__(self):
        self.now = 100.0
        self.breakers = PrinterBreakers(lambda: self.now)
        self.changes = 0
        self.breakers.changed = self._changed

    def _changed(self):
        self.changes += 1


@pytest.fixture
def world():
    return World()


def test_a_failure_opens_the_breaker_for_an_interval(world):
    assert world.breakers.blocked_by('p') == ''
    assert world.breakers.failed('p', 'job', 'engine_failed')
    assert [world.breakers.blocked_by(printer) for printer in ('p', 'other')] == ['engine_failed', '']
    assert world.changes == 1
    world.now += POLICY.first - 0.1
    assert world.breakers.blocked_by('p')
    world.now += 0.1
    assert world.breakers.blocked_by('p') == ''


def test_the_interval_doubles_until_a_badge_comes_out(world):
    intervals = []
    for number in range(6):
        world.breakers.failed('p', f'job{number}', 'rejected')
        start = world.now
        while world.breakers.blocked_by('p'):
            world.now += 0.5
        intervals.append(world.now - start)
    assert intervals == [min(POLICY.first * 2 ** n, POLICY.longest) for n in range(6)]
    world.breakers.succeeded('p')
    world.breakers.failed('p', 'job', 'rejected')
    world.now += POLICY.first
    assert world.breakers.blocked_by('p') == ''


def test_a_badge_is_tried_three_times_at_one_printer(world):
    tries = [world.breakers.failed('p', 'job', 'rejected') for _ in range(MAX_TRIES)]
    assert tries == [True] * (MAX_TRIES - 1) + [False]
    assert world.breakers.failed('p', 'another', 'rejected')
    assert world.breakers.failed('q', 'job', 'rejected')


def test_two_cancelled_badges_in_a_row_are_the_printers_fault(world):
    assert not world.breakers.canceled('p')
    assert not world.breakers.canceled('q')
    world.breakers.succeeded('p')
    assert not world.breakers.canceled('p')
    world.now += CANCELED.window + 1
    assert not world.breakers.canceled('p')
    world.now += CANCELED.window - 1
    assert world.breakers.canceled('p')
    assert world.breakers.canceled('p')


def test_a_stuck_badge_blocks_the_printer(world):
    world.breakers.stalled('p', 'media-empty')
    world.breakers.stalled('p', 'media-empty')
    assert (world.breakers.blocked_by('p'), world.changes) == ('media-empty', 1)
    world.breakers.stalled('p', '')
    assert (world.breakers.blocked_by('p'), world.changes) == ('', 2)

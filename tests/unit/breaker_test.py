"""Printers that are set aside and come back."""

import pytest

from print_agent.printing.breaker import CANCELED, MAX_TRIES, POLICY, PrinterBreakers


class World:
    def __init__(self):
        self.now = 100.0
        self.breakers = PrinterBreakers(lambda: self.now)
        self.told = 0
        self.breakers.changed = self._tell

    def _tell(self):
        self.told += 1


@pytest.fixture
def world():
    return World()


def test_a_printer_that_failed_rests_and_is_back_by_itself(world):
    assert world.breakers.blocked_by('p') == ''
    assert world.breakers.failed('p', 'job', 'engine_failed')
    assert (world.breakers.blocked_by('p'), world.breakers.blocked_by('other'), world.told) == ('engine_failed', '', 1)
    world.now += POLICY.first - 0.1
    assert world.breakers.blocked_by('p')
    world.now += 0.1
    assert world.breakers.blocked_by('p') == ''


def test_it_rests_longer_while_it_goes_on_to_fail_until_a_badge_comes_out(world):
    rests = []
    for number in range(6):
        world.breakers.failed('p', f'job{number}', 'rejected')
        start = world.now
        while world.breakers.blocked_by('p'):
            world.now += 0.5
        rests.append(world.now - start)
    assert rests == [min(POLICY.first * 2 ** n, POLICY.longest) for n in range(6)]
    world.breakers.succeeded('p')
    world.breakers.failed('p', 'job', 'rejected')
    world.now += POLICY.first
    assert world.breakers.blocked_by('p') == ''


def test_a_badge_that_one_printer_fails_again_and_again_has_failed(world):
    tries = [world.breakers.failed('p', 'job', 'rejected') for _ in range(MAX_TRIES)]
    assert tries == [True] * (MAX_TRIES - 1) + [False]
    assert world.breakers.failed('p', 'another', 'rejected')
    assert world.breakers.failed('q', 'job', 'rejected')


def test_one_cancelled_badge_may_be_a_persons_wish_and_a_series_is_not(world):
    assert not world.breakers.canceled('p')
    assert not world.breakers.canceled('q')
    world.breakers.succeeded('p')
    assert not world.breakers.canceled('p')
    world.now += CANCELED.window + 1
    assert not world.breakers.canceled('p')
    world.now += CANCELED.window - 1
    assert world.breakers.canceled('p')
    assert world.breakers.canceled('p')


def test_a_badge_that_does_not_get_on_sets_the_printer_aside_while_it_lasts(world):
    world.breakers.stalled('p', 'media-empty')
    world.breakers.stalled('p', 'media-empty')
    assert (world.breakers.blocked_by('p'), world.told) == ('media-empty', 1)
    world.breakers.stalled('p', '')
    assert (world.breakers.blocked_by('p'), world.told) == ('', 2)

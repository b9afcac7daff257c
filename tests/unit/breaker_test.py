"""Printers that are set aside and come back."""

import pytest

from print_agent.printing.breaker import IN_A_ROW, POLICY, TRIES, PrinterBreakers


class World:
    def __init__(self):
        self.now = 100.0
        self.health = PrinterBreakers(lambda: self.now)
        self.told = 0
        self.health.changed = self._tell

    def _tell(self):
        self.told += 1


@pytest.fixture
def world():
    return World()


def test_a_printer_that_failed_rests_and_is_back_by_itself(world):
    assert world.health.trouble('p') == ''
    assert world.health.failed('p', 'job', 'engine_failed')
    assert (world.health.trouble('p'), world.health.trouble('other'), world.told) == ('engine_failed', '', 1)
    world.now += POLICY.first - 0.1
    assert world.health.trouble('p')
    world.now += 0.1
    assert world.health.trouble('p') == ''


def test_it_rests_longer_while_it_goes_on_to_fail_until_a_badge_comes_out(world):
    rests = []
    for number in range(6):
        world.health.failed('p', f'job{number}', 'rejected')
        start = world.now
        while world.health.trouble('p'):
            world.now += 0.5
        rests.append(world.now - start)
    assert rests == [min(POLICY.first * 2 ** n, POLICY.longest) for n in range(6)]
    world.health.works('p')
    world.health.failed('p', 'job', 'rejected')
    world.now += POLICY.first
    assert world.health.trouble('p') == ''


def test_a_badge_that_one_printer_fails_again_and_again_has_failed(world):
    assert [world.health.failed('p', 'job', 'rejected') for _ in range(TRIES)] == [True] * (TRIES - 1) + [False]
    assert world.health.failed('p', 'another', 'rejected')
    assert world.health.failed('q', 'job', 'rejected')


def test_one_cancelled_badge_may_be_a_persons_wish_and_a_series_is_not(world):
    assert not world.health.canceled('p')
    assert not world.health.canceled('q')
    world.health.works('p')
    assert not world.health.canceled('p')
    world.now += IN_A_ROW + 1
    assert not world.health.canceled('p')
    world.now += IN_A_ROW - 1
    assert world.health.canceled('p')
    assert world.health.canceled('p')


def test_a_badge_that_does_not_get_on_sets_the_printer_aside_while_it_lasts(world):
    world.health.stalled('p', 'media-empty')
    world.health.stalled('p', 'media-empty')
    assert (world.health.trouble('p'), world.told) == ('media-empty', 1)
    world.health.stalled('p', '')
    assert (world.health.trouble('p'), world.told) == ('', 2)

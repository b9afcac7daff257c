"""The clock of deadlines."""

from print_agent.runtime import clock


def test_the_clock_counts_sleep():
    assert clock._ID in {7, 6}  # CLOCK_BOOTTIME of Linux, CLOCK_MONOTONIC of macOS: see clock_gettime(2)
    before = clock.now()
    assert clock.now() >= before


def test_a_lapse_is_noticed_once(monkeypatch):
    lapse = clock.SleepDetector(5.0)
    assert lapse.check() == 0
    real = clock.now
    monkeypatch.setattr(clock, 'now', lambda: real() + 60)
    assert 60 <= lapse.check() < 70
    assert lapse.check() == 0

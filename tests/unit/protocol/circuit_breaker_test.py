"""The circuit breaker that both sides use."""

from hypothesis import given
from hypothesis import strategies as st

from print_agent.protocol.circuit_breaker import Breaker, Policy, State


POLICY = Policy(threshold=3, first=30, longest=300, window=600)


def failed(times, policy=POLICY, every=1.0):
    breaker = Breaker()
    for n in range(times):
        breaker = breaker.failed(n * every, policy)
    return breaker


def test_closed_until_the_threshold():
    assert Breaker().state(0) is State.closed
    assert failed(2).state(2) is State.closed
    assert failed(3).state(2) is State.open


def test_half_open_after_the_interval():
    breaker = failed(3)
    assert breaker.probe_at == 32
    assert breaker.state(31.9) is State.open
    assert breaker.state(32) is State.half_open


def test_each_failed_probe_doubles_the_interval():
    assert [POLICY.interval(n) for n in range(8)] == [0, 0, 0, 30, 60, 120, 240, 300]
    assert POLICY.interval(10 ** 9) == 300


def test_failures_far_apart_are_not_in_a_row():
    assert failed(9, every=601).state(9 * 601) is State.closed
    assert failed(9, every=600).failures == 9


@given(st.lists(st.floats(0, 1e6), max_size=30), st.integers(1, 6))
def test_it_opens_at_the_threshold(gaps, threshold):
    """It opens at the threshold and never for longer than the longest."""
    policy, now, breaker = Policy(threshold, 5, 60), 0.0, Breaker()
    for gap in gaps:
        now += gap
        breaker = breaker.failed(now, policy)
        assert (breaker.state(now) is State.open) == (breaker.failures >= threshold)
        assert breaker.state(now + 60) is not State.open

"""When a breaker opens, how long it waits, and what closes it: the rules alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.delivery import breaker
from indico_checkin_print.delivery.breaker import LONGEST_ASKED, POLICIES, Breaker
from indico_checkin_print.delivery.retry import Verdict


THRESHOLD = POLICIES['data'].threshold


def after(before, verdict, kind='data', retry_after=None):
    return breaker.after(before, verdict, kind, retry_after, random=lambda: 0)


def failed(count, kind='data'):
    found = Breaker()
    for __ in range(count):
        found = after(found, Verdict.retry, kind)
    return found


def test_it_opens_after_failures_in_a_row():
    assert failed(THRESHOLD - 1) == Breaker(THRESHOLD - 1)
    assert failed(THRESHOLD) == Breaker(THRESHOLD, is_open=True, wait=POLICIES['data'].first)
    # one that works in between begins anew
    assert after(failed(THRESHOLD - 1), Verdict.delivered) == Breaker()


@pytest.mark.parametrize(('kind', 'waits'), [
    ('badge', [5, 10, 20, 40, 60, 60]),
    ('data', [15, 30, 60, 120, 240, 300, 300]),
])
def test_probes_come_at_growing_intervals(kind, waits):
    assert [failed(THRESHOLD + n, kind).wait for n in range(len(waits))] == waits
    assert failed(10_000, kind).wait == POLICIES[kind].longest


@pytest.mark.parametrize('verdict', [Verdict.delivered, Verdict.permanent, Verdict.gone])
def test_an_answer_that_is_about_the_message_closes_it(verdict):
    assert after(failed(THRESHOLD + 3), verdict) == Breaker()


def test_a_refused_url_is_no_failure():
    """A URL that is not allowed says nothing about the receiver."""
    assert after(failed(2), Verdict.refused) == Breaker(2)
    assert after(failed(THRESHOLD), Verdict.refused).is_open


@pytest.mark.parametrize(('kind', 'asked', 'waits'), [
    ('data', 40, 40), ('data', 7, 15), ('data', 10**6, 24 * 3600), ('badge', 10**6, 300)])
def test_retry_after(kind, asked, waits):
    assert after(failed(THRESHOLD - 1), Verdict.throttled, kind, asked).wait == waits
    # and a closed one leaves the receiver alone for as long as it asks
    assert after(Breaker(), Verdict.throttled, kind, asked) == Breaker(1, wait=min(asked, LONGEST_ASKED[kind]))


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.none() | st.floats(0, 1e6))), st.sampled_from(['badge', 'data']),
       st.floats(0, 1))
def test_it_never_gets_stuck(answers, kind, random):
    found = Breaker()
    for verdict, retry_after in answers:
        before, found = found, breaker.after(found, verdict, kind, retry_after, lambda: random)
        assert 0 <= found.wait <= LONGEST_ASKED[kind] * (1 + breaker.JITTER)
        # it opens only by a failure, and one that is open always has a next probe
        assert before.is_open or not found.is_open or found.failures >= THRESHOLD
        assert not found.is_open or found.wait or verdict == Verdict.refused
    assert breaker.after(found, Verdict.delivered, kind) == Breaker()

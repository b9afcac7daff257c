"""What an answer means and when to try again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.delivery.post import PostError
from indico_checkin_print.delivery.retry import RETRIED, Verdict, next_delay, verdict


def middle():
    return 0.5


@pytest.mark.parametrize(('statuses', 'expected'), [
    ([200, 201, 202, 204, 299], Verdict.delivered),
    ([410], Verdict.gone),
    ([429, 502, 503, 504], Verdict.throttled),
    ([400, 413, 415, 422], Verdict.permanent),
    ([100, 101, 199, 300, 301, 302, 304, 307, 308, 401, 403, 404, 405, 408, 409, 418, 425, 499, 500, 501, 505, 599,
      600, 999], Verdict.retry),
])
def test_statuses(statuses, expected):
    for status in statuses:
        assert verdict(status) == expected


def test_errors():
    for error in PostError:
        assert verdict(error=error) == (Verdict.refused if error == PostError.refused_url else Verdict.retry)


@given(st.integers(100, 999))
def test_only_2xx_is_delivered(status):
    assert (verdict(status) == Verdict.delivered) == (status // 100 == 2)


def test_retried():
    assert {Verdict.retry, Verdict.throttled} == RETRIED


def test_badge_schedule():
    assert [next_delay(i, 'badge', random=middle) for i in range(10)] == [0, 2, 5, 15, 30, 60, 120, 300, 300, 300]
    assert next_delay(1000, 'badge', random=middle) == 300


def test_data_schedule():
    delays = [next_delay(i, 'data', random=middle) for i in range(11)]
    assert delays == [0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400, None]
    assert next_delay(1000, 'data', retry_after=5) is None


def test_retry_after():
    def _at(*args, **kwargs):
        return next_delay(*args, **kwargs, random=lambda: 0)

    assert _at(1, 'badge', retry_after=17) == 17
    assert _at(3, 'badge', retry_after=1) == 12
    assert _at(2, 'badge', retry_after=4.5) == 4.5
    # a badge that waits for an hour is no badge
    assert _at(1, 'badge', retry_after=3600) == 300
    assert _at(1, 'data', retry_after=3600) == 3600
    assert _at(1, 'data', retry_after=0) == _at(1, 'data') == 4


@given(st.integers(0, 30), st.sampled_from(['badge', 'data']), st.none() | st.floats(0, 86400), st.floats(0, 1))
def test_bounds(attempt, kind, retry_after, chance):
    delay = next_delay(attempt, kind, retry_after, lambda: chance)
    if delay is None:
        assert kind == 'data'
        assert attempt >= 10
        return
    usual = next_delay(attempt, kind, random=middle)
    asked = min(retry_after or 0, 300 if kind == 'badge' else 86400)
    assert asked <= delay <= 1.2 * max(usual, asked) + 1e-6
    assert delay >= 0.8 * usual - 1e-6


def test_jitter_spreads():
    assert len({next_delay(5, 'badge') for _i in range(100)}) > 90


def test_unknown_kind():
    with pytest.raises(ValueError, match='kind'):
        next_delay(0, 'ticket')

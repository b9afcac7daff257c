"""Waits: they grow, are spread, and a server may ask for more, but not for ever."""

import pytest

from print_agent.connection import backoff
from print_agent.connection.backoff import Backoff


def test_waits_grow_to_a_minute_and_are_spread():
    backoff = Backoff()
    waits = [backoff.next() for _ in range(50)]
    assert all(0.1 * min(2 ** n, 60) <= wait <= min(2 ** n, 60) for n, wait in enumerate(waits))
    assert len(set(waits[10:])) > 30
    backoff.reset()
    assert backoff.next() <= 1
    assert all(30 <= backoff.slow() <= 60 for _ in range(20))


@pytest.mark.parametrize(('header', 'seconds'), [
    ('5', 5), (' 7 ', 7), ('0', 0), ('', 0), ('-3', 0), ('1e9', 0), ('9' * 400, backoff.MAX_RETRY_AFTER),
    ('86400', backoff.MAX_RETRY_AFTER), ('Sat, 21 Nov 2026 10:00:00 GMT', 0), ('²', 0)])
def test_a_server_may_ask_for_a_pause_but_not_for_ever(header, seconds):
    assert backoff.retry_after(header) == seconds

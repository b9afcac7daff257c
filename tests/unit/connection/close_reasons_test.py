"""What the end of a connection means, in words."""

import pytest

from print_agent.connection.close_reasons import Why, closed, other_version, refused
from print_agent.protocol import messages as p


@pytest.mark.parametrize(('code', 'why'), [
    (1009, Why.too_large), (4000, Why.version), (4001, Why.replaced), (4003, Why.rejected), (1001, Why.lost),
    (1006, Why.lost), (1012, Why.lost), (1013, Why.lost)])
def test_close_codes(code, why):
    end = closed(code, 7.0)
    assert (end.why, end.lasted) == (why, 7.0)
    assert str(code) not in end.text


def test_a_code_that_nobody_knows_is_named():
    assert (closed(4999, 0).why, '4999' in closed(4999, 0).text) == (Why.lost, True)


@pytest.mark.parametrize(('status', 'why', 'waits'), [
    (401, Why.rejected, False), (407, Why.no_relay, False), (413, Why.too_large, True), (429, Why.lost, True),
    (404, Why.no_relay, True), (503, Why.no_relay, True)])
def test_refused_with_a_status(status, why, waits):
    end = refused(status, '20')
    assert end.why is why
    assert end.wait == (20 if waits else 0)


def test_whom_to_update():
    assert 'update the print agent' in other_version(p.PROTOCOL + 1)
    assert 'administrator' in other_version(p.PROTOCOL - 1)

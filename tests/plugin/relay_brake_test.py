"""Connecting again and again has a brake, which nobody feels who connects as agents do."""

import http
from types import SimpleNamespace

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from indico_checkin_print.relay.brake import Brake
from indico_checkin_print.relay.metrics import Metrics
from indico_checkin_print.relay.server import CONNECT_EVERY, CONNECTS, PATH, UNKNOWN_TOKENS, Relay


class Tokens:
    """A database that knows the tokens ``icpa_1``, ``icpa_2`` and so on."""

    listening = True

    async def call(self, _function, token, **_kwargs):
        return int(token.removeprefix('icpa_')) if token.startswith('icpa_') else None


@pytest.fixture
def relay():
    return Relay(Tokens(), Metrics(), None)


@pytest.fixture
def upgrade(relay):
    """Return a function that asks for a websocket, and returns the answer (``None``: yes)."""
    import asyncio

    def _upgrade(token, address='192.0.2.1', headers=()):
        request = Request(PATH, Headers([('Authorization', f'Bearer {token}'), *headers]))
        return asyncio.run(relay._admit(SimpleNamespace(remote_address=(address, 1)), request))
    return _upgrade


def test_a_brake():
    now = [1000.0]
    brake = Brake(3, 10, size=2, clock=lambda: now[0])
    assert [brake.hit('a') for __ in range(4)] == [0, 0, 0, 10]
    assert brake.wait('a') == 10
    assert brake.hit('b') == 0
    now[0] += 10
    assert [brake.hit('a'), brake.hit('a')] == [0, 10]
    brake.hit('c')
    assert brake.wait('b') == 0
    assert len(brake._left) == 2


def test_an_agent_that_connects_again_and_again_has_to_wait(upgrade):
    assert [upgrade('icpa_1') for __ in range(CONNECTS)] == [None] * CONNECTS
    answer = upgrade('icpa_1')
    assert answer.status_code == http.HTTPStatus.TOO_MANY_REQUESTS
    assert 1 <= int(answer.headers['Retry-After']) <= CONNECT_EVERY + 6
    assert upgrade('icpa_2') is None


def test_a_thousand_agents_behind_one_address_come_back_at_once(upgrade):
    assert not any(upgrade(f'icpa_{number}') for number in range(1000))


@pytest.mark.parametrize(('address', 'headers'), [
    ('192.0.2.1', ()), ('127.0.0.1', [('X-Forwarded-For', '192.0.2.7')])])
def test_unknown_tokens_are_not_tried_for_ever(upgrade, address, headers):
    statuses = [upgrade(f'no_{number}', address, headers).status_code for number in range(UNKNOWN_TOKENS + 1)]
    assert statuses == [401] * UNKNOWN_TOKENS + [429]
    assert upgrade('no_1', '198.51.100.1').status_code == 401


def test_behind_a_proxy_that_does_not_tell_nobody_waits_for_others(upgrade):
    assert {upgrade('no', '127.0.0.1').status_code for __ in range(UNKNOWN_TOKENS + 1)} == {401}

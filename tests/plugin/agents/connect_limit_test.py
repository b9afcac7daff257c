"""Connecting again and again is limited, and nobody notices who connects as agents do."""

import asyncio
import http
from collections import Counter
from types import SimpleNamespace

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request

from indico_checkin_print.agents import inbound
from indico_checkin_print.agents.connect_limit import ConnectLimit
from indico_checkin_print.credentials import digest
from indico_checkin_print.relay.metrics import Metrics
from indico_checkin_print.relay.server import CONNECT_BURST, CONNECT_INTERVAL, PATH, UNKNOWN_TOKEN_BURST, Relay


class Database:
    """A database that knows some tokens, and counts what it is asked."""

    listening = True

    def __init__(self):
        self.agents = {f'icpa_{number}': number for number in range(1100)}
        self.calls = Counter()

    async def call(self, function, *args, **_kwargs):
        self.calls[function.__name__] += 1
        await asyncio.sleep(0)
        if function is inbound.token_digests:
            return frozenset(map(digest, self.agents))
        return self.agents.get(*args)


@pytest.fixture
def database():
    return Database()


@pytest.fixture
def relay(database):
    return Relay(database, Metrics(), None)


@pytest.fixture
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def upgrades(relay, runner):
    """Return a function that asks for websockets at the same time, and returns the answers (``None``: yes)."""
    async def _ask(tokens, address, headers):
        return await asyncio.gather(*(relay._admit(
            SimpleNamespace(remote_address=(address, 1)),
            Request(PATH, Headers([('Authorization', f'Bearer {token}'), *headers]))) for token in tokens))

    def _upgrades(tokens, address='192.0.2.1', headers=()):
        return [answer and answer.status_code for answer in runner.run(_ask(tokens, address, headers))]
    return _upgrades


@pytest.fixture
def upgrade(relay, runner):
    """Return a function that asks for a websocket, and returns the answer (``None``: yes)."""
    def _upgrade(token, address='192.0.2.1', headers=()):
        request = Request(PATH, Headers([('Authorization', f'Bearer {token}'), *headers]))
        return runner.run(relay._admit(SimpleNamespace(remote_address=(address, 1)), request))
    return _upgrade


def test_the_limit_of_a_key():
    now = [1000.0]
    limit = ConnectLimit(3, 10, size=2, clock=lambda: now[0])
    assert [limit.hit('a') for __ in range(4)] == [0, 0, 0, 10]
    assert limit.wait('a') == 10
    assert limit.hit('b') == 0
    now[0] += 10
    assert [limit.hit('a'), limit.hit('a')] == [0, 10]
    limit.hit('c')
    assert limit.wait('b') == 0
    assert len(limit._left) == 2


def test_an_agent_that_connects_again_and_again_has_to_wait(upgrade):
    assert [upgrade('icpa_1') for __ in range(CONNECT_BURST)] == [None] * CONNECT_BURST
    answer = upgrade('icpa_1')
    assert answer.status_code == http.HTTPStatus.TOO_MANY_REQUESTS
    assert 1 <= int(answer.headers['Retry-After']) <= CONNECT_INTERVAL + 6
    assert upgrade('icpa_2') is None


def test_a_thousand_agents_behind_one_address_come_back_at_once(upgrade):
    assert not any(upgrade(f'icpa_{number}') for number in range(1000))


FLOOD = [f'icpa_wrong_{number}' for number in range(1000)]


@pytest.mark.parametrize(('address', 'headers'), [
    ('192.0.2.1', ()), ('127.0.0.1', [('X-Forwarded-For', '192.0.2.7')]), ('127.0.0.1', ())])
def test_unknown_tokens_are_not_tried_for_ever(upgrade, upgrades, database, address, headers):
    answers = upgrades(FLOOD, address, headers)
    assert answers == [401] * UNKNOWN_TOKEN_BURST + [429] * (len(FLOOD) - UNKNOWN_TOKEN_BURST)
    answer = upgrade('no', address, headers)
    assert (answer.status_code, answer.headers['Retry-After'].isdecimal()) == (429, True)
    # however many they were, the database was asked once
    assert database.calls == {'token_digests': 1}
    assert upgrade('no', '198.51.100.1').status_code == 401


def test_good_tokens_from_the_same_address_get_in_during_a_flood(upgrade, upgrades, database):
    """Behind it there may be a whole conference; also a laptop that is paired now."""
    upgrades(FLOOD)
    database.agents['icpa_new'] = 5000
    assert upgrades([*FLOOD, 'icpa_1', 'icpa_new'])[-2:] == [None, None]
    assert database.calls == {'token_digests': 2, 'authenticate': 2}


def test_tokens_that_can_be_none_cost_nothing(upgrades, database):
    upgrades(['', 'no', 'indp_1', 'icpa_' + 'x' * 100])
    assert not database.calls


def test_a_token_that_was_revoked_is_unknown_at_once(upgrade, database):
    assert upgrade('icpa_1') is None
    del database.agents['icpa_1']
    assert [upgrade('icpa_1').status_code for __ in range(2)] == [401, 401]
    assert upgrade('icpa_2') is None


def test_the_networks_of_ipv6_count_as_one_address(upgrades):
    answers = [upgrades(['no'], f'2001:db8:1:2::{number:x}')[0] for number in range(UNKNOWN_TOKEN_BURST + 1)]
    assert answers == [401] * UNKNOWN_TOKEN_BURST + [429]
    assert upgrades(['no'], '2001:db8:1:3::1') == [401]
    assert upgrades(['no'], '::ffff:192.0.2.9') == [401]

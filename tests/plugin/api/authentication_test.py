"""Tokens of polling agents: wrong ones cost no query each, and keep no good one out."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from uuid import uuid4

import pytest

from indico.util.date_time import now_utc

from print_agent.protocol.messages import Welcome

from indico_checkin_print.agents import inbound
from indico_checkin_print.agents.connect_limit import UNKNOWN_TOKEN_BURST, UNKNOWN_TOKEN_INTERVAL
from indico_checkin_print.api import agents as agents_api
from indico_checkin_print.api.authentication import MIN_READ_INTERVAL, Authenticator
from indico_checkin_print.credentials import digest
from tests.plugin.api_fixtures import API, poll


pytestmark = pytest.mark.usefixtures('fresh_limits')


@pytest.mark.parametrize(('token', 'error'), [(None, 'unknown_token'), ('icpa_x', 'unknown_token'),
                                              ('indp_x', 'unknown_token')])
def test_polls_need_a_token(post, agent, token, error):
    assert poll(post, token=token) == (401, error)


def test_wrong_tokens_cost_no_query_each(db, post, agent, test_client, monkeypatch, mocker):
    now = [1000.0]
    monkeypatch.setattr(agents_api, 'authenticator', Authenticator(clock=lambda: now[0]))
    looked_up, read = mocker.spy(inbound, 'authenticate'), mocker.spy(inbound, 'token_digests')
    for number in range(UNKNOWN_TOKEN_BURST):
        assert poll(post, token=f'icpa_{number}') == (401, 'unknown_token')
    for number in range(50):
        assert poll(post, token=f'icpa_another{number}') == (429, 'too_often')
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'})
    assert (response.status_code, response.headers['Retry-After']) == (429, str(UNKNOWN_TOKEN_INTERVAL))
    assert (looked_up.call_count, read.call_count) == (UNKNOWN_TOKEN_BURST, 1)
    # a good one from the same address is heard all the same
    assert [type(message) for message in poll(post)] == [Welcome]
    # also one that was issued meanwhile, a moment later
    agent.token_hash = digest('icpa_new')
    db.session.flush()
    assert poll(post, token='icpa_new') == (429, 'too_often')
    now[0] += MIN_READ_INTERVAL / 2
    assert poll(post, token='icpa_new') == (429, 'too_often')
    now[0] += MIN_READ_INTERVAL / 2
    assert [type(message) for message in poll(post, token='icpa_new')] == [Welcome]
    # and a revoked one is not
    agent.revoked_dt = now_utc()
    db.session.flush()
    assert poll(post, token='icpa_new') == (401, 'unknown_token')


def test_wrong_tokens_of_others_count_for_their_own_address(post, agent, test_client):
    for number in range(UNKNOWN_TOKEN_BURST + 1):
        poll(post, token=f'icpa_{number}')
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'},
                               environ_base={'REMOTE_ADDR': '192.0.2.77'})
    assert response.status_code == 401


def test_good_tokens_wait_for_the_read_of_good_ones(mocker):
    """The first read in a process may take a moment, and a laptop that comes meanwhile is not to blame."""
    authenticator, begun, may_resume = Authenticator(clock=lambda: 1000.0), threading.Event(), threading.Event()

    def _read():
        begun.set()
        assert may_resume.wait(10)
        return frozenset({digest('icpa_one'), digest('icpa_two')})

    mocker.patch.object(inbound, 'token_digests', _read)
    mocker.patch.object(inbound, 'authenticate', lambda token: None if 'wrong' in token else 7)
    for __ in range(UNKNOWN_TOKEN_BURST):
        authenticator.find('icpa_wrong', '192.0.2.1')
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(authenticator.find, 'icpa_one', '192.0.2.1')
        assert begun.wait(10)
        second = threads.submit(authenticator.find, 'icpa_two', '192.0.2.1')
        wait([second], 0.2)
        may_resume.set()
        assert (first.result(10), second.result(10)) == (7, 7)


def test_polls_without_an_address(post, agent, test_client):
    """As through a Unix socket."""
    response = test_client.get(f'{API}/document/{uuid4()}/1', headers={'Authorization': 'Bearer icpa_x'},
                               environ_overrides={'REMOTE_ADDR': None})
    assert response.status_code == 401


def test_a_revoked_token(db, post, agent):
    agent.revoked_dt = now_utc()
    db.session.flush()
    assert poll(post) == (401, 'unknown_token')

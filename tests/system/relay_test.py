"""Who may connect to the relay, what happens to nonsense, and that a revoked agent is out at once."""

import hashlib
import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from print_agent.protocol.messages import MAX_MESSAGE


#: The id of a job that Indico does not have
STRANGER = '00000000-0000-4000-8000-0000000000ff'


HELLO = {'type': 'hello', 'protocol': 1, 'spool': 'a-spool', 'software': 'test/1',
         'printers': [{'name': 'none', 'state': 'idle'}]}


@pytest.fixture
def relay(stack):
    """The address of the relay, without a scheme."""
    return f'127.0.0.1:{stack.relay_port}'


@pytest.fixture
def agent(stack):
    """The id and the token of an agent that is paired already."""
    token = f'icpa_{secrets.token_urlsafe(32)}'
    digest = hashlib.sha256(token.encode()).hexdigest()
    agent_id, = stack.postgres.sql('indico', f"""
        INSERT INTO plugin_checkin_print.agents (event_id, name, token_hash, software, spool, link, printers, paired_dt,
                                                 created_dt)
        VALUES ({stack.seeded["event"]["id"]}, 'Relay test', '{digest}', '', '', '', '[]', now(), now()) RETURNING id
    """)
    yield int(agent_id), token
    revoke(stack, agent_id)


def revoke(stack, agent_id):
    stack.postgres.sql('indico', f"""
        UPDATE plugin_checkin_print.agents SET revoked_dt = now() WHERE id = {agent_id};
        NOTIFY checkin_print, 'agent {agent_id}'
    """)


@pytest.fixture
def token(agent):
    return agent[1]


def link(relay, token, path='/checkin-print/ws', *, address=None):
    """Open a websocket.

    :param address: From where it comes, as nginx would say it
    """
    headers = {'Authorization': f'Bearer {token}'} if token else {}
    if address:
        headers['X-Forwarded-For'] = address
    return connect(f'ws://{relay}{path}', additional_headers=headers, compression=None, open_timeout=30)


def database_calls(relay):
    """How often the relay asked the database about tokens."""
    text = requests.get(f'http://{relay}/metrics', timeout=10).text
    return sum(int(float(line.split()[-1])) for line in text.splitlines()
               if 'database_calls_total' in line and ('"authenticate"' in line or '"token_digests"' in line))


def say(ws, message):
    ws.send(message if isinstance(message, str) else json.dumps(message))


def hear(ws):
    return json.loads(ws.recv(timeout=20))


def welcome(ws):
    say(ws, HELLO)
    answer = hear(ws)
    assert answer['type'] == 'welcome', answer
    return answer


def test_health(relay):
    answer = requests.get(f'http://{relay}/healthz', timeout=10)
    assert answer.status_code == 200
    assert answer.json()['database'] is True


@pytest.mark.parametrize(('token', 'path', 'status'), [
    (None, '/checkin-print/ws', 401),
    ('icpa_wrong', '/checkin-print/ws', 401),
    ('indp_wrong', '/checkin-print/ws', 401),
    ('icpa_wrong', '/elsewhere', 404),
])
def test_refused_before_the_upgrade(relay, token, path, status):
    with pytest.raises(InvalidStatus) as excinfo, link(relay, token, path):
        pass
    assert excinfo.value.response.status_code == status
    assert json.loads(excinfo.value.response.body)['message']


def test_a_flood_of_wrong_tokens_gets_429_and_keeps_nobody_out(relay, token):
    """All from one address, as laptops behind one router."""
    def _try(number):
        with pytest.raises(InvalidStatus) as excinfo, link(relay, f'icpa_wrong_{number}', address='198.51.100.7'):
            pass
        return excinfo.value.response

    before = database_calls(relay)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(_try, range(250)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert len(refused) > 100
    for answer in refused:
        assert json.loads(answer.body)['error'] == 'too_often'
        assert 1 <= int(answer.headers['Retry-After']) <= 300
    assert database_calls(relay) - before < 50
    with link(relay, token, address='198.51.100.7') as ws:
        assert welcome(ws)['name'] == 'Relay test'


def test_one_agent_that_connects_too_often_gets_429(relay, token):
    def _try(_number):
        try:
            with link(relay, token):
                return None
        except InvalidStatus as exc:
            return exc.response

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(_try, range(40)))
    assert answers.count(None) >= 20
    refused = [answer for answer in answers if answer is not None]
    assert refused
    assert {answer.status_code for answer in refused} == {429}
    assert all('Retry-After' in answer.headers for answer in refused)


def test_welcome(relay, token):
    with link(relay, token) as ws:
        assert welcome(ws)['name'] == 'Relay test'


def test_another_version_is_refused_in_words(relay, token):
    with link(relay, token) as ws:
        say(ws, {**HELLO, 'protocol': 2})
        answer = hear(ws)
        assert (answer['type'], answer['code']) == ('error', 'version')
        with pytest.raises(ConnectionClosed) as excinfo:
            hear(ws)
        assert excinfo.value.rcvd.code == 4000


def test_the_link_of_the_last_hello_is_the_one_that_counts(stack, relay, agent):
    agent_id, token = agent
    with link(relay, token) as first:
        welcome(first)
        # somebody else comes, says nothing and goes: the first is still the one
        with link(relay, token):
            time.sleep(0.5)
        with link(relay, token) as second:
            time.sleep(0.5)  # whatever the relay does about the newcomer, it does before the hello
            welcome(second)
            with pytest.raises(ConnectionClosed) as excinfo:
                hear(first)
            assert excinfo.value.rcvd.code == 4001
            with link(relay, token):
                time.sleep(0.5)
            revoke(stack, agent_id)
            with pytest.raises(ConnectionClosed) as excinfo:
                hear(second)
            assert excinfo.value.rcvd.code == 4003


@pytest.mark.parametrize('nonsense', ['{', '[]', '{"type": "nothing"}', '{"type": "accepted"}', '"', 'null',
                                      '{"type": "drain", "reason": "\\u0000"}'])
def test_nonsense_is_answered_and_survived(relay, token, nonsense):
    with link(relay, token) as ws:
        welcome(ws)
        say(ws, nonsense)
        answer = hear(ws)
        assert answer['type'] == 'error'
        assert answer['code'] == ('unknown_type' if 'nothing' in nonsense else 'bad_message')
        say(ws, {'type': 'completed', 'job': STRANGER, 'dispatch': 1, 'and': 'fields of a later version'})
        assert hear(ws)['type'] == 'ack'


def test_much_nonsense_ends_the_link(relay, token):
    def _insist(ws):
        for __ in range(50):
            say(ws, '{')
            hear(ws)

    with link(relay, token) as ws:
        welcome(ws)
        with pytest.raises(ConnectionClosed) as excinfo:
            _insist(ws)
    assert excinfo.value.rcvd.code == 1008


def test_a_frame_that_is_too_large_ends_the_link(relay, token):
    with link(relay, token) as ws:
        welcome(ws)
        say(ws, 'x' * (MAX_MESSAGE + 1))
        with pytest.raises(ConnectionClosed) as excinfo:
            hear(ws)
    assert excinfo.value.rcvd.code == 1009


def test_without_a_hello_there_is_nothing(relay, token):
    with link(relay, token) as ws:
        say(ws, {'type': 'heartbeat'})
        assert hear(ws)['code'] == 'version'


def test_the_newest_link_wins(relay, token):
    with link(relay, token) as first:
        welcome(first)
        with link(relay, token) as second:
            welcome(second)
            with pytest.raises(ConnectionClosed) as excinfo:
                hear(first)
            assert excinfo.value.rcvd.code == 4001
            say(second, {'type': 'completed', 'job': STRANGER, 'dispatch': 1})
            assert hear(second)['type'] == 'ack'


def test_a_revoked_agent_is_out_at_once(stack, relay, agent):
    agent_id, token = agent
    with link(relay, token) as ws:
        welcome(ws)
        revoke(stack, agent_id)
        with pytest.raises(ConnectionClosed) as excinfo:
            hear(ws)
        assert excinfo.value.rcvd.code == 4003
    with pytest.raises(InvalidStatus) as excinfo, link(relay, token):
        pass
    assert excinfo.value.response.status_code == 401

"""Pairing: a code that works once, and guessing that does not."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.api import pairing
from indico_checkin_print.credentials import digest, new_code, normalize_code
from indico_checkin_print.models.agents import Agent
from tests.plugin.api_fixtures import API


pytestmark = pytest.mark.usefixtures('fresh_limits')


@pytest.mark.parametrize('typed', [str, str.lower, lambda c: f' {c.replace("-", " ")} '])
def test_pair(post, unpaired, typed):
    agent, code = unpaired
    status, answer = post('/pair', {'code': typed(code), 'software': 'x/1', 'hostname': 'laptop'})
    assert status == 200, answer
    assert answer['token'].startswith('icpa_')
    assert answer['agent'] == {'id': agent.id, 'name': 'Laptop'}
    assert answer['poll'].endswith(f'{API}/poll')
    assert answer['stream'].startswith('ws')
    assert agent.is_paired
    assert agent.token_hash == digest(answer['token'])


def test_a_code_works_once(post, unpaired):
    __, code = unpaired
    assert post('/pair', {'code': code})[0] == 200
    status, answer = post('/pair', {'code': code})
    assert (status, answer['error']) == (403, 'wrong_code')
    assert 'Make a new one' in answer['message']


def test_an_expired_code(post, unpaired):
    agent, code = unpaired
    agent.code_expires_dt = now_utc() - timedelta(seconds=1)
    assert post('/pair', {'code': code})[0] == 403
    assert not agent.is_paired


@pytest.mark.parametrize('code', ['', 'wrong', '?' * 40])
def test_a_wrong_code(post, unpaired, code):
    assert post('/pair', {'code': code})[0] == 403


@pytest.mark.parametrize('body', [b' ', b'{', b'[]', b'{"code": 1}', b'\xff', b'{"code": "' + b'x' * 41 + b'"}',
                                  b'{"code": "\\u0000"}'])
def test_no_pairing_message(post, body):
    status, answer = post('/pair', body)
    assert (status, answer['error']) == (400, 'bad_message')


def test_guessing_is_slow(post, unpaired):
    for __ in range(10):
        assert post('/pair', {'code': 'wrong'})[0] == 403
    for code in ('wrong', unpaired[1]):
        status, answer = post('/pair', {'code': code})
        assert (status, answer['error']) == (429, 'too_many_tries')
    assert not unpaired[0].is_paired


def test_guessing_from_many_addresses_is_slow_too(post, unpaired, mocker):
    mocker.patch.object(pairing, 'wrong_codes_from_here')
    limit = pairing.wrong_codes_in_all()
    while limit.hit():
        pass
    assert post('/pair', {'code': unpaired[1]})[0] == 429


def test_many_laptops_behind_one_address(db, dummy_event, post):
    for number in range(12):
        code = new_code()
        db.session.add(Agent(event_id=dummy_event.id, name=f'Laptop {number}', code_hash=digest(normalize_code(code)),
                             code_expires_dt=now_utc() + timedelta(minutes=15)))
        db.session.flush()
        assert post('/pair', {'code': code})[0] == 200


@pytest.mark.parametrize('code', ['good', 'wrong'])
def test_no_guessing_without_the_counters(post, unpaired, mocker, code):
    import redis
    limit = mocker.patch.object(pairing, 'wrong_codes_in_all').return_value
    limit.test.side_effect = limit.hit.side_effect = redis.exceptions.ConnectionError
    assert post('/pair', {'code': unpaired[1] if code == 'good' else code})[0] == 503

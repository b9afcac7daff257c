"""Whose requests count as those of a kiosk: paired by a code, not revoked, of an event that runs."""

from datetime import timedelta

import pytest
import redis.exceptions

from indico.core import signals
from indico.modules.events.features.util import set_feature_enabled
from indico.util.date_time import now_utc

from indico_checkin_print.api import pairing
from indico_checkin_print.credentials import digest, new_code, normalize_code
from indico_checkin_print.desk.kiosk import base
from indico_checkin_print.desk.kiosk.base import COOKIE, HEADER
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.jobs import Job
from tests.plugin.desk.kiosk.conftest import TOKEN


pytestmark = pytest.mark.usefixtures('no_kick', 'fresh_limits')


@pytest.fixture
def waiting(make_kiosk, event):
    """A kiosk that waits for its code, and the code."""
    code = new_code()
    return make_kiosk('', code_hash=digest(normalize_code(code)), paired_dt=None,
                      code_expires_dt=now_utc() + timedelta(minutes=15)), code


@pytest.fixture
def pair(browse):
    def _pair(code):
        client = browse().client
        return client, client.post('/kiosk/pair', json={'code': code}, headers={HEADER: '1'})
    return _pair


def test_pair(pair, waiting, db):
    kiosk, code = waiting
    client, response = pair(f' {code.lower()} ')
    assert response.status_code == 200, response.data
    cookie = client.get_cookie(COOKIE, path='/kiosk/')
    assert digest(cookie.value) == kiosk.token_hash
    assert cookie.value not in response.get_data(as_text=True)
    assert (cookie.path, cookie.http_only, cookie.same_site, cookie.secure) == ('/kiosk/', True, 'Strict', False)
    assert kiosk.is_paired
    assert 'Scan your ticket' in client.get('/kiosk/').get_data(as_text=True)


def test_the_cookie_is_secure_where_indico_is(pair, waiting, mocker):
    config = mocker.Mock(BASE_URL='https://indico.example.com', DEFAULT_LOCALE='en_GB')
    mocker.patch.object(base, 'config', config)
    client, __ = pair(waiting[1])
    assert client.get_cookie(COOKIE, path='/kiosk/').secure


def test_a_code_works_once_and_not_for_ever(pair, waiting, db):
    kiosk, code = waiting
    assert pair(code)[1].status_code == 200
    assert pair(code)[1].status_code == 403
    kiosk.code_hash, kiosk.code_expires_dt = digest(normalize_code(code)), now_utc() - timedelta(seconds=1)
    db.session.flush()
    status, answer = (lambda x: (x.status_code, x.json))(pair(code)[1])
    assert (status, answer['error']) == (403, 'wrong_code')


def test_guessing_codes_is_limited(pair, waiting):
    assert [pair('wrong')[1].status_code for __ in range(11)] == [403] * 10 + [429]
    assert pair(waiting[1])[1].status_code == 429
    assert not waiting[0].is_paired


def test_without_the_counters_nobody_pairs(pair, waiting, mocker):
    limit = mocker.Mock()
    limit.test.side_effect = redis.exceptions.ConnectionError
    mocker.patch.object(pairing, 'wrong_codes_from_here', return_value=limit)
    assert pair(waiting[1])[1].status_code == 503


def test_the_code_of_an_agent_pairs_no_kiosk(pair, unpaired):
    assert pair(unpaired[1])[1].status_code == 403
    assert not unpaired[0].is_paired


def test_revoked(ask, kiosk, db, browse, reg, code_of):
    assert ask('alive')[0] == 200
    kiosk.revoked_dt = now_utc()
    db.session.flush()
    for what in ('alive', 'scan', 'print', 'badge', 'call'):
        assert ask(what)[0] == 401
    assert TechCall.query.count() == 0


@pytest.mark.parametrize('how', ['deleted', 'no registration'])
def test_an_event_that_is_over(ask, kiosk, event, db, how):
    if how == 'deleted':
        event.is_deleted = True
    else:
        set_feature_enabled(event, 'registration', False)
    db.session.flush()
    assert ask('alive')[0] == 401


def test_a_locked_event(ask, kiosk, event, reg, code_of):
    event.is_locked = True
    status, answer = ask('scan', {'code': code_of(reg)})
    assert (status, answer['message']) == (403, 'This event is closed. Please go to the desk.')


def test_it_is_heard_of(ask, kiosk, db):
    kiosk.seen_dt = now_utc() - timedelta(hours=1)
    db.session.flush()
    assert not kiosk.is_heard_of
    version = ask('alive')[1]['version']
    assert kiosk.is_heard_of
    kiosk.languages = ['en_US']
    db.session.flush()
    assert ask('alive')[1]['version'] != version


def test_no_session_counts(db, browse, create_user, event, kiosk, reg, code_of):
    """A manager is logged in in the same browser: what the kiosk does is not done by them."""
    user = create_user(300)
    event.update_principal(user, full_access=True)
    client = browse(user).client
    client.set_cookie(COOKIE, TOKEN, path='/kiosk/')
    seen = []
    with signals.event.filter_registration_list.connected_to(lambda form, user: seen.append(user)):
        handle = client.post('/kiosk/scan', json={'code': code_of(reg)}, headers={HEADER: '1'}).json['handle']
        client.post('/kiosk/print', json={'handle': handle}, headers={HEADER: '1'})
    assert set(seen) == {None}
    assert Job.query.one().user_id is None


@pytest.mark.parametrize('body', [b'', b'{', b'[]', b'{"code": 1}', b'\xff', b'{"code": "' + b'x' * 3000 + b'"}',
                                  b'{"code": "' + b'x' * 70_000 + b'"}'])
def test_no_message(browse, kiosk, body):
    client = browse().client
    client.set_cookie(COOKIE, TOKEN, path='/kiosk/')
    response = client.post('/kiosk/scan', data=body, headers={HEADER: '1', 'Content-Type': 'application/json'})
    assert response.status_code in {400, 411, 413}

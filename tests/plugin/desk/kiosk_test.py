"""Kiosks: pairing, a scan, a name, a badge, and what somebody with bad intentions may try."""

import json
from datetime import timedelta

import pytest
import redis.exceptions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from indico.core import signals
from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.util.date_time import now_utc

from indico_checkin_print.api import pairing
from indico_checkin_print.credentials import digest, new_code, normalize_code
from indico_checkin_print.desk import kiosk_base, kiosk_handles, kiosk_limits
from indico_checkin_print.desk.kiosk_base import COOKIE, HEADER, LANGUAGE_HEADER
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.kiosks import Kiosk
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.reasons.codes import Reason


pytestmark = pytest.mark.usefixtures('no_kick', 'fresh_limits')

TOKEN = 'icpk_the-token-of-the-kiosk'


@pytest.fixture
def make_kiosk(db, event, desk):
    def _make(token=TOKEN, name='Entrance', **kwargs):
        device = Device(event=event, token=f'{Device.KIOSK}{token}', name=name, desk=desk)
        kiosk = Kiosk(device=device, **{'place': 'to the right', 'languages': ['en_GB', 'fr_FR'],
                                        'token_hash': digest(token) if token else None, 'paired_dt': now_utc(),
                                        **kwargs})
        db.session.add(kiosk)
        db.session.flush()
        return kiosk
    return _make


@pytest.fixture
def kiosk(app, make_kiosk, form):
    """A paired kiosk at a desk whose form prints."""
    kiosk = make_kiosk()
    with app.test_request_context():
        kiosk_limits.clear(kiosk)
    return kiosk


@pytest.fixture
def ask(db, browse, kiosk):
    """Return a function that asks as the page of a kiosk does, and returns (status, answer)."""
    clients = {}

    def _ask(what, data=None, *, token=TOKEN, headers=None):
        if token not in clients:
            clients[token] = browse().client
            clients[token].set_cookie(COOKIE, token, path='/kiosk/')
        response = clients[token].post(f'/kiosk/{what}', json=data or {}, headers={HEADER: '1', **(headers or {})})
        db.session.expire_all()
        return response.status_code, json.loads(response.data)
    return _ask


@pytest.fixture
def scan(ask, code_of):
    """Return a function that scans the ticket of a registration, and returns the answer."""
    def _scan(registration, person=None, **kwargs):
        status, answer = ask('scan', {'code': code_of(registration, person)}, **kwargs)
        assert status == 200, answer
        return answer
    return _scan


# -- from the ticket to the badge -------------------------------------------------------------------------------------

def test_a_scan_shows_the_name_and_checks_nobody_in(scan, reg):
    answer = scan(reg)
    assert (answer['answer'], answer['name'], answer['badges']) == ('confirm', 'Zoë Müller', 1)
    assert set(answer) == {'answer', 'name', 'badges', 'handle'}
    assert not reg.checked_in
    assert Job.query.count() == 0


@pytest.mark.parametrize(('items', 'name'), [
    (['full_name_c'], 'Zoë MÜLLER'), (['last_name_upper', 'first_name'], 'MÜLLER Zoë'), (['first_name'], 'Zoë'),
    (['first_name', 'full_name_d'], 'Z. MÜLLER'), (['ticket_qr_code'], 'Zoë Müller'), ([], 'Zoë Müller')])
def test_the_name_is_that_of_the_badge(scan, reg, template, items, name):
    template.data = template.data | {'items': [{'type': kind, 'x': 0, 'y': y} for y, kind in enumerate(items)]}
    assert scan(reg)['name'] == name


def test_print_checks_in_and_prints_at_the_desk_of_the_kiosk(ask, scan, reg, kiosk, desk, make_objects, event, form):
    form.desk = make_objects(event).desk
    status, answer = ask('print', {'handle': scan(reg)['handle']})
    assert (status, answer['answer']) == (200, 'printing')
    assert answer['sentence'] == 'Your badge comes out to the right.'
    assert reg.checked_in
    job = Job.query.filter_by(purpose=Job.PURPOSE_BADGE).one()
    assert (job.registration, job.state, job.desk, job.user) == (reg, JobState.queued, desk, None)
    history = JobHistory.query.filter_by(job_id=job.id).one()
    assert (history.actor, history.detail) == (f'kiosk:{kiosk.device_id}', 'desk:device')


def test_what_became_of_the_badge(ask, scan, reg, kiosk, set_job, db):
    answer = ask('print', {'handle': scan(reg)['handle']})[1]
    follow = {'handle': answer['handle']}
    assert ask('badge', follow)[1]['answer'] == 'printing'
    job = Job.query.one()
    set_job(job, state=JobState.completed, reason='printed')
    status, answer = ask('badge', follow)
    assert (status, answer['answer'], answer['word']) == (200, 'out', 'Welcome! Please take your badge')
    assert answer['sentence'] == 'Your badge comes out to the right.'
    assert 'Zoë' not in json.dumps(answer)
    for state in (JobState.held, JobState.failed, JobState.unknown, JobState.expired, JobState.canceled):
        set_job(job, state=state, reason=Reason.unpaid)
        answer = ask('badge', follow)[1]
        assert (answer['answer'], answer['word']) == ('desk', 'Please go to the desk')
        assert 'paid' not in json.dumps(answer)


def test_the_number_of_the_printer(ask, scan, reg, kiosk, desk, agent, set_job, db):
    desk.printers.append(DeskPrinter(position=1, agent=agent, printer='p2'))
    follow = {'handle': ask('print', {'handle': scan(reg)['handle']})[1]['handle']}
    assert ask('badge', follow)[1]['sentence'] == 'Your badge comes out to the right.'
    set_job(Job.query.one(), state=JobState.dispatched, agent_id=agent.id, printer='p2')
    assert ask('badge', follow)[1]['sentence'] == 'Your badge comes out to the right, printer 2.'
    kiosk.place = ''
    db.session.flush()
    assert ask('badge', follow)[1]['sentence'] == 'Your badge comes out at printer 2.'


def test_the_second_scan_says_since_when_and_prints_nothing(ask, scan, reg):
    ask('print', {'handle': scan(reg)['handle']})
    when = reg.checked_in_dt
    answer = scan(reg)
    assert answer['answer'] == 'already_in'
    assert answer['word'].startswith('Already in since ')
    assert 'Zoë' not in json.dumps(answer)
    assert 'handle' not in answer
    assert (Job.query.count(), reg.checked_in_dt) == (1, when)


def test_checked_in_elsewhere_between_scan_and_print(ask, scan, reg, check_in):
    handle = scan(reg)['handle']
    check_in(reg)
    assert ask('print', {'handle': handle})[1]['answer'] == 'already_in'
    assert Job.query.count() == 1


# -- for whom nothing is printed --------------------------------------------------------------------------------------

@pytest.mark.parametrize('state', [RegistrationState.unpaid, RegistrationState.pending, RegistrationState.rejected,
                                   RegistrationState.withdrawn])
def test_the_reason_stays_with_the_desk(scan, create_reg, kiosk, state):
    reg = create_reg(state=state)
    answer = scan(reg)
    assert (answer['answer'], answer['word']) == ('desk', 'Please go to the desk')
    assert set(answer) == {'answer', 'word', 'sentence'}
    assert not reg.checked_in


def test_all_of_them_get_the_same_answer(scan, create_reg, reg, form, kiosk):
    unpaid = scan(create_reg('Una', 'Paid', state=RegistrationState.unpaid))
    with signals.event.is_ticket_blocked.connected_to(lambda registration: True, sender=reg):
        assert scan(reg) == unpaid
    form.enabled = False
    assert scan(reg) == unpaid
    assert not reg.checked_in


def test_unpaid_since_the_scan(ask, scan, reg):
    handle = scan(reg)['handle']
    reg.state = RegistrationState.unpaid
    assert ask('print', {'handle': handle})[1]['answer'] == 'desk'
    assert not reg.checked_in


def test_whom_it_must_not_know_is_an_unknown_code(db, ask, scan, reg, create_event, create_regform, code_of, kiosk):
    unknown = ask('scan', {'code': 'nonsense'})[1]
    assert unknown['answer'] == 'unknown'
    other = create_event(78, title='Another conference')
    set_feature_enabled(other, 'registration', True)
    foreign = Registration(registration_form=create_regform(other), first_name='Olga', last_name='Other',
                           currency='EUR', email='olga@example.test', state=RegistrationState.complete)
    db.session.add(foreign)
    db.session.flush()
    assert scan(foreign) == unknown
    code = json.loads(code_of(reg))
    code['i'][1] = 'another.example'
    code['i'][2] = code['i'][2][::-1]
    assert ask('scan', {'code': json.dumps(code)})[1] == unknown
    with signals.event.filter_registration_list.connected_to(lambda form, user: Registration.last_name != 'Müller'):
        assert scan(reg) == unknown
    reg.is_deleted = True
    assert scan(reg) == unknown
    assert Job.query.count() == 0


def test_a_hidden_person_is_asked_for_once_more_at_print(ask, scan, reg):
    handle = scan(reg)['handle']
    with signals.event.filter_registration_list.connected_to(lambda form, user: Registration.last_name != 'Müller'):
        assert ask('print', {'handle': handle})[1]['answer'] == 'unknown'
    assert not reg.checked_in


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


# -- handles ----------------------------------------------------------------------------------------------------------

def test_a_handle_works_once(ask, scan, reg):
    handle = scan(reg)['handle']
    assert ask('print', {'handle': handle})[0] == 200
    reg.checked_in = False
    status, answer = ask('print', {'handle': handle})
    assert (status, answer['error']) == (410, 'gone')
    assert Job.query.count() == 1


def test_another_scan_ends_it(ask, scan, reg, create_reg):
    handle = scan(reg)['handle']
    scan(create_reg('Ada', 'Next'))
    assert ask('print', {'handle': handle})[0] == 410
    second = scan(reg)['handle']
    ask('scan', {'code': 'nonsense'})
    assert ask('print', {'handle': second})[0] == 410
    assert not reg.checked_in


def test_another_kiosk_cannot_use_it(ask, scan, reg, make_kiosk):
    make_kiosk('icpk_other', 'Exit')
    handle = scan(reg)['handle']
    assert ask('print', {'handle': handle}, token='icpk_other')[0] == 410
    status, answer = ask('print', {'handle': handle})
    assert status == 200
    for what in ('badge', 'call'):
        assert ask(what, {'handle': answer['handle']}, token='icpk_other')[0] == 410
    assert TechCall.query.count() == 0


@pytest.mark.parametrize(('lifetime', 'what'), [('SCAN_LIFETIME', 'print'), ('FOLLOW_LIFETIME', 'badge')])
def test_it_expires(ask, scan, reg, monkeypatch, lifetime, what):
    handle = scan(reg)['handle']
    if what == 'badge':
        handle = ask('print', {'handle': handle})[1]['handle']
    monkeypatch.setattr(kiosk_handles, lifetime, -1)
    assert ask(what, {'handle': handle})[0] == 410


def test_one_kind_is_not_the_other(ask, scan, reg):
    handle = scan(reg)['handle']
    assert ask('badge', {'handle': handle})[0] == 410
    follow = ask('print', {'handle': handle})[1]['handle']
    assert ask('print', {'handle': follow})[0] == 410


@pytest.mark.parametrize('what', ['print', 'badge'])
@pytest.mark.parametrize('handle', ['', 'x', 'a.b.c', '\x00', 'é' * 100])
def test_made_up_handles(ask, what, handle):
    assert ask(what, {'handle': handle})[0] == 410


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200), st.text(max_size=50))
def test_any_code(app, ask, kiosk, code, handler):
    with app.test_request_context():
        kiosk_limits.clear(kiosk)
    status, answer = ask('scan', {'code': code, 'handler': handler, 'by_position': code[::-1]})
    assert (status, answer['answer']) == (200, 'unknown')


@pytest.mark.parametrize('body', [b'', b'{', b'[]', b'{"code": 1}', b'\xff', b'{"code": "' + b'x' * 3000 + b'"}',
                                  b'{"code": "' + b'x' * 70_000 + b'"}'])
def test_no_message(browse, kiosk, body):
    client = browse().client
    client.set_cookie(COOKIE, TOKEN, path='/kiosk/')
    response = client.post('/kiosk/scan', data=body, headers={HEADER: '1', 'Content-Type': 'application/json'})
    assert response.status_code in {400, 411, 413}


# -- limits -----------------------------------------------------------------------------------------------------------

def test_unknown_codes_are_limited(ask, scan, reg, kiosk):
    answers = [ask('scan', {'code': f'wrong {number}'}) for number in range(16)]
    assert [status for status, __ in answers] == [200] * 15 + [429]
    assert answers[-1][1]['message'].startswith('Too many unknown codes.')
    # a good one must reveal nothing either
    status, answer = ask('scan', {'code': 'of a good ticket'})
    assert (status, answer['error']) == (429, 'too_often')


def test_scans_are_limited(ask, code_of, reg, kiosk):
    code = code_of(reg)
    statuses = [ask('scan', {'code': code})[0] for __ in range(61)]
    assert statuses == [200] * 60 + [429]


def test_a_limit_is_of_one_kiosk(ask, make_kiosk, app, kiosk):
    other = make_kiosk('icpk_other', 'Exit')
    with app.test_request_context():
        kiosk_limits.clear(other)
    for number in range(16):
        ask('scan', {'code': f'wrong {number}'})
    assert ask('scan', {'code': 'wrong'}, token='icpk_other')[0] == 200


def test_without_the_counters_people_get_their_badges(ask, scan, reg, mocker):
    limit = mocker.Mock()
    limit.hit.side_effect = limit.test.side_effect = redis.exceptions.ConnectionError
    mocker.patch.dict(kiosk_limits._limits, dict.fromkeys(kiosk_limits._limits, lambda: limit))
    assert ask('print', {'handle': scan(reg)['handle']})[0] == 200


# -- the desk is called -----------------------------------------------------------------------------------------------

def test_something_is_wrong(ask, kiosk, desk, event, scan, reg):
    status, answer = ask('call')
    assert (status, answer['word']) == (200, 'The desk has been called')
    call = TechCall.query.one()
    assert (call.desk, call.user, call.called_by, call.caller) == (desk, None, 'Entrance', 'Kiosk Entrance')
    # once more changes nothing
    assert ask('call')[0] == 200
    assert TechCall.query.one().called_dt == call.called_dt


def test_it_calls_the_desk_of_the_badge(ask, scan, reg, kiosk, make_objects, event, set_job):
    handle = ask('print', {'handle': scan(reg)['handle']})[1]['handle']
    other = make_objects(event).desk
    set_job(Job.query.filter_by(purpose=Job.PURPOSE_BADGE).one(), desk_id=other.id)
    assert ask('badge', {'handle': handle})[1]['sentence'] == 'Your badge comes out at this desk: North'
    ask('call', {'handle': handle})
    assert TechCall.query.one().desk == other


def test_the_kiosk_has_no_desk_any_more(ask, kiosk, desk, db, scan, reg, make_objects, event, form):
    other = make_objects(event).desk
    desk.is_deleted = True
    db.session.flush()
    ask('call')
    assert TechCall.query.one().desk == other
    ask('print', {'handle': scan(reg)['handle']})
    assert Job.query.filter_by(purpose=Job.PURPOSE_BADGE).one().desk == other
    other.is_deleted = True
    db.session.flush()
    assert ask('call')[1]['answer'] == 'desk'


def test_calls_are_limited(ask, kiosk):
    assert [ask('call')[0] for __ in range(7)] == [200] * 6 + [429]


# -- pairing ----------------------------------------------------------------------------------------------------------

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
    mocker.patch.object(kiosk_base, 'config', config)
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


# -- the page ---------------------------------------------------------------------------------------------------------

def test_it_is_heard_of(ask, kiosk, db):
    kiosk.seen_dt = now_utc() - timedelta(hours=1)
    db.session.flush()
    assert not kiosk.is_heard_of
    version = ask('alive')[1]['version']
    assert kiosk.is_heard_of
    kiosk.languages = ['fr_FR']
    db.session.flush()
    assert ask('alive')[1]['version'] != version


def test_languages(ask, kiosk, browse, db):
    client = browse().client
    client.set_cookie(COOKIE, TOKEN, path='/kiosk/')
    html = client.get('/kiosk/').get_data(as_text=True)
    assert 'Français' in html
    assert 'Deutsch' not in html
    for wanted in ('fr_FR', 'de_DE', '', 'x' * 100):
        assert ask('scan', {'code': 'x'}, headers={LANGUAGE_HEADER: wanted})[0] == 200
    kiosk.languages = ['xx_XX']
    db.session.flush()
    assert 'Scan your ticket' in client.get('/kiosk/').get_data(as_text=True)


def test_the_page_names_nobody(ask, scan, reg, browse):
    ask('print', {'handle': scan(reg)['handle']})
    client = browse().client
    client.set_cookie(COOKIE, TOKEN, path='/kiosk/')
    assert 'Müller' not in client.get('/kiosk/').get_data(as_text=True)

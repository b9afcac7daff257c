"""Kiosks: a scan becomes a name, the name a check-in and a badge, and somebody is called if not."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indico.core import signals
from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print.desk.kiosk import limits
from indico_checkin_print.desk.kiosk.base import COOKIE, LANGUAGE_HEADER
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.desk.kiosk.conftest import TOKEN


pytestmark = pytest.mark.usefixtures('no_kick', 'fresh_limits')


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


# -- checked in at the entrance --------------------------------------------------------------------------------------

@pytest.fixture
def entrance(db, event, check_in, kiosk):
    """Return a function that checks somebody in where nothing prints, and returns the badge."""
    db.session.add(EventSetup(event=event, sources=['kiosk'], badge_desk=True))
    return lambda registration: check_in(registration)[0]


def test_the_badge_of_somebody_who_is_in_already(entrance, ask, scan, reg, kiosk, desk):
    badge = entrance(reg)
    when = reg.checked_in_dt
    answer = scan(reg)
    assert (answer['answer'], answer['name'], answer['badges']) == ('confirm', 'Zoë Müller', 1)
    assert badge.state == JobState.held
    status, answer = ask('print', {'handle': answer['handle']})
    assert (status, answer['answer'], answer['sentence']) == (200, 'printing', 'Your badge comes out to the right.')
    assert (Job.query.one(), badge.state, badge.desk, reg.checked_in_dt) == (badge, JobState.queued, desk, when)
    step = badge.history[-1]
    assert (step.reason, step.detail, step.actor) == (Reason.scanned, 'desk:device', f'kiosk:{kiosk.device_id}')
    assert ask('badge', {'handle': answer['handle']})[1]['answer'] == 'printing'
    assert scan(reg)['answer'] == 'already_in'


def test_at_the_scan_station_between_scan_and_print(entrance, ask, scan, reg, set_job):
    badge = entrance(reg)
    handle = scan(reg)['handle']
    set_job(badge, state=JobState.queued, reason='scanned')
    assert ask('print', {'handle': handle})[1]['answer'] == 'already_in'
    assert len(badge.history) == 1


def test_who_has_not_paid_goes_to_the_desk(entrance, scan, create_reg):
    reg = create_reg(state=RegistrationState.unpaid)
    badge = entrance(reg)
    assert scan(reg)['answer'] == 'desk'
    assert badge.state == JobState.held


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


# -- any code ---------------------------------------------------------------------------------------------------------

@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200), st.text(max_size=50))
def test_any_code(app, ask, kiosk, code, handler):
    with app.test_request_context():
        limits.clear(kiosk)
    status, answer = ask('scan', {'code': code, 'handler': handler, 'by_position': code[::-1]})
    assert (status, answer['answer']) == (200, 'unknown')


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


# -- the page ---------------------------------------------------------------------------------------------------------

def test_languages(ask, kiosk, browse, db, translate):
    client = browse().client
    client.set_cookie(COOKIE, TOKEN, path='/kiosk/')

    def _page():
        return client.get('/kiosk/').get_data(as_text=True)

    def _words(wanted):
        status, answer = ask('scan', {'code': 'x'}, headers={LANGUAGE_HEADER: wanted})
        assert status == 200
        return answer['word']

    # nobody has translated the plugin: its page is in English, and says so
    html = _page()
    assert '<html lang="en-GB"' in html
    assert 'data-language=' not in html
    assert _words('fr_FR') == 'Unknown code'
    version = ask('alive')[1]['version']
    translate('fr_FR', {'Unknown code': 'Code inconnu'})
    html = _page()
    assert 'Français' in html
    assert 'Deutsch' not in html
    assert _words('fr_FR') == 'Code inconnu'
    for wanted in ('de_DE', '', 'x' * 100):
        assert _words(wanted) == 'Unknown code'
    assert ask('alive')[1]['version'] != version
    kiosk.languages = ['de_DE', 'xx_XX']
    db.session.flush()
    html = _page()
    assert '<html lang="en-GB"' in html
    assert 'Scan your ticket' in html


def test_the_page_that_takes_a_code_says_its_language(browse, translate):
    def _page():
        return browse().client.get('/kiosk/', headers={'Accept-Language': 'fr-FR'}).get_data(as_text=True)

    assert '<html lang="en">' in _page()
    translate('fr_FR', {'Code': 'Code'})
    assert '<html lang="fr-FR">' in _page()


def test_the_page_names_nobody(ask, scan, reg, browse):
    ask('print', {'handle': scan(reg)['handle']})
    client = browse().client
    client.set_cookie(COOKIE, TOKEN, path='/kiosk/')
    assert 'Müller' not in client.get('/kiosk/').get_data(as_text=True)


def test_a_form_that_is_switched_off_after_the_scan(db, ask, scan, reg, form):
    handle = scan(reg)['handle']
    form.enabled = False
    db.session.flush()
    status, answer = ask('print', {'handle': handle})
    assert (status, answer['answer'], answer.get('handle')) == (200, 'desk', None)
    assert not Job.query.has_rows()

"""The scan station's answers on real registrations: who comes in, what prints, whom nobody hears of, what is undone."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indico.core import signals
from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.events.registration.util import CustomTicketCode
from indico.util.date_time import now_utc

from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory


pytestmark = pytest.mark.usefixtures('no_kick')

STATES = RegistrationState
#: Indico refuses the other one, see below
WITHOUT_NUL = st.characters(codec='utf-8', exclude_characters='\0')


@pytest.fixture
def other_event(create_event):
    other = create_event(78, title='Another conference')
    set_feature_enabled(other, 'registration', True)
    return other


def register(db, regform, name='Olga'):
    registration = Registration(registration_form=regform, first_name=name, last_name='Other', currency='EUR',
                                email=f'{name}@example.test'.lower(), state=STATES.complete)
    db.session.add(registration)
    db.session.flush()
    return registration


def test_welcome_checks_in_and_prints(scan, code_of, reg, form, desk, user):
    answer = scan(code_of(reg))
    assert (answer['answer'], answer['word'], answer['tone']) == ('welcome', 'Welcome', 'good')
    assert (answer['name'], answer['registration']) == ('Zoë Müller', reg.id)
    assert reg.checked_in
    job = Job.query.one()
    assert (job.registration, job.state, job.desk, job.user) == (reg, JobState.queued, desk, user)


def test_the_second_scan_is_answered_and_changes_nothing(scan, code_of, reg, form):
    scan(code_of(reg))
    when = reg.checked_in_dt
    answer = scan(code_of(reg))
    assert answer['answer'] == 'already_in'
    assert answer['word'].startswith('Already in since ')
    assert 'checked_in_dt' not in answer
    assert reg.checked_in_dt == when
    assert (Job.query.count(), JobHistory.query.count()) == (1, 1)


def test_since_another_day(scan, code_of, reg, db, event):
    reg.checked_in = True
    reg.checked_in_dt = now_utc() - timedelta(days=2)
    db.session.flush()
    assert ',' in scan(code_of(reg))['word']


@pytest.mark.parametrize(('state', 'answer'), [
    (STATES.unpaid, 'not_paid'), (STATES.withdrawn, 'withdrawn'), (STATES.rejected, 'rejected'),
    (STATES.pending, 'pending')])
def test_who_does_not_come_in(scan, code_of, create_reg, form, state, answer):
    reg = create_reg(state=state)
    found = scan(code_of(reg))
    assert (found['answer'], found['tone'], found['name']) == (answer, 'stop', reg.full_name)
    assert not reg.checked_in
    assert Job.query.count() == 0


def test_a_blocked_ticket(scan, code_of, reg, form):
    with signals.event.is_ticket_blocked.connected_to(lambda registration: True, sender=reg):
        assert scan(code_of(reg))['answer'] == 'blocked'
    assert not reg.checked_in


def test_unpaid_people_come_in_if_the_volunteer_says_so(scan, create_reg, form):
    reg = create_reg(state=STATES.unpaid)
    assert scan(registration=reg.id)['answer'] == 'not_paid'
    assert scan(registration=reg.id, unpaid_too='1')['answer'] == 'welcome'
    assert reg.checked_in
    # the event says what becomes of the badge
    assert Job.query.one().state == JobState.held


def test_unpaid_too_lets_nobody_else_in(scan, create_reg, form):
    for number, state in enumerate((STATES.withdrawn, STATES.rejected, STATES.pending)):
        reg = create_reg(f'Person{number}', state=state)
        assert scan(registration=reg.id, unpaid_too='1')['answer'] == state.name
        assert not reg.checked_in


def test_accompanying_persons(app, db, scan, code_of, reg, form, dummy_regform):
    from indico.modules.events.registration.models.form_fields import RegistrationFormField
    from indico.modules.events.registration.models.registrations import RegistrationData
    person = {'id': '0b0f4f66-3f6f-4b5e-9d2c-d35ea13a9a01', 'firstName': 'Carl', 'lastName': 'Companion'}
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0],
                                  input_type='accompanying_persons', title='With', position=99)
    field.data, field.versioned_data = field.field_impl.process_field_data({'max_persons': 3})
    db.session.add(field)
    db.session.flush()
    reg.data.append(RegistrationData(field_data=field.current_data, data=[person]))
    dummy_regform.tickets_for_accompanying_persons = True
    db.session.flush()
    # somebody who has been taken off the registration
    gone = scan(code_of(reg, '8e2ba3a7-2d1f-4bb8-b6fa-7d4d2e5c0f13'))
    assert (gone['answer'], 'name' in gone, reg.checked_in) == ('unknown', False, False)
    answer = scan(code_of(reg, person['id']))
    assert (answer['answer'], answer['name'], answer['accompanies']) == ('welcome', 'Carl Companion', 'Zoë Müller')
    assert Job.query.count() == 2
    assert scan(code_of(reg))['answer'] == 'already_in'


def test_a_ticket_of_another_event(db, scan, code_of, other_event, create_regform, event, user):
    other = register(db, create_regform(other_event))
    answer = scan(code_of(other))
    assert (answer['answer'], 'name' in answer, other.checked_in) == ('other_event', False, False)
    assert 'Another conference' in answer['sentence']
    other_event.protection_mode = other_event.protection_mode.protected
    assert 'Another conference' not in scan(code_of(other))['sentence']
    # and by its number, which somebody may try
    assert scan(registration=other.id)['answer'] == 'unknown'


def test_a_ticket_of_another_indico(scan, reg, code_of):
    code = json.loads(code_of(reg))
    code['i'][1:3] = ['indico.elsewhere.example', 'jiujpy0fS7i2+n1NLlwPEw==']
    assert scan(json.dumps(code))['answer'] == 'other_event'
    # the same server under a name that it had once
    code['i'][2] = json.loads(code_of(reg))['i'][2]
    assert scan(json.dumps(code))['answer'] == 'welcome'


@pytest.mark.parametrize('what', ['registration', 'form', 'event'])
def test_what_is_deleted_is_unknown(db, scan, code_of, create_event, create_regform, event, reg, what):
    if what == 'event':
        other = create_event(79)
        reg = register(db, create_regform(other))
        other.is_deleted = True
    elif what == 'form':
        reg.registration_form.is_deleted = True
    else:
        reg.is_deleted = True
    code = code_of(reg)
    assert scan(code)['answer'] == 'unknown'


def test_a_hidden_person_is_like_a_code_that_nobody_has(db, scan, volunteer, url, code_of, create_reg, dummy_regform,
                                                        form):
    hidden, seen = create_reg('Hildegard'), create_reg('Viktor')
    code, wrong = json.loads(code_of(hidden)), json.loads(code_of(hidden))
    wrong['i'][2] = 'jiujpy0fS7i2+n1NLlwPEw=='

    def _only_viktor(regform, user, **kwargs):
        return Registration.first_name == 'Viktor'

    with signals.event.filter_registration_list.connected_to(_only_viktor, sender=dummy_regform):
        for server in (code['i'][1], 'indico.elsewhere.example'):
            code['i'][1] = wrong['i'][1] = server
            assert scan(json.dumps(code)) == scan(json.dumps(wrong))
        for more in ({}, {'unpaid_too': '1'}):
            assert scan(registration=hidden.id, **more) == scan(registration=2**29, **more)
        assert volunteer.get(f'{url}/badges/{hidden.id}').status_code == 404
        assert volunteer.get(f'{url}/people?name=Hildegard').json == volunteer.get(f'{url}/people?name=Hilxegard').json
        assert scan(code_of(seen))['answer'] == 'welcome'
        assert volunteer.get(f'{url}/badges/{seen.id}').status_code == 200
    assert not hidden.checked_in
    scan(code_of(hidden))
    answer = {'registration': hidden.id, 'checked_in_dt': hidden.checked_in_dt.isoformat()}
    with signals.event.filter_registration_list.connected_to(_only_viktor, sender=dummy_regform):
        assert volunteer.post(f'{url}/undo', **answer).json['undone'] is False
    db.session.expire_all()
    assert hidden.checked_in


class Wristband(CustomTicketCode):
    """The codes of a plugin."""

    name = 'wristband'
    regex = '^W-'

    @classmethod
    def lookup_registration(cls, data):
        if data == 'W-broken':
            # the database complains as well
            Registration.query.filter(Registration.email == '\0').all()
        return Registration.query.filter_by(email=data.removeprefix('W-')).first()


@pytest.fixture
def wristbands():
    with signals.event.registration.custom_ticket_qr_code_handler.connected_to(lambda sender: Wristband):
        yield


@pytest.mark.usefixtures('wristbands')
def test_the_codes_of_a_plugin(db, scan, reg, form, other_event, create_regform, caplog):
    assert scan('W-nobody', handler='wristband')['answer'] == 'unknown'
    assert scan('W-broken', handler='wristband')['answer'] == 'unknown'
    assert 'Custom ticket code' in caplog.text
    assert scan(f'W-{reg.email}', handler='no such handler')['answer'] == 'unknown'
    assert scan(f'W-{reg.email}', handler='wristband')['answer'] == 'welcome'
    other = register(db, create_regform(other_event))
    assert scan(f'W-{other.email}', handler='wristband')['answer'] == 'other_event'
    reg.is_deleted = True
    db.session.flush()
    assert scan(f'W-{reg.email}', handler='wristband')['answer'] == 'unknown'


def test_a_keyboard_of_another_layout(scan, code_of, reg):
    assert scan('ÜÄiÄÖü', by_position=code_of(reg))['answer'] == 'welcome'


@pytest.mark.parametrize('code', ['', '\x01', '{', '[' * 2953, 'x' * 100_000, '{"i":[2,"a","' + 'A' * 24 + '"]}', '💥',
                                  '{"i":[2,"a\\u0000","jiujpy0fS7i2+n1NLlwPEw=="]}', "'; DROP TABLE x; --"])
@pytest.mark.parametrize('key', ['code', 'registration', 'by_position', 'handler'])
def test_broken_codes(scan, key, code):
    assert scan(**{key: code})['answer'] in {'unknown', 'other_event'}


def test_a_code_with_nul_is_refused_by_indico_itself(volunteer, url, reg):
    # so the page takes it out
    assert volunteer.post(f'{url}/answer', code='\0').status_code == 400


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_codes(scan, code_of, reg, data):
    code = code_of(reg)
    place = data.draw(st.integers(0, len(code)))
    damaged = code[:place] + data.draw(st.text(WITHOUT_NUL, max_size=3)) + code[place + data.draw(st.integers(0, 5)):]
    answer = scan(damaged)
    assert answer['answer'] in {'welcome', 'already_in', 'unknown', 'other_event'}
    if answer['answer'] in {'welcome', 'already_in'}:
        # only what a reader does not care for was changed
        assert json.loads(code)['i'][2] in damaged


def test_undo(db, scan, volunteer, url, code_of, reg, form):
    answer = scan(code_of(reg))
    undone = volunteer.post(f'{url}/undo', registration=reg.id, checked_in_dt=answer['checked_in_dt']).json
    assert (undone['undone'], undone['sentence']) == (True, 'Zoë Müller is not checked in any more.')
    db.session.expire_all()
    assert not reg.checked_in
    # through Indico's own signal
    assert Job.query.one().state == JobState.canceled
    second = volunteer.post(f'{url}/undo', registration=reg.id, checked_in_dt=answer['checked_in_dt']).json
    assert second['undone'] is False
    assert scan(code_of(reg))['answer'] == 'welcome'


def test_undo_when_the_badge_is_out(scan, volunteer, url, code_of, reg, form, set_job):
    answer = scan(code_of(reg))
    job = set_job(Job.query.one(), state=JobState.completed, reason='printed')
    undone = volunteer.post(f'{url}/undo', registration=reg.id, checked_in_dt=answer['checked_in_dt']).json
    assert undone['sentence'] == 'Zoë Müller is not checked in any more. Please collect the badge.'
    assert job.state == JobState.completed


@pytest.mark.parametrize('late', [timedelta(seconds=21), timedelta(days=1)])
def test_undo_too_late(db, scan, volunteer, url, code_of, reg, form, late):
    scan(code_of(reg))
    reg.checked_in_dt -= late
    db.session.flush()
    assert volunteer.post(f'{url}/undo', registration=reg.id,
                          checked_in_dt=reg.checked_in_dt.isoformat()).json['undone'] is False
    db.session.expire_all()
    assert reg.checked_in


@pytest.mark.parametrize('data', [{}, {'registration': 'x'}, {'registration': '1' * 40, 'checked_in_dt': 'x'},
                                  {'checked_in_dt': '2026-11-26T10:00:00'},
                                  {'checked_in_dt': '2026-11-26T10:00:00+00:00'},
                                  {'checked_in_dt': '9999-12-31T23:59:59-23:59'}])
def test_undo_of_nothing(scan, volunteer, url, code_of, reg, form, data):
    scan(code_of(reg))
    assert volunteer.post(f'{url}/undo', **{'registration': reg.id, **data}).json['undone'] is False
    assert reg.checked_in

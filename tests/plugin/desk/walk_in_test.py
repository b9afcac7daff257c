"""Those who come without a registration: registered by Indico's own code, checked in, and never twice."""

import re
from pathlib import Path

import pytest

import indico.modules.events.registration
from indico.core import signals
from indico.modules.events.features.util import set_feature_enabled
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print.models.choices import BadgeKind, UnpaidPolicy
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.rules import EventSetup, FormSetup


pytestmark = pytest.mark.usefixtures('no_kick', 'no_emails')

PERSON = {'first_name': 'Wanda', 'last_name': 'Walk-in', 'email': 'Wanda@Example.test'}


@pytest.fixture
def no_emails(mocker):
    """Keep Indico from sending what it writes about payments."""
    return mocker.patch('indico.web.rh.flush_email_queue')


@pytest.fixture
def user(user, event):
    event.update_principal(user, add_permissions={'registration_edit'})
    return user


@pytest.fixture(autouse=True)
def switched_on(db, dummy_regform, objects):
    db.session.add(FormSetup(registration_form=dummy_regform, enabled=True, kind=BadgeKind.badge, desk=objects.desk))
    db.session.flush()


@pytest.fixture
def url(event, dummy_regform):
    return f'/event/{event.id}/desk/walk-in/{dummy_regform.id}/'


@pytest.fixture
def send(volunteer, url):
    """Return a function that sends the form as Indico's component does."""
    def _send(browser=volunteer, **data):
        return browser.client.post(url, json={**PERSON, **data}, headers={'X-CSRF-Token': browser.token})
    return _send


@pytest.fixture
def costs(event, dummy_regform):
    set_feature_enabled(event, 'payment', True)
    dummy_regform.base_price = 50
    dummy_regform.currency = 'EUR'


def wanda():
    return Registration.query.filter_by(email='wanda@example.test').one()


def badges():
    return Job.query.filter(Job.purpose == Job.PURPOSE_BADGE, Job.registration_id == wanda().id).all()


# -- registered, checked in, printed ----------------------------------------------------------------------------------

def test_registered_checked_in_and_printed(volunteer, send, url, event, objects):
    volunteer.post(f'/event/{event.id}/desk/{objects.desk.id}/')
    assert OwnDesk.query.count() == 1
    created = []
    with signals.event.registration_created.connected_to(lambda sender, **kwargs: created.append(kwargs)):
        answer = send()
    registration = wanda()
    assert answer.json == {'redirect': f'{url}{registration.id}/'}
    assert (registration.state, registration.checked_in) == (RegistrationState.complete, True)
    assert (registration.created_by_manager, registration.created_by.id) == (True, 300)
    job, = badges()
    assert (job.state, job.desk_id, job.user_id) == (JobState.queued, objects.desk.id, 300)
    # what Indico's own page does as well
    assert created == [{'management': True, 'data': {**PERSON, 'email': 'wanda@example.test'} | created[0]['data']}]
    assert event.log_entries.filter_by(summary='New registration: Wanda Walk-in').count() == 1
    html = volunteer.get(answer.json['redirect'], xhr=False).get_data(as_text=True)
    assert 'Checked in' in html
    assert 'data-state="queued"' in html
    assert 'Next person' in html


def test_a_second_click_makes_no_second_registration(send, url):
    answers = [send() for __ in range(3)]
    assert {answer.json['redirect'] for answer in answers} == {f'{url}{wanda().id}/'}
    assert len(badges()) == 1


def test_what_is_wrong_is_said_and_nothing_is_kept(db, volunteer, url, send, dummy_regform):
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title='Meal',
                                  input_type='text', is_required=True)
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.add(field)
    db.session.flush()
    name = field.html_field_name
    assert set(send().json['webargs_errors']) == {name}
    assert set(send(**{name: 'Vegan', 'email': 'nonsense'}).json['webargs_errors']) == {'email'}
    assert send(**{name: 'Vegan', 'nonsense': 1}).status_code == 422
    for body in ('[]', '1', '{', '"x"'):
        answer = volunteer.client.post(url, data=body, content_type='application/json',
                                       headers={'X-CSRF-Token': volunteer.token})
        assert answer.status_code == 400
    for with_nul in ({'first_name': 'Zo\0e'}, {'email': 'a\0b@example.test'}, {name: {'a': ['\0']}}, {'a\0': 'b'}):
        assert send(**with_nul).status_code == 400
    for email in (None, 5, [], {'a': 1}, '', ' ', 'x' * 10_000):
        assert send(**{name: 'Vegan', 'email': email}).status_code == 422
    assert Registration.query.count() == 0
    assert send(**{name: 'Vegan'}).status_code == 200
    assert wanda().data_by_field[field.id].data == 'Vegan'


def test_requirements_that_the_volunteer_overrides(db, send, dummy_regform):
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title='Meal',
                                  input_type='text', is_required=True)
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.add(field)
    db.session.flush()
    assert send(override_required=True, **{field.html_field_name: ''}).status_code == 200
    assert wanda().checked_in


def test_another_plugin_may_refuse(send):
    def _refuse(sender, **kwargs):
        raise ValueError('the conference is over')

    with signals.event.registration_pre_create.connected_to(_refuse), pytest.raises(ValueError, match='is over'):
        send()
    assert Registration.query.count() == 0


# -- who is registered already ----------------------------------------------------------------------------------------

def test_already_registered(db, volunteer, send, url, create_reg):
    registration = create_reg('Wanda', 'Known')
    registration.email = 'wanda@example.test'
    db.session.flush()
    html = volunteer.get(f'{url}known?email=%20WANDA@example.test').get_data(as_text=True)
    assert 'Wanda Known' in html
    assert f'{url}{registration.id}/' in html
    # who sends the form all the same comes to the person, who is not checked in without being asked
    assert send().json == {'redirect': f'{url}{registration.id}/'}
    assert not registration.checked_in
    html = volunteer.get(f'{url}{registration.id}/', xhr=False).get_data(as_text=True)
    assert 'Check in and print' in html
    for __ in range(2):
        assert volunteer.post(f'{url}{registration.id}/check-in').location == f'{url}{registration.id}/'
    assert registration.checked_in
    assert len(badges()) == 1


@pytest.mark.parametrize('query', ['', '?email=', '?email=nobody@example.test', '?email=a%01b@c.test',
                                   '?email=' + 'x' * 5000])
def test_nobody_is_registered(volunteer, url, query):
    answer = volunteer.get(f'{url}known{query}')
    assert (answer.status_code, answer.data.strip()) == (200, b'')


@pytest.fixture
def hide(dummy_regform, user):
    """Hide everybody from the volunteer who is not called Viktor."""
    def _only_viktor(regform, user, **kwargs):
        return Registration.first_name == 'Viktor' if user.id == 300 else None

    with signals.event.filter_registration_list.connected_to(_only_viktor, sender=dummy_regform):
        yield


@pytest.mark.usefixtures('hide')
def test_hidden_people(db, volunteer, send, url, create_reg):
    hidden = create_reg('Wanda', 'Hidden')
    hidden.email = 'wanda@example.test'
    db.session.flush()
    html = volunteer.get(f'{url}known?email=wanda@example.test').get_data(as_text=True)
    assert 'you may not see who' in html
    assert 'Hidden' not in html
    answer = send()
    assert answer.status_code == 422
    assert 'email-already-registered' in answer.json['webargs_errors']['email'][0]
    for method, path in (('get', ''), ('get', 'live'), ('post', 'check-in')):
        assert getattr(volunteer, method)(f'{url}{hidden.id}/{path}').status_code == 403
    assert not hidden.checked_in


@pytest.mark.usefixtures('hide')
def test_whom_one_may_not_manage_one_may_not_register(send):
    assert send(email='other@example.test').status_code == 403
    assert Registration.query.filter_by(email='other@example.test').count() == 0


@pytest.mark.usefixtures('hide')
def test_somebody_one_may_manage(send):
    assert send(first_name='Viktor').status_code == 200
    assert wanda().checked_in


# -- money ------------------------------------------------------------------------------------------------------------

@pytest.mark.usefixtures('costs')
def test_paid_here(volunteer, send, url):
    assert 'The registration costs €50' in volunteer.get(url, xhr=False).get_data(as_text=True)
    send()
    registration = wanda()
    assert (registration.state, registration.checked_in, badges()) == (RegistrationState.unpaid, False, [])
    html = volunteer.get(f'{url}{registration.id}/', xhr=False).get_data(as_text=True)
    assert re.search(r'To pay: €?\s?50', html)
    assert 'the badge waits until it is entered' in html
    for __ in range(2):
        volunteer.post(f'{url}{registration.id}/check-in', paid='1')
    assert (registration.state, registration.checked_in) == (RegistrationState.complete, True)
    assert (registration.is_paid, registration.transaction.amount) == (True, 50)
    assert [job.state for job in badges()] == [JobState.queued]


@pytest.mark.usefixtures('costs')
@pytest.mark.parametrize(('policy', 'state'), [
    (UnpaidPolicy.hold, JobState.held), (UnpaidPolicy.print, JobState.queued), (UnpaidPolicy.skip, JobState.canceled)])
def test_not_paid(db, volunteer, send, url, event, policy, state):
    db.session.add(EventSetup(event_id=event.id, unpaid=policy))
    db.session.flush()
    send()
    registration = wanda()
    volunteer.post(f'{url}{registration.id}/check-in')
    assert (registration.state, registration.checked_in) == (RegistrationState.unpaid, True)
    assert [job.state for job in badges()] == [state]
    html = volunteer.get(f'{url}{registration.id}/live').get_data(as_text=True)
    assert 'Paid here' in html
    volunteer.post(f'{url}{registration.id}/check-in', paid='1')
    db.session.expire_all()
    assert [job.state for job in badges()] == [JobState.canceled if policy == UnpaidPolicy.skip else JobState.queued]


def test_a_price_without_payments(send, dummy_regform, volunteer, url):
    dummy_regform.base_price = 50
    send()
    assert wanda().checked_in
    assert 'Price:' in volunteer.get(f'{url}{wanda().id}/live').get_data(as_text=True)


# -- states and pages -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('state', [RegistrationState.pending, RegistrationState.withdrawn, RegistrationState.rejected])
def test_who_cannot_be_checked_in(volunteer, url, create_reg, state):
    registration = create_reg(state=state)
    html = volunteer.get(f'{url}{registration.id}/live').get_data(as_text=True)
    assert 'manager of the event' in html
    assert 'type="submit"' not in html
    volunteer.post(f'{url}{registration.id}/check-in')
    assert not registration.checked_in


def test_one_form_is_opened_at_once(volunteer, url, event, create_regform):
    assert volunteer.get(f'/event/{event.id}/desk/walk-in/', xhr=False).location == url
    create_regform(event, title='<b>Speakers')
    html = volunteer.get(f'/event/{event.id}/desk/walk-in/', xhr=False).get_data(as_text=True)
    assert '&lt;b&gt;Speakers' in html
    assert 'This form prints no badges' in html


def test_full_and_purged(volunteer, send, url, dummy_regform, create_reg):
    create_reg()
    dummy_regform.registration_limit = 1
    assert 'All 1 places' in volunteer.get(url, xhr=False).get_data(as_text=True)
    # as Indico's managers may
    assert send().status_code == 200
    dummy_regform.is_purged = True
    assert 'expired retention period' in volunteer.get(url, xhr=False).get_data(as_text=True)
    assert send(email='other@example.test').status_code == 403


def test_the_component_gets_what_it_gets_from_indico(volunteer, url):
    """A new version of Indico that wants more must not go unnoticed."""
    theirs = (Path(indico.modules.events.registration.__file__).parent / 'templates/display/regform_display.html')
    names = set(re.findall(r'\bdata-[a-z-]+(?==)', theirs.read_text()))
    assert len(names) > 12
    html = volunteer.get(url, xhr=False).get_data(as_text=True)
    ours = re.search(r'<div id="registration-form-submission-container"(.*?)></div>', html, re.DOTALL)[1]
    # the captcha is for those who register themselves, the consent for who changes a registration
    assert names - set(re.findall(r'\bdata-[a-z-]+(?==)', ours)) == {'data-captcha-settings', 'data-consent-to-publish'}


def test_the_link_is_for_those_who_may(volunteer, manager, browse, create_user, event):
    only_checks_in = create_user(301)
    event.update_principal(only_checks_in, add_permissions={'registration_checkin'})
    for browser, shown in ((volunteer, True), (manager, True), (browse(only_checks_in), False)):
        html = browser.get(f'/event/{event.id}/desk/', xhr=False).get_data(as_text=True)
        assert ('Register a walk-in' in html) == shown

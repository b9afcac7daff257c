"""The page of one webhook: what it says, and each of its buttons."""

import re
from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.models.choices import DEFAULT_EVENTS, WebhookEvent
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.models.webhooks import Webhook


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def webhook(objects):
    return objects.webhook


@pytest.fixture
def url(page, webhook):
    return f'{page}/webhooks/{webhook.id}'


@pytest.fixture
def show(manager, page, url):
    """Return a function that returns the page as text: of the webhook, or of the event."""
    def _show(of_event=False):
        response = manager.get(f'{page}/setup' if of_event else f'{url}/log', xhr=False)
        assert response.status_code == 200
        return ' '.join(response.get_data(as_text=True).split())
    return _show


@pytest.fixture
def create_message(db, create_job, webhook, reg):
    def _create(state=JobState.sent, *, registration=reg, **kwargs):
        defaults = {'purpose': f'webhook:{webhook.id}', 'desk': None, 'webhook': webhook,
                    'expires_dt': now_utc() + timedelta(days=1)}
        return create_job(registration, state, **{**defaults, **kwargs})
    return _create


@pytest.fixture
def create_attempt(db, webhook):
    def _create(job, **kwargs):
        attempt = Attempt(job=job, webhook_id=webhook.id, **{'duration': 12, **kwargs})
        db.session.add(attempt)
        db.session.flush()
        return attempt
    return _create


# -- what it says -----------------------------------------------------------------------------------------------------

def test_a_webhook_that_works(show, webhook, create_message, create_attempt, reg):
    job = create_message()
    create_attempt(job, status=503, snippet='busy <b>')
    create_attempt(job, status=200, duration=345, snippet='thanks')
    html = show()
    assert '>On</span>' in html
    assert 'HTTP 503' in html
    assert 'busy &lt;b&gt;' in html
    assert html.index('HTTP 200') < html.index('HTTP 503')
    assert '345' in html
    assert reg.full_name in html
    # one message, one button
    assert html.count(f'/resend/{job.id}') == 1
    assert 'does not work' not in show(of_event=True)


def test_a_webhook_that_does_not_work(show, webhook, create_message, create_attempt):
    create_attempt(create_message(JobState.ready, reason='retry_later'), error='connect')
    webhook.failures, webhook.opened_dt = 7, now_utc() - timedelta(minutes=3)
    webhook.probe_dt = now_utc() + timedelta(minutes=1)
    html = show()
    assert 'Failed 7 times in a row' in html
    assert 'Next try' in html
    assert 'No connection: the receiver is off' in html
    assert '1 message</dd>' in html.replace(' </dd>', '</dd>')
    assert 'The webhook "CRM" does not work.' in show(of_event=True)
    webhook.probe_dt = now_utc() - timedelta(seconds=1)
    assert 'The next message is sent as a test.' in show()


def test_a_webhook_that_is_off(show, webhook):
    webhook.enabled = False
    assert 'Switch on' in show()
    assert 'The webhook "CRM" is off.' in show(of_event=True)


def test_the_state_of_a_desk(show, objects):
    objects.desk.webhook = objects.webhook
    assert 'Badges are sent to the webhook' in show(of_event=True)
    objects.webhook.enabled = False
    assert 'Badges are sent to the webhook' not in show(of_event=True)
    assert 'the badges of North' in show()


# -- what it does -----------------------------------------------------------------------------------------------------

def test_switch(db, manager, url, webhook, create_message, log_of, event):
    job = create_message(JobState.ready, next_try_dt=now_utc() + timedelta(hours=1))
    webhook.failures, webhook.opened_dt, webhook.probe_dt = 9, now_utc(), now_utc() + timedelta(minutes=5)
    manager.post(f'{url}/switch', enabled='0')
    assert not webhook.enabled
    manager.post(f'{url}/switch', enabled='1')
    db.session.expire_all()
    assert webhook.enabled
    assert (webhook.failures, webhook.opened_dt, webhook.probe_dt) == (0, None, None)
    assert job.next_try_dt <= now_utc()
    assert 'switched off' in log_of(event)
    assert 'switched on' in log_of(event)


def test_test_event(db, manager, url, webhook, event):
    webhook.failures, webhook.opened_dt, webhook.probe_dt = 9, now_utc(), now_utc() + timedelta(minutes=5)
    manager.post(f'{url}/test')
    job = Job.query.filter_by(webhook_id=webhook.id).one()
    assert (job.event, job.purpose, job.desk, job.state) == (event, Job.PURPOSE_TEST, None, JobState.ready)
    db.session.expire_all()
    # the user who asks for it wants to know now
    assert webhook.opened_dt is None
    webhook.enabled = False
    manager.post(f'{url}/test')
    assert Job.query.filter_by(webhook_id=webhook.id).count() == 1


@pytest.mark.parametrize('state', JobState)
def test_resend(manager, url, create_message, state, log_of, event, reg):
    reg.checked_in = True
    job = create_message(state)
    manager.post(f'{url}/resend/{job.id}')
    messages = Job.query.filter_by(reprint_of_id=job.id).all()
    assert len(messages) == (state in {JobState.sent, JobState.completed, JobState.failed, JobState.expired})
    for x in messages:
        assert (x.state, x.reason, x.purpose, x.webhook_id) == (JobState.queued, 'resent', job.purpose, job.webhook_id)
        assert 'sent again' in log_of(event)


def test_undone_check_in_is_not_resent(manager, url, show, create_message, reg):
    job = create_message()
    assert not reg.checked_in
    manager.post(f'{url}/resend/{job.id}')
    assert not Job.query.filter_by(reprint_of_id=job.id).has_rows()
    assert 'the check-in that it is about was undone' in show()


def test_resend_of_another_webhook(db, manager, url, create_message, event):
    other = Webhook(event=event, name='Gate', url='https://gate.example.com/', secrets=[])
    db.session.add(other)
    db.session.flush()
    job = create_message(webhook=other, purpose=f'webhook:{other.id}')
    manager.post(f'{url}/resend/{job.id}')
    assert not Job.query.filter_by(reprint_of_id=job.id).has_rows()


def test_recover(db, manager, url, objects, create_message, create_reg, event):
    hour = timedelta(hours=1)
    now = now_utc()
    people = [create_reg(first_name=f'P{i}') for i in range(6)]
    wanted = [create_message(JobState.failed, created_dt=now - hour, registration=people[0]),
              create_message(JobState.expired, created_dt=now - 2 * hour, registration=people[1])]
    others = [create_message(JobState.failed, created_dt=now - 5 * hour, registration=people[2]),
              create_message(JobState.sent, created_dt=now - hour, registration=people[3]),
              create_message(JobState.canceled, created_dt=now - hour, registration=people[4])]
    # one that was sent again in the meantime, and the one that did it
    others.append(create_message(JobState.failed, created_dt=now - hour, registration=people[5]))
    others.append(create_message(JobState.sent, created_dt=now, reprint_of=others[-1], registration=people[5]))
    before = [job.state for job in others]
    since = (now - 3 * hour).astimezone(event.tzinfo)
    assert 'Send again' in manager.get(f'{url}/recover').json['html']
    assert not manager.save(f'{url}/recover', since=[since.strftime('%d/%m/%Y'), since.strftime('%H:%M')])
    db.session.expire_all()
    assert {(job.state, job.reason) for job in wanted} == {(JobState.queued, 'retried')}
    assert [job.state for job in others] == before
    # the job of the desk failed, too, but goes to no webhook
    assert objects.job.state == JobState.failed


def test_recover_the_badges_of_a_desk(db, manager, url, objects, create_job, reg):
    objects.desk.webhook = objects.webhook
    job = create_job(reg, JobState.expired, reason='too_old')
    since = now_utc() - timedelta(days=1)
    assert not manager.save(f'{url}/recover', since=[since.strftime('%d/%m/%Y'), since.strftime('%H:%M')])
    db.session.expire_all()
    assert job.state == JobState.queued


def test_recover_since_tomorrow(manager, url, event):
    since = (now_utc() + timedelta(days=1)).astimezone(event.tzinfo)
    errors = manager.save(f'{url}/recover', since=[since.strftime('%d/%m/%Y'), since.strftime('%H:%M')])
    assert errors == {'since': 'This is in the future.'}


# -- what it sends ----------------------------------------------------------------------------------------------------

@pytest.fixture
def meal(db, dummy_regform):
    from indico.modules.events.registration.models.form_fields import RegistrationFormField
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title='Meal',
                                  input_type='text')
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.flush()
    return field


def test_fields_and_forms(manager, url, webhook, meal, dummy_regform, show):
    html = manager.get(f'{url}/').json['html']
    assert f'{dummy_regform.title}: Meal' in html
    data = {'name': 'CRM', 'url': 'https://crm.example.com/'}
    assert not manager.save(f'{url}/', **data, fields=['email', f'field:{meal.id}'], form_ids=[str(dummy_regform.id)])
    assert (webhook.fields, webhook.form_ids) == (['email', f'field:{meal.id}'], [dummy_regform.id])
    html = show()
    assert f'{dummy_regform.title}: Meal' in html
    assert f'people with {dummy_regform.title}' in html
    # none chosen: all, also those to come
    assert not manager.save(f'{url}/', **data)
    assert (webhook.fields, webhook.form_ids) == ([], None)


def test_fields_and_forms_of_another_event(manager, url, webhook, create_event, create_regform):
    theirs = create_regform(create_event(77))
    data = {'name': 'CRM', 'url': 'https://crm.example.com/'}
    field = theirs.active_fields[0]
    assert list(manager.save(f'{url}/', **data, fields=[f'field:{field.id}'])) == ['fields']
    assert list(manager.save(f'{url}/', **data, form_ids=[str(theirs.id)])) == ['form_ids']
    assert (webhook.fields, webhook.form_ids) == ([], None)


def test_another_url_begins_anew(manager, url, webhook):
    webhook.failures, webhook.opened_dt, webhook.probe_dt = 9, now_utc(), now_utc() + timedelta(minutes=5)
    assert not manager.save(f'{url}/', name='CRM', url=webhook.url)
    assert webhook.failures == 9
    assert not manager.save(f'{url}/', name='CRM', url='https://crm2.example.com/')
    assert (webhook.failures, webhook.opened_dt, webhook.probe_dt) == (0, None, None)


def test_what_waits_was_not_forgotten(manager, page, reg, create_job, objects):
    url = f'{page}/webhooks/{objects.webhook.id}/log'
    assert 'Nothing has been sent yet' in manager.get(url, xhr=False).get_data(as_text=True)
    create_job(reg, JobState.ready, purpose=f'webhook:{objects.webhook.id}', webhook=objects.webhook, desk=None)
    html = manager.get(url, xhr=False).get_data(as_text=True)
    assert '1 message' in html
    assert 'Nothing has been sent yet' not in html
    # both parts stay up to date
    for part in ('live-state', 'live-attempts'):
        assert f'<div id="{part}" data-live' in html


def test_events(db, manager, url, page, webhook, objects, show, log_of, event):
    """Each is chosen on its own; a new webhook begins with check-ins."""
    html = manager.get(f'{page}/webhooks/add').json['html']
    found = re.findall(r'(<input[^>]*name="events"[^>]*value="([^"]*)"[^>]*>)', html)
    boxes = {value: 'checked' in box for box, value in found}
    assert boxes == {str(event): event in DEFAULT_EVENTS for event in WebhookEvent}
    assert 'Somebody is checked in; A check-in is undone' in show()
    data = {'name': 'CRM', 'url': 'https://crm.example.com/'}
    assert not manager.save(f'{url}/', **data, events=['badge.failed', 'checkin.undone'])
    assert sorted(webhook.events) == ['badge.failed', 'checkin.undone']
    assert 'A check-in is undone; A badge fails' in show()
    assert 'badge.failed' in log_of(event)
    assert list(manager.save(f'{url}/', **data, events=['badge.stolen'])) == ['events']
    # of a desk it gets the badges instead
    objects.desk.webhook = webhook
    assert 'A badge fails' in show()
    assert 'A check-in is undone' not in show()


def test_news_in_the_list(show, webhook, create_message, create_attempt, reg):
    create_attempt(create_message(purpose=f'news:badge.unknown:{webhook.id}:7', facts={'badge': 1}), status=204)
    assert f'{reg.full_name} (badge unknown)' in show()
    about = {'agent': 1, 'name': 'Laptop 1'}
    create_attempt(create_message(registration=None, purpose=f'news:agent.away:{webhook.id}:7',
                                  facts={**about, 'printer': ''}), status=204)
    create_attempt(create_message(registration=None, purpose=f'news:printer.ready:{webhook.id}:7',
                                  facts={**about, 'printer': 'labels'}), status=204)
    create_attempt(create_message(registration=None, purpose=f'news:printer.stopped:{webhook.id}:7'), status=204)
    html = show()
    for words in ('Laptop 1 (agent away)', 'labels (printer ready)', 'A printer of a desk stops'):
        assert words in html
    assert 'Deleted registration' not in html
    assert html.count('>Send again<') == 4

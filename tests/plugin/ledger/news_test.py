"""News for webhooks: who gets which, once, and as it was."""

import json
from datetime import timedelta

import pytest

from indico.modules.events.registration.models.registrations import RegistrationState
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.ledger.news import BADGE_NEWS
from indico_checkin_print.messages.payload import FIELDS
from indico_checkin_print.models.choices import DEFAULT_EVENTS, WebhookEvent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.jobs import JobState as S
from indico_checkin_print.models.webhooks import Webhook
from tests.plugin.conftest import fresh
from tests.plugin.ledger.conftest import committed
from tests.plugin.news_fixtures import content, messages, types


#: What an agent or the sweep says, by the state that it leads to
REASONS = {S.completed: 'printed', S.sent: 'handed_over', S.failed: 'media-empty', S.unknown: 'agent_silent'}


# -- badges -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('state', REASONS)
def test_what_became_of_a_badge(db, webhook, wants, printing, reg, desk, state):
    wants(*WebhookEvent)
    webhook.fields = []
    ledger.report(printing, state, REASONS[state], 'what the printer said about Zoë', 'agent:1')
    job, = messages(webhook)
    assert (job.state, job.reason, job.registration_id, job.news) == (S.ready, 'announced', reg.id, BADGE_NEWS[state])
    payload = content(job)
    badge = payload['data']['badge']
    assert payload['type'] == str(BADGE_NEWS[state])
    assert badge.pop('message').endswith('.')
    assert badge == {'id': printing.id, 'person': '', 'state': state.name, 'reason': REASONS[state], 'desk': desk.name,
                     'printer': 'p1'}
    assert payload['data']['registration'].keys() == {'id', 'form', 'checked_in_dt'}
    assert payload['data']['registration']['checked_in_dt'] == printing.checked_in_dt.isoformat()
    # nothing leaves that nobody chose
    assert 'Zoë' not in json.dumps(payload, ensure_ascii=False)


def test_an_expired_badge(db, webhook, wants, rendered):
    wants(WebhookEvent.expired)
    rendered.expires_dt = now_utc() - timedelta(seconds=1)
    db.session.flush()
    ledger.sweep()
    ledger.sweep()
    job, = messages(webhook)
    assert content(job)['data']['badge']['reason'] == 'too_old'


def test_the_chosen_data_comes_along(webhook, wants, printing, reg):
    wants(WebhookEvent.printed)
    webhook.fields = list(FIELDS)
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert content(messages(webhook)[0])['data']['registration']['email'] == reg.email


def test_each_outcome_is_announced_once_and_as_it_was(db, webhook, wants, printing, dummy_user):
    wants(*WebhookEvent)
    for __ in range(2):
        ledger.report(fresh(db, printing), S.unknown, 'agent_silent', '', 'sweep')
    assert ledger.resolve(fresh(db, printing), dummy_user, came_out=False)
    ledger.retry(fresh(db, printing), dummy_user)
    assert types(webhook) == ['badge.unknown', 'badge.failed']
    first, second = map(content, messages(webhook))
    assert (first['data']['badge']['state'], second['data']['badge']['state']) == ('unknown', 'failed')
    assert second['data']['badge']['message'] == 'Somebody looked: the badge did not come out.'


@pytest.mark.parametrize('purpose', [Job.PURPOSE_TEST, 'webhook'])
def test_other_jobs_are_no_news(db, webhook, wants, printing, purpose):
    wants(*WebhookEvent)
    printing.purpose = purpose if purpose == Job.PURPOSE_TEST else f'webhook:{webhook.id}'
    db.session.flush()
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert types(webhook) == []


def test_by_default_there_is_no_news(db, webhook, printing, check_in, create_reg):
    assert webhook.events == [str(event) for event in DEFAULT_EVENTS]
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    printing.registration.first_name = 'Zoé'
    committed(db)
    assert messages(webhook) == []
    assert len([job for job in check_in(create_reg('Ada')) if job.webhook_id]) == 1


@pytest.mark.parametrize('change', [
    {'enabled': False}, {'is_deleted': True}, {'form_ids': [2**30]}, {'events': ['badge.failed']}])
def test_who_hears_nothing(db, webhook, wants, printing, change):
    wants(*WebhookEvent)
    webhook.populate_from_dict(change)
    db.session.flush()
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert messages(webhook) == []


def test_the_webhook_of_another_event(db, webhook, wants, printing, create_event):
    wants(*WebhookEvent)
    webhook.event_id = create_event(77).id
    db.session.flush()
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert messages(webhook) == []


def test_the_webhook_of_a_desk(db, webhook, wants, printing, dummy_event):
    wants(*WebhookEvent)
    db.session.add(Desk(event_id=dummy_event.id, name='Robot', webhook=webhook))
    db.session.flush()
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert types(webhook) == ['badge.printed']


def test_what_is_undone_is_not_announced(db, webhook, wants, printing):
    wants(WebhookEvent.printed)
    savepoint = db.session.begin_nested()
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert types(webhook) == ['badge.printed']
    savepoint.rollback()
    assert types(webhook) == []


# -- registrations ----------------------------------------------------------------------------------------------------

def _rename(registration):
    registration.first_name = 'Zora'


def _tag(registration):
    registration.tags.add(RegistrationTag(event=registration.event, title='speaker', color='red'))


def _withdraw(registration):
    registration.state = RegistrationState.withdrawn


@pytest.mark.parametrize('change', [_rename, _tag, _withdraw])
def test_a_changed_registration(db, webhook, wants, form, reg, change):
    wants(WebhookEvent.changed)
    committed(db)
    change(reg)
    db.session.flush()
    # the same transaction
    reg.last_name = 'Meyer'
    db.session.flush()
    job, = messages(webhook)
    payload = content(job)
    assert payload['type'] == 'registration.changed'
    assert payload['data'].keys() == {'event', 'registration'}
    assert payload['data']['registration']['full_name'].endswith('Meyer')


def test_changes_that_are_no_news(app, db, webhook, wants, form, reg, create_reg, check_in):
    wants(WebhookEvent.changed)
    # new in this transaction
    reg.first_name = 'Zora'
    db.session.flush()
    committed(db)
    check_in(reg)
    check_in(reg, value=False)
    # a form that does not print
    form.enabled = False
    db.session.flush()
    reg.first_name = 'Zoe'
    db.session.flush()
    assert messages(webhook) == []


# -- check-ins that are undone ----------------------------------------------------------------------------------------

def test_only_what_is_undone(webhook, wants, check_in, reg):
    wants(WebhookEvent.undone)
    job, = check_in(reg)
    checked_in_dt = job.checked_in_dt
    assert messages(webhook) == []
    for __ in range(2):
        check_in(reg, value=False)
    undone, = messages(webhook)
    assert content(undone)['type'] == 'checkin.undone'
    assert undone.checked_in_dt == checked_in_dt


def test_undone_is_not_wanted(db, webhook, wants, check_in, reg, mocker):
    wants(WebhookEvent.checked_in)
    job = next(job for job in check_in(reg) if job.webhook_id)
    db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(state=S.sent))
    check_in(reg, value=False)
    assert messages(webhook) == [job]


# -- delivery ---------------------------------------------------------------------------------------------------------

def test_many_webhooks_and_people(db, webhook, wants, printing, dummy_event):
    wants(WebhookEvent.printed)
    second = Webhook(event_id=dummy_event.id, name='Members', url='https://198.51.100.8/', secrets=[],
                     events=['badge.printed'])
    db.session.add(second)
    db.session.flush()
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert (types(webhook), types(second)) == (['badge.printed'], ['badge.printed'])

"""What a webhook gets: the published schema, the chosen fields, messages that are sent again, test events."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
from standardwebhooks.webhooks import Webhook as Oracle
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.registrations import RegistrationData

from print_agent.protocol.messages import Delivery

from indico_checkin_print import ledger
from indico_checkin_print.delivery import deliver as deliver_module
from indico_checkin_print.delivery.post import Answer
from indico_checkin_print.messages.payload import FIELDS, own_fields
from indico_checkin_print.messages.schema import schema
from indico_checkin_print.messages.webhook import Registration
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.work.worker import post_waiting, render_waiting
from tests.plugin.conftest import SECRET


PUBLISHED = Path(__file__).parents[3] / 'docs' / 'webhook-v1.schema.json'


@pytest.fixture
def receiver(mocker):
    """Replaces the network, and keeps the requests."""
    return mocker.patch.object(deliver_module, 'post', return_value=Answer(202, 0.01))


@pytest.fixture
def data_job(check_in, reg, webhook):
    """Return a function that checks somebody in and returns the job of a webhook that no desk uses."""
    return lambda: next(j for j in check_in(reg) if j.webhook_id == webhook.id)


def sent(receiver):
    """Return the headers, the envelope and the PDF of the last request; the envelope fits the published schema."""
    request = receiver.call_args.kwargs
    body, pdf = request['body'], None
    if request['headers']['Content-Type'] != 'application/json':
        environ = EnvironBuilder(method='POST', data=body, content_type=request['headers']['Content-Type'])
        __, form, files = parse_form_data(environ.get_environ())
        body, pdf = form['payload'], files['document'].read()
    else:
        Oracle(SECRET).verify(body.decode(), request['headers'])
    payload = json.loads(body)
    jsonschema.validate(payload, json.loads(PUBLISHED.read_text()), format_checker=jsonschema.FormatChecker())
    # an agent understands it as well
    msgspec.json.decode(body, type=Delivery)
    return request['headers'], payload, pdf


def test_the_published_schema_is_that_of_the_code():
    """`python -m indico_checkin_print.messages.schema > docs/webhook-v1.schema.json`"""
    assert json.loads(PUBLISHED.read_text()) == json.loads(json.dumps(schema()))
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize('change', [
    lambda p: p.pop('version'), lambda p: p.update(version=2), lambda p: p.update(type='other'),
    lambda p: p['data'].pop('registration'), lambda p: p['data']['registration'].update(email=7),
    lambda p: p['data']['registration']['form'].pop('id'),
])
def test_schema_refuses_other_messages(db, data_job, receiver, change):
    data_job()
    post_waiting('test')
    __, payload, __ = sent(receiver)
    change(payload)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(payload, schema())


def test_every_field_that_can_be_chosen_is_in_the_schema():
    chosen = {field.name for field in msgspec.structs.fields(Registration) if field.default is msgspec.UNSET}
    assert chosen == {*FIELDS, 'fields'}


def test_nothing_but_what_was_chosen(db, data_job, receiver, webhook, reg):
    webhook.fields = []
    data_job()
    post_waiting('test')
    __, payload, __ = sent(receiver)
    assert payload['data']['registration'].keys() == {'id', 'form', 'checked_in_dt'}
    for secret in (reg.last_name, reg.email, str(reg.ticket_uuid)):
        assert secret not in json.dumps(payload, ensure_ascii=False)


def test_all_fields(db, data_job, receiver, webhook, reg):
    webhook.fields = list(FIELDS)
    data_job()
    post_waiting('test')
    __, payload, __ = sent(receiver)
    data = payload['data']['registration']
    assert data.keys() == {'id', 'form', 'checked_in_dt', *FIELDS}
    assert (data['full_name'], data['email'], data['friendly_id']) == (reg.full_name, reg.email, reg.friendly_id)


@pytest.fixture
def add_field(db, dummy_regform, reg):
    """Return a function that adds a field to the form, with what the attendee said; returns its key."""
    def _add(input_type, data, setup=None, versioned=None):
        field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0],
                                      title=f'A {input_type}', input_type=input_type)
        field.versioned_data, field.data = versioned or {}, setup or {}
        db.session.flush()
        reg.data.append(RegistrationData(field_data=field.current_data, data=data))
        db.session.flush()
        return f'field:{field.id}'
    return _add


CHOICES = {'choices': [{'id': 'a', 'caption': 'Soup'}, {'id': 'b', 'caption': 'Salad'}]}
CAPTIONS = {'captions': {'a': 'Soup', 'b': 'Salad'}}


@pytest.mark.parametrize(('kind', 'data', 'setup', 'versioned', 'value'), [
    ('text', 'Vegan', {}, {}, 'Vegan'),
    ('textarea', 'Two\nlines', {}, {}, 'Two\nlines'),
    ('number', 42, {}, {}, 42),
    ('checkbox', True, {}, {}, True),
    ('checkbox', False, {}, {}, False),
    ('bool', True, {}, {}, True),
    ('text', None, {}, {}, None),
    ('phone', '+49 30 1', {}, {}, '+49 30 1'),
    ('date', '2026-11-21T00:00:00', {'date_format': '%d.%m.%Y'}, {}, '21.11.2026'),
    ('single_choice', {'b': 1}, CAPTIONS, CHOICES, 'Salad'),
    ('multi_choice', {'b': 1, 'a': 2}, CAPTIONS, CHOICES, ['Soup (+1)', 'Salad']),
    ('accommodation', {'choice': 'a', 'is_no_accommodation': False, 'arrival_date': '2026-11-20',
                       'departure_date': '2026-11-22'}, CAPTIONS, CHOICES, 'Soup'),
])
def test_the_fields_of_a_form(db, data_job, receiver, webhook, add_field, kind, data, setup, versioned, value):
    key = add_field(kind, data, setup, versioned)
    assert own_fields(webhook.event)[key].endswith(f': A {kind}')
    webhook.fields = ['email', key, 'field:999999', 'no-such-field']
    data_job()
    post_waiting('test')
    __, payload, __ = sent(receiver)
    assert payload['data']['registration']['fields'] == [
        {'id': int(key.partition(':')[2]), 'title': f'A {kind}', 'value': value}]


def test_names_are_no_fields_of_a_form(dummy_event, form):
    titles = ' '.join(own_fields(dummy_event).values())
    assert 'First Name' not in titles
    assert 'Email' not in titles


def test_only_these_forms(db, data_job, webhook, reg, check_in):
    webhook.form_ids = [reg.registration_form_id + 1]
    db.session.flush()
    assert not any(job.webhook_id for job in check_in(reg))


# -- sent again -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('send_badge', [False, True])
def test_sent_again_under_the_same_id(db, data_job, receiver, webhook, dummy_user, send_badge):
    webhook.send_badge = send_badge
    job = data_job()
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    first_headers, first, __ = sent(receiver)
    for __ in range(2):
        # also when what is sent again was sent again itself
        job = ledger.resend(job, dummy_user)
        render_waiting('test')
        assert post_waiting('test')[0] == 1
        headers, second, pdf = sent(receiver)
        assert headers['webhook-id'] == first_headers['webhook-id']
        assert second['timestamp'] == first['timestamp']
        assert second['data'].get('callback') == first['data'].get('callback')
        assert bool(pdf) == send_badge
        if send_badge:
            assert second['data']['job']['job'] == headers['webhook-id']
        db.session.refresh(job)
        assert job.state == JobState.sent
    assert job.uuid != first_headers['webhook-id']


def test_earlier_check_in_is_resent(db, data_job, receiver, check_in, reg, dummy_user):
    """Its person was checked in anew since. As it is the same message, it says the old time."""
    job = data_job()
    assert post_waiting('test')[0] == 1
    check_in(reg, value=False)
    assert post_waiting('test')[0] == 1
    check_in(reg)
    assert reg.checked_in_dt != job.checked_in_dt
    post_waiting('test')
    resent = ledger.resend(job, dummy_user)
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    headers, payload, __ = sent(receiver)
    assert headers['webhook-id'] == job.uuid
    assert payload['data']['registration']['checked_in_dt'] == job.checked_in_dt.isoformat()
    db.session.refresh(resent)
    assert resent.state == JobState.sent
    # one that waits when its person is not checked in any more stays here
    last = ledger.resend(job, dummy_user)
    check_in(reg, value=False)
    db.session.refresh(last)
    assert last.state == JobState.canceled


def test_another_badge_is_another_message(db, webhook_desk, ready_job, receiver, dummy_user):
    """At a desk somebody asked for a second piece of paper."""
    post_waiting('test')
    headers, __, __ = sent(receiver)
    reprint = ledger.reprint(ready_job, dummy_user, 'lost')
    render_waiting('test')
    post_waiting('test')
    assert sent(receiver)[0]['webhook-id'] == reprint.uuid != headers['webhook-id']


def test_test_badge_of_a_desk(db, webhook_desk, form, receiver, dummy_user):
    ledger.request_test(webhook_desk, dummy_user)
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    __, payload, pdf = sent(receiver)
    assert (payload['type'], payload['data'].keys()) == ('badge.print', {'event', 'job', 'callback'})
    assert pdf.startswith(b'%PDF-')


@pytest.mark.parametrize('send_badge', [False, True])
def test_test_event(db, receiver, webhook, dummy_user, send_badge):
    webhook.send_badge = send_badge
    job = ledger.request_event_test(webhook, dummy_user)
    assert post_waiting('test')[0] == 1
    headers, payload, pdf = sent(receiver)
    assert headers['webhook-id'] == job.uuid
    assert (payload['type'], pdf, payload['data'].keys()) == ('webhook.test', None, {'event'})
    # and once more: there is nothing to render
    resent = ledger.resend(job, dummy_user)
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    assert sent(receiver)[1] == payload
    db.session.refresh(resent)
    assert resent.state == JobState.sent

"""Programs ask for badges, and what became of them."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print import ledger
from indico_checkin_print.api import badges
from indico_checkin_print.messages.envelope import job_message
from indico_checkin_print.models.choices import UnpaidPolicy
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.jobs import JobState as S
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.rules import Rule, SurnameIn, dump
from indico_checkin_print.signals.corrections import Changes
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import fresh


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')

DOC = (Path(__file__).parents[3] / 'docs' / 'api.md').read_text()


@pytest.fixture
def volunteer(create_user, event):
    user = create_user(150, 'Vera', 'Volunteer')
    event.update_principal(user, add_permissions={'registration_checkin'})
    return user


@pytest.fixture
def call(test_client, event, volunteer, token_of, app):
    """Return a function that asks as the volunteer, or with another token; it returns the status and the answer."""
    own = token_of(volunteer)
    for limiter in (badges._requests(), badges.questions()):
        limiter.clear(event.id, volunteer.id)

    def _call(body=None, key='key 1', *, badge=None, token=own, event_id=event.id):
        url = f'/api/plugin/checkin-print/event/{event_id}/badges'
        headers = {'Authorization': f'Bearer {token}'} if token else {}
        if badge is not None:
            response = test_client.get(f'{url}/{badge}', headers=headers)
        else:
            headers |= {'Content-Type': 'application/json', **({'Idempotency-Key': key} if key else {})}
            data = body if isinstance(body, bytes) else json.dumps(body)
            response = test_client.post(url, data=data, headers=headers)
        return response.status_code, json.loads(response.data)
    return _call


def badges_of(reg):
    return Job.query.filter_by(registration_id=reg.id, purpose='badge').order_by(Job.id).all()


def test_a_badge_and_what_became_of_it(db, call, reg, desk, agent, volunteer):
    status, made = call({'registration': reg.id, 'desk': desk.id, 'copies': 3})
    assert status == 201, made
    job, = badges_of(reg)
    assert (made['id'], made['state'], made['reason'], made['copies']) == (job.id, 'queued', 'asked_for', 3)
    assert made['desk'] == {'id': desk.id, 'name': desk.name}
    assert (job.user_id, job.checked_in_dt) == (volunteer.id, None)
    render_waiting('test')
    job = fresh(db, job)
    assert job_message(job, go=True).copies == 3
    assert ledger.assign(job, agent, 'p1', 'relay', go=True)
    ledger.report(fresh(db, job), S.completed, 'printed', '', 'agent:1')
    db.session.expire_all()
    status, answer = call(badge=job.id)
    assert (status, answer['state'], answer['printer'], answer['ended']) == (200, 'completed', 'p1', True)
    assert [step['state'] for step in answer['history']] == ['queued', 'rendering', 'ready', 'dispatched', 'completed']
    assert answer['history'][-1]['message'] == 'The printer says that the badge is printed.'
    for secret in (reg.last_name, reg.email, str(reg.ticket_uuid)):
        assert secret not in json.dumps(answer, ensure_ascii=False)


def test_a_repeated_request(db, call, reg, token_of, create_user, event):
    __, first = call({'registration': reg.id})
    assert call({'registration': reg.id})[0] == 200
    assert call({'registration': reg.id})[1]['id'] == first['id']
    status, answer = call({'registration': reg.id, 'copies': 2})
    assert (status, answer['error']) == (422, 'key_used')
    # another key, while the first one waits; and the same key of somebody else
    other = create_user(151)
    event.update_principal(other, add_permissions={'registration'})
    for answer in (call({'registration': reg.id}, 'key 2'), call({'registration': reg.id}, token=token_of(other))):
        assert (answer[0], answer[1]['error']) == (409, 'badge_waiting')
    assert len(badges_of(reg)) == 1


def test_a_reprint(db, call, reg, check_in):
    job, = check_in(reg)
    db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(state=S.completed))
    status, answer = call({'registration': reg.id})
    assert (status, answer['reprint_of']) == (201, job.id)


def test_another_template(db, call, reg, desk, create_template):
    """It prints the template that was asked for, is drawn anew when that is edited, and again in a reprint."""
    small = create_template('Small')
    small.data = {**small.data, 'width': 250}
    db.session.flush()
    status, made = call({'registration': reg.id, 'template': small.id})
    assert (status, made['template']) == (201, small.id)
    render_waiting('test')
    job, = badges_of(reg)
    assert fresh(db, job).document.width_mm == 50
    small.data = {**small.data, 'width': 300}
    db.session.flush()
    ledger.redraw(Changes(templates={small.id}), 'test')
    assert fresh(db, job).state == S.queued
    render_waiting('test')
    assert fresh(db, job).document.width_mm == 60
    other = ledger.reprint(job, job.user, Reason.lost)
    assert other.facts == {'template': small.id}
    render_waiting('test')
    db.session.delete(small)
    db.session.flush()
    assert call({'registration': reg.id, 'template': small.id}, 'key 2')[1]['error'] == 'no_template'


def test_a_template_of_another_event(db, call, reg, create_template, create_event):
    template = create_template('Theirs')
    template.event = create_event(77)
    db.session.flush()
    assert call({'registration': reg.id, 'template': template.id})[1]['error'] == 'no_template'


def test_a_rule_says_where(db, call, reg, event, form, desk):
    other = Desk(event=event, name='Desk 2')
    db.session.add(other)
    db.session.flush()
    db.session.add(EventSetup(event=event, desk_rules=dump([Rule(1, other.id, (SurnameIn('M', 'M'),))])))
    db.session.flush()
    call({'registration': reg.id})
    job, = badges_of(reg)
    assert (job.desk, job.history[0].detail) == (other, 'desk:rule:1:')


def test_the_check_in_after_it(db, call, reg, check_in):
    call({'registration': reg.id})
    __, second = check_in(reg)
    assert (second.state, second.reason) == (S.held, 'already_printed')


@pytest.mark.parametrize(('change', 'error'), [
    (lambda reg, form: setattr(form, 'enabled', False), 'form_off'),
    (lambda reg, form: setattr(reg, 'state', RegistrationState.withdrawn), 'not_complete')])
def test_who_gets_none(db, call, reg, form, change, error):
    change(reg, form)
    db.session.flush()
    status, answer = call({'registration': reg.id})
    assert (status, answer['error']) == (409, error)
    assert badges_of(reg) == []


@pytest.mark.parametrize(('policy', 'expected'), [
    (UnpaidPolicy.skip, (409, 'not_paid')), (UnpaidPolicy.hold, (201, 'unpaid')),
    (UnpaidPolicy.print, (201, 'asked_for'))])
def test_unpaid(db, call, reg, event, policy, expected):
    db.session.add(EventSetup(event=event, unpaid=policy))
    reg.state = RegistrationState.unpaid
    db.session.flush()
    status, answer = call({'registration': reg.id})
    assert (status, answer.get('error') or answer['reason']) == expected


def test_a_paused_desk(db, call, reg, desk):
    desk.paused = True
    db.session.flush()
    __, answer = call({'registration': reg.id})
    assert (answer['state'], answer['reason']) == ('held', 'paused')


def test_a_blocked_ticket(call, reg):
    def _blocked(*args, **kwargs):
        return True

    with signals.event.is_ticket_blocked.connected_to(_blocked, sender=reg):
        status, answer = call({'registration': reg.id})
    assert (status, answer['error']) == (409, 'not_allowed')


@pytest.mark.parametrize(('change', 'expected'), [
    ({'registration': 2**31 - 1}, (404, 'no_registration')), ({'registration': 2**31}, (400, 'bad_message')),
    ({'registration': '1'}, (400, 'bad_message')), ({'person': 'nobody'}, (404, 'no_person')),
    ({'person': 'x' * 101}, (400, 'bad_message')), ({'desk': 2**31 - 1}, (404, 'no_desk')),
    ({'copies': 0}, (400, 'bad_message')), ({'copies': badges.MAX_COPIES + 1}, (400, 'bad_message')),
    ({'template': 2**31 - 1}, (404, 'no_template')), ({'template': 'x'}, (400, 'bad_message')),
    ({'colour': 3}, (400, 'bad_message'))])
def test_bad_requests(call, reg, change, expected):
    status, answer = call({'registration': reg.id, **change})
    assert (status, answer['error']) == expected
    assert answer['message'].endswith('.') or status == 400
    assert badges_of(reg) == []


@pytest.mark.parametrize(('body', 'key', 'error'), [
    (b'{', 'k', 'bad_message'), (b'\xff', 'k', 'bad_message'), (b'[' * 5000, 'k', 'bad_message'), (b'{}', '', 'no_key'),
    (b'{}', 'k' * 101, 'no_key')])
def test_bad_bodies_and_keys(call, body, key, error):
    status, answer = call(body, key)
    assert (status, answer['error']) == (400, error)


def test_limits_of_rate(call, reg):
    codes = [call({'registration': reg.id})[0] for __ in range(badges.REQUESTS_PER_MINUTE + 1)]
    assert codes == [201] + [200] * (badges.REQUESTS_PER_MINUTE - 1) + [429]


# -- who may ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('who', 'allowed'), [
    ('nobody', False), ('stranger', False), ('other_manager', False), ('wrong_scope', False), ('volunteer', True),
    ('manager', True), ('full_manager', True), ('admin', True)])
def test_who_may(call, reg, event, create_user, create_event, token_of, who, allowed):
    user = create_user(160, admin=who == 'admin')
    if who in {'volunteer', 'wrong_scope'}:
        event.update_principal(user, add_permissions={'registration_checkin'})
    elif who == 'manager':
        event.update_principal(user, add_permissions={'registration'})
    elif who == 'full_manager':
        event.update_principal(user, full_access=True)
    elif who == 'other_manager':
        create_event(77).update_principal(user, full_access=True)
    token = None if who == 'nobody' else token_of(user, ['read:user'] if who == 'wrong_scope' else ['registrants'])
    status, answer = call({'registration': reg.id}, token=token)
    assert (status == 201) == allowed, answer
    # without a token it is a browser, which needs one against CSRF
    assert status in {201, 401, 403} or (who, status) == ('nobody', 400)
    job = ledger.record([ledger.new_row('badge', person='x')], event_id=event.id, registration_id=reg.id, actor='test')
    assert (call(badge=job[0], token=token)[0] == 200) == allowed


def test_as_the_check_in_api(app):
    from indico.modules.events.registration.controllers.api.checkin import RHCheckinAPIBase
    ours, theirs = badges.RHBadgesBase, RHCheckinAPIBase
    assert (ours.PERMISSION, ours._OAUTH_SCOPE) == (theirs.PERMISSION, theirs._OAUTH_SCOPE)


def test_hidden_people(call, reg, create_reg, event):
    hidden = create_reg('Hildegard')
    job, = ledger.record([ledger.new_row('badge')], event_id=event.id, registration_id=hidden.id, actor='test')

    def _only_others(regform, user, **kwargs):
        return Registration.first_name != 'Hildegard'

    with signals.event.filter_registration_list.connected_to(_only_others, sender=reg.registration_form):
        assert call({'registration': hidden.id})[1]['error'] == 'no_registration'
        assert call(badge=job)[1]['error'] == 'no_badge'
        assert call({'registration': reg.id})[0] == 201


def test_another_event(call, reg, create_event, volunteer):
    other = create_event(77)
    other.update_principal(volunteer, add_permissions={'registration_checkin'})
    __, made = call({'registration': reg.id})
    assert call({'registration': reg.id}, 'key 2', event_id=77)[1]['error'] == 'no_registration'
    assert call(badge=made['id'], event_id=77)[1]['error'] == 'no_badge'


# -- docs/api.md ------------------------------------------------------------------------------------------------------

def test_the_document(call, reg):
    source = Path(badges.__file__).read_text()
    codes = set(re.findall(r"APIError\((\d+), '(\w+)'", source)) | {('400', 'bad_message')}
    assert set(re.findall(r'^\| (\d{3}) \| `(\w+)` \|', DOC, re.MULTILINE)) == codes
    fields = {field.name for field in msgspec.structs.fields(badges.BadgeRequest)}
    assert set(re.findall(r'^\| `(\w+)` \|', DOC, re.MULTILINE)) == fields
    assert f'1 to {badges.MAX_COPIES}' in DOC
    assert f'up to {badges.MAX_KEY} characters' in DOC
    assert f'more than {badges.REQUESTS_PER_MINUTE} requests for badges, or {badges.QUESTIONS_PER_MINUTE} ' in DOC
    example = json.loads(re.findall(r'```json\n(.*?)```', DOC, re.DOTALL)[-1])
    assert call({'registration': reg.id})[1].keys() == example.keys()

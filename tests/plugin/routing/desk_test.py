"""Which desk a badge goes to: one rule for a check-in, a reprint, and what was held for want of a desk."""

from datetime import timedelta

import pytest

from indico.core import signals
from indico.core.oauth.models.applications import OAuthApplicationUserLink
from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.core.oauth.models.tokens import OAuthToken
from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.ledger.desks import desks_for_jobs
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.states import JobState as S
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.reasons.desk import describe_detail
from indico_checkin_print.routing.desk import DeskChoice, DeskFacts, DeskReason, choose_desk


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.mark.parametrize(('facts', 'desk_id', 'reason'), [
    ({}, 1, DeskReason.default),
    ({'form_desk': 2}, 2, DeskReason.form),
    ({'form_desk': 2, 'own_desk': 3}, 3, DeskReason.volunteer),
    ({'form_desk': 2, 'own_desk': 3, 'device_desk': 1}, 1, DeskReason.device),
    ({'form_desk': 2, 'own_desk': 1, 'device_desk': 2, 'earlier_desk': 3}, 3, DeskReason.earlier),
    # what was deleted is no desk
    ({'form_desk': 9}, 1, DeskReason.default),
    ({'form_desk': 2, 'earlier_desk': 9}, 2, DeskReason.form),
    ({'own_desk': 9, 'form_desk': 2}, 2, DeskReason.form),
    ({'own_desk': 3, 'device_desk': 9}, 3, DeskReason.volunteer),
    ({'desks': frozenset()}, None, DeskReason.none),
    ({'desks': frozenset(), 'form_desk': 2, 'earlier_desk': 3}, None, DeskReason.none),
])
def test_choose_desk(facts, desk_id, reason):
    assert choose_desk(DeskFacts(**{'desks': frozenset({1, 2, 3}), **facts})) == DeskChoice(desk_id, reason)


@pytest.fixture
def second_desk(db, dummy_event, desk):
    desk = Desk(event_id=dummy_event.id, name='Desk 2')
    db.session.add(desk)
    db.session.flush()
    return desk


@pytest.mark.parametrize('chosen', ['form', 'default'])
def test_every_way_finds_the_same_desk(db, check_in, create_reg, form, desk, second_desk, chosen):
    """The check-in, the page of a registration, and a job that is queued once more ask one function."""
    expected = desk
    if chosen == 'form':
        form.desk = expected = second_desk
    job, = check_in(create_reg())
    assert job.desk_id == expected.id
    assert ledger.desk_for_form(form.registration_form) == DeskChoice(expected.id, DeskReason(chosen))
    assert desks_for_jobs([job.id]) == {job.id: DeskChoice(expected.id, DeskReason.earlier)}
    expected.is_deleted = True
    form.desk = None
    db.session.flush()
    left = second_desk if expected is desk else desk
    assert desks_for_jobs([job.id]) == {job.id: DeskChoice(left.id, DeskReason.default)}


@pytest.fixture
def token(db, create_user):
    """A personal token of somebody who checks people in."""
    token = PersonalToken(user=create_user(55, 'Vera', 'Volunteer'), name='Phone', scopes={'registrants'})
    token.generate_token()
    db.session.add(token)
    db.session.flush()
    return token


@pytest.fixture
def choose(db, dummy_event):
    """Return a function that makes a desk somebody's own, for some seconds from now on."""
    def _choose(user, desk, seconds=3600):
        db.session.add(OwnDesk(event_id=dummy_event.id, user=user, desk=desk,
                               ends_dt=now_utc() + timedelta(seconds=seconds)))
        db.session.flush()
    return _choose


def details(job):
    return [str(describe_detail(step.detail)) for step in job.history]


def test_the_volunteers_own_desk(db, check_in, create_reg, form, desk, second_desk, token, choose, create_user):
    form.desk = desk
    choose(token.user, second_desk)
    mine, = check_in(create_reg(first_name='A'), user=token.user, token=token)
    other, = check_in(create_reg(first_name='B'), user=create_user(56))
    assert (mine.desk_id, other.desk_id) == (second_desk.id, desk.id)
    assert details(mine) == ['This desk, because the volunteer who checked in has chosen it.']
    assert details(other) == ['This desk, because the registration form prints there.']
    assert ledger.desk_for_form(form.registration_form, token.user).desk_id == second_desk.id
    # a desk that is deleted later: what is queued once more follows the volunteer
    second_desk.is_deleted = True
    third = Desk(event_id=second_desk.event_id, name='Desk 3')
    db.session.add(third)
    db.session.flush()
    OwnDesk.query.one().desk = third
    db.session.flush()
    assert desks_for_jobs([mine.id]) == {mine.id: DeskChoice(third.id, DeskReason.volunteer)}


def test_an_own_desk_ends(check_in, reg, desk, second_desk, token, choose):
    choose(token.user, second_desk, seconds=-1)
    job, = check_in(reg, user=token.user)
    assert job.desk_id == desk.id


def test_the_desk_of_another_event_is_not_mine(db, check_in, reg, desk, second_desk, token, choose, create_event):
    choose(token.user, second_desk)
    OwnDesk.query.one().event = create_event(77)
    db.session.flush()
    job, = check_in(reg, user=token.user)
    assert job.desk_id == desk.id


def test_a_device_is_noted_once_and_its_desk_beats_its_users(db, check_in, create_reg, desk, second_desk, token,
                                                             choose, statements):
    choose(token.user, desk)
    first, = check_in(create_reg(first_name='A'), user=token.user, token=token)
    device = Device.query.one()
    assert (device.token, device.desk_id, first.desk_id) == (f'personal:{token.id}', None, desk.id)
    device.desk = second_desk
    statements.clear()
    second, = check_in(create_reg(first_name='B'), user=token.user, token=token)
    assert [s for s in statements if 'INSERT INTO plugin_checkin_print.devices' in s] == []
    assert second.desk_id == second_desk.id
    assert details(second) == ['This desk, because the device that scanned is assigned to it.']
    assert Device.query.count() == 1


def test_a_check_in_on_the_pages_is_of_no_device(check_in, reg, token):
    check_in(reg, user=token.user)
    assert Device.query.count() == 0


def test_the_tokens_of_the_app_are_devices_of_one_account(db, check_in, create_reg, second_desk, token,
                                                          create_application):
    link = OAuthApplicationUserLink(application=create_application(name='App'), user=token.user, scopes=['registrants'])
    db.session.add(link)
    phones = [OAuthToken(app_user_link=link, access_token=f'{n}' * 42, scopes=['registrants']) for n in range(2)]
    db.session.add_all(phones)
    db.session.flush()
    for number, phone in enumerate(phones):
        check_in(create_reg(first_name=f'P{number}'), user=token.user, token=phone)
    assert {device.token for device in Device.query} == {f'app:{phone.id}' for phone in phones}


def test_without_a_desk_the_history_says_so(db, check_in, reg, desk):
    desk.is_deleted = True
    db.session.flush()
    job, = check_in(reg)
    assert (job.state, job.reason, details(job)) == (S.held, Reason.no_desk, ['No desk, because the event has none.'])


def test_the_history_of_what_prints_nowhere_names_no_desk(check_in, reg):
    with signals.event.is_ticket_blocked.connected_to(lambda sender: True):
        job, = check_in(reg)
    assert (job.state, details(job)) == (S.canceled, [''])


def test_a_detail_of_a_newer_version_is_shown_as_it_is():
    assert (describe_detail('desk:moon'), describe_detail('other')) == ('desk:moon', 'other')


def test_release_gives_each_job_its_desk(db, check_in, create_reg, form, desk, second_desk, dummy_user):
    first, = check_in(create_reg(first_name='A'))
    form.desk = second_desk
    second, = check_in(create_reg(first_name='B'))
    ledger.discard([first, second], dummy_user)
    db.session.expire_all()
    assert ledger.release([first, second], 'test') == [first.id, second.id]
    db.session.expire_all()
    assert [(job.state, job.desk_id) for job in (first, second)] == [(S.queued, desk.id), (S.queued, second_desk.id)]


def test_a_message_to_a_webhook_goes_to_no_desk(db, check_in, reg, webhook, dummy_user):
    badge, message = check_in(reg)
    assert desks_for_jobs([badge.id, message.id]).keys() == {badge.id}
    ledger.discard([message], dummy_user)
    db.session.expire_all()
    ledger.release([message], 'test')
    db.session.refresh(message)
    assert (message.state, message.desk_id) == (S.queued, None)


def test_a_new_desk_takes_what_was_held_for_want_of_one(db, check_in, reg, desk):
    desk.is_deleted = True
    db.session.flush()
    job, = check_in(reg)
    assert ledger.sweep() == 0
    desk.is_deleted = False
    db.session.flush()
    assert ledger.sweep() == 1
    db.session.refresh(job)
    assert (job.state, job.reason, job.desk_id) == (S.queued, Reason.desk_found, desk.id)

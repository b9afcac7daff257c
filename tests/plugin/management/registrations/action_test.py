"""Badges on Indico's own pages: that of a registration, and the participant list with an action on several."""

from datetime import timedelta

import pytest
from flask import session

from indico.core import signals
from indico.modules.events.registration.models.registrations import RegistrationState
from indico.util.signals import values_from_signal

from indico_checkin_print import kick
from indico_checkin_print.management.registrations.todo import Todo
from indico_checkin_print.models.choices import BadgeKind, UnpaidPolicy
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.conftest import announce


pytestmark = pytest.mark.usefixtures('no_kick')

S = JobState


@pytest.fixture
def url(event, reg):
    return f'/event/{event.id}/manage/checkin-print/forms/{reg.registration_form_id}/print'


def choose(browser, url, *registrations):
    """Open the dialog; return its text and what its hidden fields say."""
    response = browser.post(url, registration_id=[reg.id for reg in registrations])
    assert response.status_code == 200
    return response.json.get('html', '')


def newest():
    return Job.query.order_by(Job.id.desc()).first().id if Job.query.has_rows() else 0


def press(browser, url, *registrations, newest_id=None, **data):
    """Press the button of the dialog; return its errors."""
    return browser.save(url, registration_id=[reg.id for reg in registrations], submitted='1',
                        newest=str(newest() if newest_id is None else newest_id), **data)


# -- the participant list ---------------------------------------------------------------------------------------------

@pytest.fixture
def situations(check_in, create_reg, set_job, db):
    """Registrations in every situation, by what is done about them."""
    people = {todo: create_reg(todo.name.title()) for todo in (
        Todo.reprint, Todo.release, Todo.retry, Todo.first, Todo.under_way, Todo.not_checked_in)}
    jobs = {todo: check_in(people[todo])[0] for todo in (Todo.reprint, Todo.release, Todo.retry, Todo.under_way)}
    set_job(jobs[Todo.reprint], state=S.completed, reason='printed')
    set_job(jobs[Todo.release], state=S.held, reason='bulk')
    set_job(jobs[Todo.retry], state=S.failed, reason='printer_failed')
    people[Todo.first].checked_in = True
    db.session.flush()
    return people, jobs


def test_it_says_how_many_of_each(manager, url, situations):
    html = choose(manager, url, *situations[0].values())
    assert 'Had a badge, will get another one: 1.' in html
    assert 'Checked in, will get their first badge: 1.' in html
    assert 'Not checked in, skipped: 1.' in html
    assert 'Why another badge' in html
    assert Job.query.count() == 4


def test_print_all(db, manager, manager_user, url, situations, log_of, event):
    people, jobs = situations
    kick.after_commit.reset_mock()
    assert not press(manager, url, *people.values(), reason='lost')
    db.session.expire_all()
    assert {todo: job.state for todo, job in jobs.items()} == {
        Todo.reprint: S.completed, Todo.release: S.queued, Todo.retry: S.queued, Todo.under_way: S.queued}
    other = Job.query.filter_by(reprint_of_id=jobs[Todo.reprint].id).one()
    assert (other.state, other.reason, other.user_id) == (S.queued, 'lost', manager_user.id)
    first = Job.query.filter_by(registration_id=people[Todo.first].id).one()
    assert (first.state, first.checked_in_dt) == (S.queued, people[Todo.first].checked_in_dt)
    assert [h.actor for h in first.history] == [f'user:{manager_user.id}']
    assert not Job.query.filter_by(registration_id=people[Todo.not_checked_in].id).has_rows()
    kick.after_commit.assert_called_once()
    log = log_of(event)
    assert 'Badges printed from the participant list' in log
    assert "'Reprint': 1" in log
    assert "'Reason': 'It was lost'" in log
    assert f'#{people[Todo.release].friendly_id}' in log
    assert f'#{people[Todo.under_way].friendly_id}' not in log


@pytest.mark.parametrize('what', ['event', 'desk'])
def test_a_pause_holds_what_is_printed_here(db, manager, url, page, event, desk, situations, log_of, what):
    people, jobs = situations
    pause = f'{page}/pause' if what == 'event' else f'{page}/desks/{desk.id}/pause'
    manager.post(pause, xhr=False, paused='1')
    # the one that was on its way waits since
    html = choose(manager, url, *people.values())
    assert 'Badge waits until printing resumes, skipped: 1.' in html
    assert ('first badge: 1. Printing is paused. Number of these that wait until it resumes: 4. Badge waits'
            in html)
    before = len(jobs[Todo.under_way].history)
    assert not press(manager, url, *people.values(), reason='lost')
    db.session.expire_all()
    waiting = Job.query.filter(Job.id != jobs[Todo.reprint].id).all()
    assert len(waiting) == 5
    assert {(job.state, job.reason) for job in waiting} == {(S.held, Reason.paused)}
    assert all(job.expires_dt - job.changed_dt > timedelta(hours=23) for job in waiting)
    assert len(jobs[Todo.under_way].history) == before
    assert "'Wait for the pause': 4" in log_of(event)
    with manager.client.session_transaction() as cookies:
        said = [str(flash) for flash in cookies['_flashes']]
        assert any('Badges that wait until it resumes: 4' in words for words in said)
        assert not any('rinted' in words or 'Released' in words for words in said)
    manager.post(pause, xhr=False, paused='0')
    db.session.expire_all()
    assert {job.state for job in waiting} == {S.queued}


def test_another_desk_that_is_paused_holds_nothing(db, manager, url, event, situations):
    db.session.add(Desk(event=event, name='South', paused=True))
    assert 'paused' not in choose(manager, url, *situations[0].values())
    press(manager, url, situations[0][Todo.release], situations[0][Todo.first])
    db.session.expire_all()
    assert situations[1][Todo.release].state == S.queued


def test_a_reason_is_needed_for_another_badge_only(manager, url, situations):
    people, __ = situations
    assert list(press(manager, url, *people.values())) == ['reason']
    assert Job.query.count() == 4
    assert not press(manager, url, people[Todo.first])


def test_a_second_click(manager, url, situations, db):
    people, __ = situations
    seen = newest()
    for __ in range(2):
        press(manager, url, people[Todo.reprint], people[Todo.first], newest_id=seen, reason='lost')
    assert Job.query.count() == 6


def test_only_what_is_submitted_locks_registrations(manager, url, situations, db):
    """Check-ins of these people would wait for a manager who only looks."""
    person = situations[0][Todo.reprint]
    db.session.flush()
    locked = (f'SELECT xmax::text FROM event_registration.registrations WHERE id = {person.id}')
    before = db.session.execute(locked).scalar()
    choose(manager, url, person)
    assert db.session.execute(locked).scalar() == before
    press(manager, url, person, reason='lost')
    assert db.session.execute(locked).scalar() != before


def test_nobody_chosen(manager, url):
    assert manager.post(url).json['success']
    assert not Job.query.has_rows()


@pytest.mark.parametrize('ids', [['x'], ['1e3'], ['-1'], ['9' * 30], list(map(str, range(1001)))])
def test_nonsense(manager, url, ids):
    assert manager.post(url, registration_id=ids).status_code == 400


def test_registrations_of_another_form(db, manager, url, event, create_regform, situations, create_reg):
    other = create_regform(event, title='Other')
    reg = create_reg('Eve')
    reg.registration_form = other
    reg.checked_in = True
    db.session.flush()
    assert 'html' not in manager.post(url, registration_id=[reg.id]).json


def test_registrations_that_another_plugin_hides(manager, url, situations):
    people, __ = situations

    def _only_first(sender, user, **kwargs):
        return type(people[Todo.first]).id == people[Todo.first].id

    with signals.event.filter_registration_list.connected_to(_only_first):
        press(manager, url, *people.values(), reason='lost')
    assert Job.query.count() == 5


def test_blocked_tickets_and_unfinished_registrations(manager, url, situations, db):
    people, __ = situations
    with signals.event.is_ticket_blocked.connected_to(lambda sender: True):
        assert 'ticket is blocked' in choose(manager, url, people[Todo.first])
        press(manager, url, people[Todo.first])
    assert Job.query.count() == 4


@pytest.fixture
def menu(app, event, dummy_regform):
    """Return a function that returns what the participant list offers somebody."""
    def _menu(user):
        with app.test_request_context():
            session.set_session_user(user)
            return [entry.text for entry in values_from_signal(
                signals.event.registrant_list_action_menu.send(dummy_regform), as_list=True)]
    return _menu


def test_action_menu(menu, form, manager_user, create_user, event, db):
    assert 'Print badges at the desk' in menu(manager_user)
    volunteer = create_user(300)
    event.update_principal(volunteer, add_permissions={'registration_checkin'})
    assert 'Print badges at the desk' not in menu(volunteer)
    form.enabled = False
    assert 'Print badges at the desk' not in menu(manager_user)


def test_a_ticket_is_for_all_persons(manager, url, form, create_reg, db, mocker):
    form.kind = BadgeKind.ticket
    reg = create_reg('Ada', checked_in=True)
    dummy = mocker.patch('indico_checkin_print.management.registrations.action.persons_of', return_value=['', 'abc'])
    press(manager, url, reg)
    assert Job.query.count() == 1
    dummy.assert_not_called()
    form.kind = BadgeKind.badge
    press(manager, url, reg)
    assert sorted(job.person for job in Job.query) == ['', 'abc']


# -- before the check-in ----------------------------------------------------------------------------------------------

@pytest.mark.usefixtures('form')
@pytest.mark.parametrize('rights', ['registration', 'registration_checkin'])
def test_one_badge_before_the_check_in(browse, create_user, url, event, reg, check_in, rights):
    """Volunteers may print it as well. The check-in obeys the rule for people who had one."""
    user = create_user(300)
    event.update_principal(user, add_permissions={rights})
    browser = browse(user)
    html = browser.post(url, registration_id=[reg.id], early='1').json['html']
    assert 'Not checked in, will get their badge now: 1.' in html
    assert not press(browser, url, reg, early='1')
    job = Job.query.one()
    assert (job.state, job.checked_in_dt, job.user_id) == (S.queued, None, user.id)
    # a second click finds the first one's badge
    assert 'Badge on its way, skipped: 1.' in browser.post(
        url, registration_id=[reg.id], early='1').json['html']
    assert [(job.state, job.reason) for job in check_in(reg)][-1] == (S.held, 'already_printed')
    # nor does it end the badge if the check-in is undone
    check_in(reg, value=False)
    assert job.state == S.queued


@pytest.mark.usefixtures('form')
@pytest.mark.parametrize('checked_in', [True, False])
@pytest.mark.parametrize(('policy', 'words', 'state'), [
    (UnpaidPolicy.skip, 'Not paid, and this event prints no badge then, skipped: 1.', None),
    (UnpaidPolicy.hold, 'Not paid, their badge waits until they are: 1.', S.held),
    (UnpaidPolicy.print, 'badge', S.queued)])
def test_who_has_not_paid(app, db, manager, url, event, reg, policy, words, state, checked_in, log_of):
    db.session.add(EventSetup(event=event, unpaid=policy))
    reg.state, reg.checked_in = RegistrationState.unpaid, checked_in
    db.session.flush()
    early = '' if checked_in else '1'
    assert words in manager.post(url, registration_id=[reg.id], early=early).json['html']
    press(manager, url, reg, early=early)
    assert [job.state for job in Job.query] == ([state] if state else [])
    if state != S.held:
        return
    assert "'Unpaid': 1" in log_of(event)
    # it prints with the payment
    assert Job.query.one().reason == Reason.unpaid
    reg.state = RegistrationState.complete
    db.session.flush()
    announce(app, signals.event.registration_state_updated, reg, previous_state=RegistrationState.unpaid)
    db.session.expire_all()
    assert Job.query.one().state == S.queued


@pytest.mark.usefixtures('form')
def test_the_list_prints_none_before_the_check_in(manager, url, reg, create_reg):
    other = create_reg('Another', 'One')
    html = manager.post(url, registration_id=[reg.id, other.id], early='1').json['html']
    assert 'Not checked in, skipped: 2.' in html


@pytest.mark.usefixtures('form')
def test_a_volunteer_prints_for_one_person_at_a_time(browse, create_user, url, event, reg, create_reg):
    other, user = create_reg('Another', 'One'), create_user(300)
    event.update_principal(user, add_permissions={'registration_checkin'})
    for more in ({}, {'early': '1'}, {'early': '1', 'submitted': '1', 'newest': 0}):
        assert browse(user).post(url, registration_id=[reg.id, other.id], **more).status_code == 403
    assert Job.query.count() == 0

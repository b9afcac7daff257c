"""The trigger: which check-ins become which rows, and that a check-in never suffers from it."""

import json

import pytest
from sqlalchemy import inspect

from indico.core import signals

from indico_checkin_print import kick, ledger, sql
from indico_checkin_print.ledger import create
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.signals import checkin


@pytest.fixture
def kicks(mocker):
    return mocker.patch.object(kick, 'after_commit')


def test_a_scan_makes_one_job(check_in, reg, desk, kicks):
    job, = check_in(reg)
    assert (job.state, job.reason, job.purpose) == (JobState.queued, Reason.checked_in, Job.PURPOSE_BADGE)
    assert job.checked_in_dt == reg.checked_in_dt
    assert job.desk_id == desk.id
    assert job.expires_dt > job.created_dt
    assert [h.state for h in job.history] == [JobState.queued]
    kicks.assert_called_once()


def test_no_change_is_older_than_the_check_in(check_in, reg, db):
    """A long request checks people in after its transaction began, whose time is PostgreSQL's ``now()``."""
    job, = check_in(reg)
    assert job.created_dt == job.changed_dt == reg.checked_in_dt
    ledger.move([Job.id == job.id], JobState.held, Reason.bulk, 'test')
    db.session.refresh(job)
    assert job.changed_dt == reg.checked_in_dt


def test_a_second_scan_changes_nothing(app, check_in, reg, db, kicks):
    check_in(reg)
    db.session.flush()
    assert len(check_in(reg)) == 1
    # not even for a process that did not see the first one
    db.session.expire(reg)
    with app.test_request_context('/api/events/0/registrants/0', method='PATCH'):
        signals.event.registration_checkin_updated.send(reg)
    assert JobHistory.query.count() == 1
    kicks.assert_called_once()


def test_two_scans_at_the_same_moment(check_in, reg, db):
    """Both requests find somebody who is not checked in. The other one was committed first."""
    job, = check_in(reg)
    # this request still has what it read before
    inspect(reg).dict.update(checked_in=False, checked_in_dt=None)
    assert check_in(reg) == [job]
    db.session.refresh(job)
    assert job.checked_in_dt == reg.checked_in_dt
    assert [h.state for h in job.history] == [JobState.queued]


def test_two_scans_of_somebody_who_gets_no_badge(check_in, reg, db):
    with signals.event.is_ticket_blocked.connected_to(lambda sender: True):
        check_in(reg)
        inspect(reg).dict.update(checked_in=False, checked_in_dt=None)
        assert {j.state for j in check_in(reg)} == {JobState.canceled}


def test_the_flip_is_seen_after_a_flush(app, reg, form, db):
    with app.test_request_context('/api/events/0/registrants/0', method='PATCH'):
        reg.checked_in = True
        # the receiver of Indico's own log may flush before ours runs
        db.session.flush()
        signals.event.registration_checkin_updated.send(reg)
    assert Job.query.count() == 1


def test_somebody_checked_in_before_printing_was_switched_on(reg, request_context, db, form):
    reg.checked_in = True
    db.session.flush()
    db.session.expire(reg)
    checkin.inspect(reg).info.clear()
    signals.event.registration_checkin_updated.send(reg)
    assert Job.query.count() == 0


def test_a_form_that_is_off_does_not_print(check_in, reg, form):
    form.enabled = False
    assert check_in(reg) == []


def test_undone_and_rescanned(check_in, reg, db):
    check_in(reg)
    check_in(reg, value=False)
    db.session.expire_all()
    jobs = check_in(reg)
    assert [(j.state, j.reason) for j in jobs] == [(JobState.canceled, Reason.check_in_undone),
                                                   (JobState.queued, Reason.checked_in)]


@pytest.mark.parametrize('send_badge', [False, True])
def test_undone_and_rescanned_while_a_message_waits(check_in, reg, webhook, db, send_badge):
    """The message goes out all the same, so it does not prove that this is the same check-in."""
    webhook.send_badge = send_badge
    check_in(reg)
    check_in(reg, value=False)
    db.session.expire_all()
    badges, messages = [], []
    for job in check_in(reg):
        (messages if job.webhook_id else badges).append(job)
    assert [(job.state, job.reason) for job in badges] == [(JobState.canceled, Reason.check_in_undone),
                                                           (JobState.queued, Reason.checked_in)]
    assert len({job.checked_in_dt for job in messages}) == 2
    assert messages[1].checked_in_dt == badges[1].checked_in_dt == reg.checked_in_dt


def test_a_webhook_without_a_desk_hears_of_the_check_in(check_in, reg, webhook):
    badge, data = check_in(reg)
    assert (data.purpose, data.webhook_id, data.desk_id, data.state) == (
        f'webhook:{webhook.id}', webhook.id, None, JobState.ready)
    assert data.expires_dt > badge.expires_dt


def test_a_webhook_of_a_desk_hears_only_through_its_desk(check_in, reg, webhook, desk, db):
    desk.webhook = webhook
    db.session.flush()
    assert [j.purpose for j in check_in(reg)] == [Job.PURPOSE_BADGE]


def test_without_a_desk_it_is_held(check_in, reg, desk, db):
    desk.is_deleted = True
    db.session.flush()
    job, = check_in(reg)
    assert (job.state, job.reason) == (JobState.held, Reason.no_desk)


def test_accompanying_persons_get_badges_of_their_own(check_in, reg, dummy_regform, form, mocker):
    mocker.patch.object(type(reg), 'accompanying_persons', [{'id': 'abc', 'firstName': 'A', 'lastName': 'B'}])
    dummy_regform.tickets_for_accompanying_persons = True
    assert [j.person for j in check_in(reg)] == ['', 'abc']


def test_a_ticket_has_all_persons_on_it(check_in, reg, dummy_regform, form, mocker):
    mocker.patch.object(type(reg), 'accompanying_persons', [{'id': 'abc', 'firstName': 'A', 'lastName': 'B'}])
    dummy_regform.tickets_for_accompanying_persons = True
    form.kind, form.template = BadgeKind.ticket, None
    assert [j.person for j in check_in(reg)] == ['']


def test_number_of_statements(check_in, create_reg, statements, app, db, webhook):
    """A volunteer waits for each: the savepoint and its end, what the event says, the rows, and a NOTIFY."""
    check_in(create_reg())
    registration = create_reg(first_name='B')
    registration.checked_in = True
    db.session.flush()
    with app.test_request_context(f'/api/events/{registration.event_id}/registrants/{registration.id}', method='PATCH'):
        # the request has loaded them
        assert registration.event.title
        assert registration.registration_form.title
        statements.clear()
        signals.event.registration_checkin_updated.send(registration)
    assert [s.split()[0] for s in statements] == ['SAVEPOINT', 'SELECT', 'SELECT', 'SELECT', 'RELEASE']
    assert 'check_in_setup' in statements[1]
    assert 'record_jobs' in statements[2]
    assert 'pg_notify' in statements[3]


@pytest.mark.parametrize(('state', 'notified'), [(JobState.queued, 0), (JobState.held, 1)])
def test_boards_are_notified_of_what_nobody_claims(reg, desk, state, notified):
    """A claim notifies them, too, and a check-in need not wait for that."""
    row = create.new_row(Job.PURPOSE_BADGE, desk_id=desk.id, state=state)
    with sql.cursor() as cursor:
        create._RECORD.run(cursor, {
            'event_id': reg.event_id, 'registration_id': reg.id, 'checked_in_dt': reg.checked_in_dt, 'user_id': None,
            'actor': 'test', 'ready': int(JobState.ready), 'queued': int(JobState.queued), 'rows': json.dumps([row])})
        assert cursor.fetchone()[3] == notified


def test_an_error_does_not_reach_the_volunteer(check_in, reg, db, mocker, caplog):
    mocker.patch.object(checkin, 'jobs_for', side_effect=RuntimeError('boom'))
    assert check_in(reg) == []
    assert reg.checked_in
    db.session.flush()


def test_an_sql_error_does_not_poison_the_transaction(check_in, reg, db, mocker):
    mocker.patch.object(checkin._SETUP, 'name', 'there_is_no_such_function')
    assert check_in(reg) == []
    assert db.session.query(type(reg).checked_in).filter_by(id=reg.id).scalar() is True


def test_the_kick_follows_the_transaction(db, reg, form, mocker):
    want = mocker.patch.object(kick.kicker, 'want')
    with db.session.begin_nested():
        kick.after_commit()
    want.assert_not_called()
    kick._committed(mocker.Mock(info=db.session().info, in_nested_transaction=lambda: False))
    want.assert_called_once()
    kick._committed(mocker.Mock(info=db.session().info, in_nested_transaction=lambda: False))
    want.assert_called_once()

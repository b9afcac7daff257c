"""A check-in whose receiver failed: the volunteer does not notice, and the sweep makes up for it."""

from datetime import timedelta

import pytest

from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.missed import MissedCheckin
from indico_checkin_print.plugin import CheckinPrintPlugin
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.signals import checkin
from indico_checkin_print.work.worker import recover_stalled


LIST = '/event/{0.event_id}/manage/registration/{0.registration_form_id}/registrations/{0.id}/check-in'


@pytest.fixture(autouse=True)
def no_kicks(mocker):
    mocker.patch('indico_checkin_print.kick.after_commit')


@pytest.fixture
def broken(mocker):
    """The receiver fails, after it has written something."""
    def _fail(*args, **kwargs):
        with checkin.sql.cursor() as cursor:
            cursor.execute("UPDATE plugin_checkin_print.desks SET name = 'broken'")
            # PostgreSQL's complaint quotes the name
            cursor.execute('SELECT last_name::int FROM event_registration.registrations WHERE id = %s',
                           [kwargs['registration_id']])
    return mocker.patch.object(checkin.ledger, 'enter', side_effect=_fail)


@pytest.fixture
def missed(check_in, reg, broken, mocker):
    """Somebody was checked in, and nothing was recorded."""
    assert check_in(reg, path=LIST, method='PUT') == []
    mocker.stop(broken)
    return MissedCheckin.query.one()


def jobs(db):
    db.session.flush()
    db.session.expire_all()
    return [(job.state, job.reason) for job in Job.query.order_by(Job.id)]


def test_it_is_noted(missed, reg, desk, db):
    db.session.refresh(desk)
    assert desk.name == 'Desk 1'
    assert reg.checked_in
    assert (missed.registration_id, missed.checked_in_dt, missed.source) == (reg.id, reg.checked_in_dt, 'list')


def test_the_sweep_records_it(missed, reg, db):
    assert recover_stalled('sweep') == 1
    assert jobs(db) == [(JobState.queued, Reason.checked_in)]
    job = Job.query.one()
    assert (job.registration, job.checked_in_dt) == (reg, reg.checked_in_dt)
    assert not MissedCheckin.query.has_rows()
    assert recover_stalled('sweep') == 0


def test_its_way_of_check_in_counts(missed, db):
    missed.source = CheckinSource.other
    recover_stalled('sweep')
    assert jobs(db) == [(JobState.canceled, Reason.source_off)]


def test_a_form_that_is_off_by_now(missed, form, db):
    form.enabled = False
    recover_stalled('sweep')
    assert jobs(db) == []
    assert not MissedCheckin.query.has_rows()


@pytest.mark.parametrize('value', [{'checked_in': False}, {'is_deleted': True}])
def test_undone_meanwhile(missed, reg, db, value):
    for name, new in value.items():
        setattr(reg, name, new)
    recover_stalled('sweep')
    assert jobs(db) == []
    assert not MissedCheckin.query.has_rows()


def test_done_again_meanwhile(missed, check_in, reg, db):
    check_in(reg, value=False)
    check_in(reg)
    recover_stalled('sweep')
    assert jobs(db) == [(JobState.queued, Reason.checked_in)]


def test_a_second_scan_at_the_same_moment(missed, reg, db):
    # which found the first one in the database, and left it to its receiver
    reg.checked_in_dt += timedelta(milliseconds=20)
    assert recover_stalled('sweep') == 1
    assert jobs(db) == [(JobState.queued, Reason.checked_in)]


def test_a_badge_that_was_found_too_late_does_not_print(missed, reg, db):
    missed.checked_in_dt = reg.checked_in_dt = reg.checked_in_dt - timedelta(minutes=40)
    recover_stalled('sweep')
    recover_stalled('sweep')
    assert jobs(db) == [(JobState.expired, Reason.too_old)]


def test_second_failure(missed, mocker, db, caplog):
    fault = mocker.patch.object(checkin, 'desks_of', side_effect=KeyError)
    assert recover_stalled('sweep') == 0
    assert jobs(db) == []
    assert MissedCheckin.query.one().attempts == 1
    assert 'could not be recorded' in caplog.text
    mocker.stop(fault)
    assert recover_stalled('sweep') == 1
    assert jobs(db) == [(JobState.queued, Reason.checked_in)]


def test_many_at_once_are_held(create_reg, check_in, broken, mocker, db, app):
    people = [create_reg(f'Ada{n}') for n in range(21)]
    check_in(*people, path=LIST.replace('/{0.id}', ''), method='POST')
    mocker.stop(broken)
    with app.app_context(), CheckinPrintPlugin.instance.plugin_context():
        assert recover_stalled('sweep') == 21
    assert jobs(db) == [(JobState.held, Reason.bulk)] * 21


def test_many_scans_one_by_one_are_not(create_reg, check_in, broken, mocker, db, app):
    for n in range(21):
        check_in(create_reg(f'Ada{n}'), path=LIST, method='PUT')
    mocker.stop(broken)
    with app.app_context(), CheckinPrintPlugin.instance.plugin_context():
        assert recover_stalled('sweep') == 21
    assert jobs(db) == [(JobState.queued, Reason.checked_in)] * 21


def test_nothing_was_missed(check_in, reg, db):
    check_in(reg)
    assert not MissedCheckin.query.has_rows()
    assert recover_stalled('sweep') == 0


def test_no_name_in_the_log(broken, check_in, caplog, reg):
    check_in(reg)
    assert f'registration {reg.id} could not be recorded' in caplog.text
    assert 'InvalidTextRepresentation' in caplog.text
    assert 'ller' not in caplog.text

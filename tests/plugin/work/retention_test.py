"""What is deleted when it was kept long enough, and what stays."""

from datetime import timedelta

import pytest

from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.events.registration.models.registrations import Registration, RegistrationData
from indico.modules.events.registration.tasks import delete_field_data, delete_registrations
from indico.util.date_time import now_utc

from indico_checkin_print import heartbeat, ledger, settings
from indico_checkin_print.errors import SettingError
from indico_checkin_print.ledger import states
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.missed import MissedCheckin
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.records import Attempt, Document, JobHistory
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.batch_order import Member, Sheet
from indico_checkin_print.routing.desk import DeskChoice
from indico_checkin_print.work import retention


DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def no_kicks(mocker):
    mocker.patch('indico_checkin_print.kick.after_commit')


@pytest.fixture
def change(db):
    """Return a function that changes a job behind the ledger's back."""
    def _change(job, **values):
        db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(**values))
        db.session.expire_all()
    return _change


@pytest.fixture
def keep(configure):
    """Return a function that sets for how many days finished jobs are kept."""
    def _keep(days):
        configure(KEEP_JOBS_DAYS=days)
    return _keep


def ago(**kwargs):
    return now_utc() - timedelta(**kwargs)


# -- documents --------------------------------------------------------------------------------------------------------

PAST_RETENTION = states.DOCUMENT_RETENTION.total_seconds() + 5


@pytest.mark.parametrize(('state', 'seconds', 'expired', 'deleted'), [
    (JobState.completed, PAST_RETENTION, True, 1),
    (JobState.completed, PAST_RETENTION, False, 1),
    (JobState.completed, PAST_RETENTION - 20, True, 0),
    (JobState.failed, PAST_RETENTION, True, 1),
    (JobState.canceled, PAST_RETENTION, True, 1),
    (JobState.unknown, PAST_RETENTION, True, 1),
    # the agent may come back and give it to another one
    (JobState.unknown, PAST_RETENTION, False, 0),
    (JobState.ready, PAST_RETENTION, True, 0),
    (JobState.printing, PAST_RETENTION, True, 0),
])
def test_documents(ready_job, change, state, seconds, expired, deleted):
    change(ready_job, state=state, changed_dt=ago(seconds=seconds), expires_dt=now_utc() + DAY * (-1 if expired else 1))
    assert retention.purge_documents() == deleted
    assert Document.query.count() == 1 - deleted


def test_documents_of_a_deleted_event(ready_job, dummy_event, user_deletes):
    assert retention.purge_documents() == 0
    user_deletes(dummy_event)
    assert retention.purge_documents() == 1


@pytest.mark.parametrize(('state', 'seconds', 'kept'), [
    (JobState.completed, PAST_RETENTION, False), (JobState.completed, PAST_RETENTION - 20, True),
    (JobState.canceled, PAST_RETENTION, False), (JobState.expired, PAST_RETENTION, False),
    (JobState.held, PAST_RETENTION, True)])
def test_what_stood_on_separator_sheets(db, form, reg, desk, dummy_event, dummy_regform, change, state, seconds, kept):
    """An affiliation may be that of a single person."""
    batch = Batch(event=dummy_event, registration_form=dummy_regform, order='company', separators=True)
    db.session.add(batch)
    db.session.flush()
    ledger.create_batch(batch, {desk.id: [Sheet('Analytical Engines'), Member(reg.id, 1, '', '')]}, 'test')
    sheet = Job.query.filter_by(purpose=Job.PURPOSE_SEPARATOR).one()
    change(sheet, state=state, changed_dt=ago(seconds=seconds))
    retention.purge_documents()
    assert Job.get(sheet.id).facts == ({'text': 'Analytical Engines'} if kept else None)
    assert Job.query.filter(Job.facts.isnot(None)).count() == kept


@pytest.fixture
def user_deletes(db, dummy_user):
    def _delete(event):
        event.delete('Test', user=dummy_user)
        db.session.flush()
        db.session.expire_all()
    return _delete


# -- attempts, jobs, and what is left of dead processes ---------------------------------------------------------------

def test_attempts(db, ready_job, webhook):
    for days in (13, 15):
        db.session.add(Attempt(job=ready_job, webhook_id=webhook.id, duration=1, status=days, dt=ago(days=days)))
    db.session.flush()
    assert retention.purge()['attempts'] == 1
    assert Attempt.query.one().status == 13


def test_finished_jobs(check_in, create_reg, change):
    old, young, alive = (check_in(create_reg(name))[0] for name in ('Ada', 'Bob', 'Cleo'))
    change(old, state=JobState.completed, changed_dt=ago(days=366))
    change(young, state=JobState.completed, changed_dt=ago(days=364))
    change(alive, changed_dt=ago(days=366))
    stay = {young.id, alive.id}
    assert retention.purge()['jobs'] == 1
    assert {job.id for job in Job.query} == {row.job_id for row in JobHistory.query} == stay


@pytest.mark.parametrize('batch', [1, 2, 1000])
def test_reprinted_badges(mocker, db, check_in, reg, change, dummy_user, batch):
    """Two reprints without what they repeat would both be the first badge of one check-in."""
    mocker.patch.object(retention, 'ROWS_PER_BATCH', batch)
    first, = check_in(reg)
    change(first, state=JobState.completed, changed_dt=ago(days=500))
    reprints = [ledger.reprint(first, dummy_user, Reason.lost) for __ in range(3)]
    for job in reprints[:2]:
        change(job, state=JobState.completed, changed_dt=ago(days=400))
    change(reprints[2], state=JobState.completed)
    assert retention.purge()['jobs'] == 2
    assert [(job.id, job.reprint_of_id) for job in Job.query.order_by(Job.id)] == [
        (first.id, None), (reprints[2].id, first.id)]
    change(reprints[2], changed_dt=ago(days=400))
    assert retention.purge()['jobs'] == 2
    assert not Job.query.has_rows()


def test_keep_for_a_month_or_for_ever(keep, check_in, reg, change):
    job, = check_in(reg)
    change(job, state=JobState.sent, changed_dt=ago(days=31))
    keep(None)
    assert retention.purge()['jobs'] == 0
    keep(30)
    assert retention.purge()['jobs'] == 1


@pytest.mark.parametrize('days', [0, -3, '365', 1.5, True])
def test_a_setting_that_makes_no_sense(keep, days):
    keep(days)
    with pytest.raises(SettingError, match=r'KEEP_JOBS_DAYS is .* must be a number of days such as 365'):
        settings.keep_jobs()


def test_heartbeats_and_missed_checkins(db, create_reg):
    for name, dt in (('relay old:1', ago(days=3)), ('relay new:1', ago(days=1)), (heartbeat.CELERY, ago(days=30))):
        db.session.add(Heartbeat(name=name, dt=dt))
    for name, dt in (('Ada', ago(days=15)), ('Bob', ago(days=1))):
        db.session.add(MissedCheckin(registration_id=create_reg(name).id, checked_in_dt=dt, source='app'))
    db.session.flush()
    retention.purge()
    assert {heartbeat.name for heartbeat in Heartbeat.query} == {'relay new:1', heartbeat.CELERY, heartbeat.PURGE}
    assert [missed.registration.first_name for missed in MissedCheckin.query] == ['Bob']


# -- what Indico deletes ----------------------------------------------------------------------------------------------

def test_indico_purges_a_registration(db, check_in, reg, ready_job, dummy_event, dummy_regform):
    """Nothing that is left names the person."""
    names = (reg.first_name, reg.last_name, reg.email)
    dummy_regform.retention_period = timedelta(days=7)
    dummy_event.start_dt, dummy_event.end_dt = ago(days=60), ago(days=50)
    db.session.flush()
    delete_registrations()
    db.session.expire_all()
    assert not Registration.query.filter_by(first_name='Zoë').has_rows()
    job = Job.query.one()
    assert (job.registration_id, job.state, job.reason) == (None, JobState.canceled, Reason.registration_gone)
    assert not Document.query.has_rows() or retention.purge_documents() == 0
    rows = [str(row) for table in ('jobs', 'job_history', 'attempts', 'missed', 'marks')
            for row in db.session.execute(f'SELECT * FROM plugin_checkin_print.{table}')]
    assert rows
    assert not [row for row in rows if any(name in row for name in names)]


def test_a_purged_registration_takes_its_badge_along(ready_job, db, dummy_event, dummy_regform):
    """A badge of a purged registration does not wait for its hour."""
    dummy_regform.retention_period = timedelta(days=7)
    dummy_event.start_dt, dummy_event.end_dt = ago(days=60), ago(days=50)
    db.session.flush()
    delete_registrations()
    db.session.expire_all()
    assert not Document.query.has_rows()


def test_indico_purges_the_answers_to_a_field(db, check_in, reg, dummy_event, dummy_regform, dummy_user):
    """A text that somebody changed on a badge may be such an answer, whatever text of the badge it is."""
    field = dummy_regform.get_personal_data_field(PersonalDataType.affiliation, force=True)
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.flush()
    db.session.add(RegistrationData(registration=reg, field_data=field.current_data, data='CERN'))
    first, = check_in(reg)
    ids = ledger.print_edited(reg, '', first, state=JobState.queued, reason=Reason.checked_in,
                              desk=DeskChoice(first.desk_id, ''), copies=2, user=dummy_user,
                              facts={'edits': {'affiliation': 'DESY'}, 'template': 1})
    field.retention_period = timedelta(days=30)
    for days, facts in ((19, {'edits': {'affiliation': 'DESY'}, 'template': 1}), (31, {'template': 1})):
        dummy_event.start_dt, dummy_event.end_dt = ago(days=days + 1), ago(days=days)
        db.session.flush()
        delete_field_data()
        db.session.expire_all()
        assert [Job.get(id_).facts for id_ in ids] == [facts] * 2
    assert field.is_purged


# -- devices and own desks --------------------------------------------------------------------------------------------


def test_devices_without_a_token_and_stale_desks(db, desk, dummy_event, dummy_user, create_user):
    token = PersonalToken(user=dummy_user, name='Phone', scopes={'registrants'})
    token.generate_token()
    db.session.add(token)
    db.session.flush()
    db.session.add_all([Device(event_id=dummy_event.id, token=name)
                        for name in (f'personal:{token.id}', f'personal:{token.id + 1}', f'app:{token.id}')])
    db.session.add_all([OwnDesk(event_id=dummy_event.id, user=user, desk=desk, ends_dt=ends_dt) for user, ends_dt in
                        ((dummy_user, ago(minutes=1)), (create_user(57), now_utc() + DAY))])
    db.session.flush()
    retention.purge()
    assert [device.token for device in Device.query] == [f'personal:{token.id}']
    assert [own.user_id for own in OwnDesk.query] == [57]

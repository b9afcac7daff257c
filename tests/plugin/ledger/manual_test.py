"""What people decide about jobs, and where a badge goes that they release."""

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.ledger.conftest import ago


S = JobState


def test_a_retry_at_a_receiver_has_another_id(db, webhook_desk, ready_job, set_job, dummy_user):
    """It ignores one that it has had."""
    before = set_job(ready_job, state=S.failed, dispatched_dt=now_utc()).uuid
    ledger.retry(ready_job, dummy_user)
    db.session.refresh(ready_job)
    assert (ready_job.state, ready_job.uuid != before) == (S.queued, True)


def test_another_badge_does_not_go_to_a_desk_that_is_gone(db, ready_job, set_job, dummy_user, dummy_event, desk):
    other = Desk(event_id=dummy_event.id, name='Desk 2', is_deleted=True)
    db.session.add(other)
    db.session.flush()
    set_job(ready_job, state=S.completed, desk_id=other.id)
    assert ledger.reprint(ready_job, dummy_user, Reason.lost).desk_id == desk.id


@pytest.mark.parametrize('state', [S.failed, S.expired, S.canceled, S.held])
def test_retry(db, check_in, reg, set_job, dummy_user, state):
    job = set_job(check_in(reg)[0], state=state, expires_dt=ago(60), attempts=3)
    assert ledger.retry(job, dummy_user)
    db.session.refresh(job)
    assert (job.state, job.attempts) == (S.queued, 0)
    assert job.expires_dt > now_utc()
    assert job.history[-1].actor == f'user:{dummy_user.id}'


def test_retry_finds_another_desk(db, check_in, reg, set_job, dummy_user, desk, dummy_event):
    job = set_job(check_in(reg)[0], state=S.expired)
    other = Desk(event_id=dummy_event.id, name='Desk 2')
    db.session.add(other)
    desk.is_deleted = True
    db.session.flush()
    ledger.retry(job, dummy_user)
    db.session.refresh(job)
    assert job.desk_id == other.id


@pytest.mark.parametrize('state', [S.completed, S.printing, S.dispatched, S.unknown, S.sent])
def test_no_retry_of_what_may_have_come_out(db, check_in, reg, set_job, dummy_user, state):
    job = set_job(check_in(reg)[0], state=state, dispatched_dt=now_utc())
    assert not ledger.retry(job, dummy_user)
    db.session.refresh(job)
    assert job.state == state

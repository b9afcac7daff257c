"""What is cancelled when a check-in is undone or a registration is deleted."""

from indico_checkin_print import ledger
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason


S = JobState


def test_undoing_a_check_in_reaches_what_an_agent_holds(db, check_in, reg, ready_job, agent):
    ledger.assign(ready_job, agent, 'p1', 'test', go=False)
    check_in(reg, value=False)
    db.session.refresh(ready_job)
    assert ready_job.state == S.canceled


def test_undoing_a_check_in_is_too_late_after_the_go(db, check_in, reg, ready_job, agent):
    ledger.assign(ready_job, agent, 'p1', 'test', go=True)
    check_in(reg, value=False)
    db.session.refresh(ready_job)
    assert ready_job.state == S.dispatched


def test_a_deleted_registration_takes_everything_along(db, new_job):
    job, done = new_job(S.queued), new_job(S.completed)
    assert ledger.cancel_registration(done.registration, 'system') == []
    assert ledger.cancel_registration(job.registration, 'system') == [job.id]
    db.session.refresh(job)
    assert (job.state, job.reason) == (S.canceled, Reason.registration_gone)
    assert done.state == S.completed


def test_a_purged_registration_does_not_block_indico(db, ready_job, reg):
    """Indico's retention period deletes registrations for good."""
    db.session.delete(reg)
    db.session.flush()
    db.session.refresh(ready_job)
    assert ready_job.registration_id is None

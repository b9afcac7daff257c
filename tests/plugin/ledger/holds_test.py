"""What is held, and what a payment releases."""

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print import ledger
from indico_checkin_print.models.choices import ReprintPolicy
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.conftest import announce, fresh


S = JobState


def test_a_pause_holds_what_waits_and_not_what_is_under_way(db, new_job, agent, desk):
    jobs = {state: new_job(state) for state in (S.queued, S.rendering, S.ready, S.dispatched)}
    jobs[S.ready].agent = agent
    desk.paused = True
    db.session.flush()
    held = ledger.hold_paused(desk.event_id, 'user:1')
    assert set(held) == {jobs[S.queued].id, jobs[S.rendering].id, jobs[S.ready].id}
    for job in jobs.values():
        db.session.refresh(job)
    assert (jobs[S.ready].state, jobs[S.ready].reason, jobs[S.ready].agent) == (S.held, Reason.paused, None)
    assert jobs[S.dispatched].state == S.dispatched


@pytest.fixture
def no_desk(db, desk):
    desk.is_deleted = True
    db.session.flush()
    return desk


def test_paid_without_a_desk_it_waits_for_one(app, db, check_in, create_reg, form, no_desk):
    reg = create_reg(state=RegistrationState.unpaid)
    job, = check_in(reg)
    reg.state = RegistrationState.complete
    announce(app, signals.event.registration_state_updated, reg, previous_state=RegistrationState.unpaid)
    job = fresh(db, job)
    assert (job.state, job.reason) == (S.held, Reason.no_desk)
    no_desk.is_deleted = False
    db.session.flush()
    ledger.sweep()
    job = fresh(db, job)
    assert (job.state, job.reason, job.desk) == (S.queued, Reason.desk_found, no_desk)


@pytest.mark.parametrize(('policy', 'state', 'reason'), [
    (None, S.held, Reason.already_printed),
    (ReprintPolicy.hold, S.held, Reason.already_printed),
    (ReprintPolicy.print, S.queued, Reason.paid),
])
def test_paid_by_somebody_who_had_a_badge(app, db, check_in, create_reg, form, set_job, dummy_event, policy, state,
                                          reason):
    reg = create_reg()
    first, = check_in(reg)
    set_job(first, state=S.completed)
    check_in(reg, value=False)
    reg.state = RegistrationState.unpaid
    if policy is not None:
        db.session.add(EventSetup(event_id=dummy_event.id, reprint=policy))
    *__, second = check_in(reg)
    assert (second.state, second.reason) == (S.held, Reason.unpaid)
    reg.state = RegistrationState.complete
    announce(app, signals.event.registration_state_updated, reg, previous_state=RegistrationState.unpaid)
    second = fresh(db, second)
    assert (second.state, second.reason) == (state, reason)
    assert fresh(db, first).state == S.completed


def test_nothing_is_retried_without_a_desk(db, manager, page, check_in, reg, form, set_job, no_desk):
    job, = check_in(reg)
    set_job(job, state=S.failed)
    manager.post(f'{page}/jobs/{job.id}/retry')
    assert fresh(db, job).state == S.failed

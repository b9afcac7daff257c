"""What a pause holds."""

from indico_checkin_print import ledger
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason


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

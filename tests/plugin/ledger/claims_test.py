"""Claims: one process at a time draws or POSTs, and one that died is replaced."""

from datetime import timedelta

from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.ledger import states
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Document
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.ledger.conftest import ago


S = JobState


def test_a_claim_is_exclusive(check_in, reg):
    job, = check_in(reg)
    assert ledger.claim_render('a') == job
    assert ledger.claim_render('b') is None
    assert job.attempts == 1
    assert job.lease_dt > now_utc()


def test_a_dead_worker_is_replaced(db, check_in, reg, set_job):
    job, = check_in(reg)
    ledger.claim_render('a')
    set_job(job, lease_dt=ago(60))
    ledger.sweep()
    db.session.refresh(job)
    assert (job.state, job.reason) == (S.queued, Reason.worker_died)
    assert ledger.claim_render('b') == job


def test_a_job_that_kills_its_workers_fails_in_the_end(db, check_in, reg, set_job):
    job, = check_in(reg)
    for __ in range(states.MAX_RENDERS):
        assert ledger.claim_render('a') == job
        set_job(job, lease_dt=ago(60))
        ledger.sweep()
    db.session.refresh(job)
    assert (job.state, job.reason) == (S.failed, Reason.workers_died)


def test_a_late_worker_does_not_overwrite(db, check_in, reg, set_job, form):
    from indico_checkin_print.badge.render import render
    job, = check_in(reg)
    first = ledger.claim_render('slow')
    attempts = first.attempts
    set_job(job, state=S.queued)
    ledger.claim_render('fast')
    slow = type('Job', (), {'id': job.id, 'attempts': attempts, 'dispatch': first.dispatch, 'desk_id': None,
                        'facts': None, 'registration_id': reg.id})
    assert ledger.rendered(slow, render(reg, form), 'slow') is False
    assert Document.query.count() == 0


def test_badges_go_before_messages_for_which_nobody_waits(db, check_in, create_reg, webhook):
    webhook.send_badge = True
    db.session.flush()
    jobs = [job for name in 'AB' for job in check_in(create_reg(first_name=name)) if job.state == S.queued]
    jobs = list(dict.fromkeys(jobs))
    claimed = []
    while job := ledger.claim_render('test'):
        claimed.append(job)
    badges = [job for job in jobs if not job.webhook_id]
    assert len(badges) == 2 < len(jobs)
    assert claimed == [*badges, *(job for job in jobs if job.webhook_id)]


def test_a_claim_that_was_lost_returns_nothing(db, webhook_desk, ready_job, set_job):
    """Its lease ended and another process sends the message now: the late answer is about another POST."""
    claimed = ledger.claim_post('slow')
    slow = ledger.Claim(claimed.id, claimed.attempts, claimed.dispatch)
    set_job(ready_job, lease_dt=now_utc() - timedelta(seconds=1))
    ledger.sweep()
    claimed = ledger.claim_post('quick')
    for retry_in in (0, None):
        assert not ledger.undelivered(slow, Reason.retry_later, '', 'slow', retry_in=retry_in)
        db.session.refresh(ready_job)
        assert ready_job.state == S.dispatched
    assert ledger.undelivered(claimed, Reason.retry_later, '', 'quick', retry_in=0) == [ready_job.id]


def test_a_receiver_has_another_badge_than_the_claim_is_about(db, webhook_desk, ready_job, set_job):
    claimed = ledger.claim_post('slow')
    slow = ledger.Claim(claimed.id, claimed.attempts, claimed.dispatch)
    set_job(ready_job, dispatch=2)
    assert not ledger.delivered(slow, '', 'slow')
    # with the same badge it does not matter who sent it
    set_job(ready_job, dispatch=1, attempts=2)
    assert ledger.delivered(slow, '', 'slow')


def test_messages_that_nobody_wants_are_ended_in_a_loop(db, check_in, create_reg, webhook, mocker):
    mocker.patch.object(ledger.claims, 'MAX_UNWANTED_PER_CLAIM', 2)
    people = [create_reg(first_name=f'P{i}') for i in range(4)]
    check_in(*people)
    ids = [job.id for job in Job.query.filter_by(webhook_id=webhook.id).order_by(Job.queue_dt, Job.id)]
    db.session.execute(db.update(Registration.__table__).where(Registration.id.in_([x.id for x in people[:3]]))
                       .values(checked_in_dt=None))
    assert ledger.claim_post('test') is None
    assert ledger.claim_post('test').id == ids[3]
    assert {job.state for job in Job.query.filter(Job.id.in_(ids[:3]))} == {S.canceled}

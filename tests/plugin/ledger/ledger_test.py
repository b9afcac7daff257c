"""The life of a job: what may follow what, who may take it, and what the sweep recovers."""

from datetime import timedelta

import pytest

from indico.modules.events.registration.models.registrations import Registration
from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.ledger import states
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt, Document, JobHistory
from indico_checkin_print.reasons.codes import SENTENCES, Reason, describe
from indico_checkin_print.work.worker import render_waiting


S = JobState


@pytest.fixture
def set_job(db):
    """Return a function that puts a job into a situation without the ledger's leave."""
    def _set(job, **values):
        db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(**values))
        db.session.refresh(job)
        return job
    return _set


@pytest.fixture
def new_job(check_in, create_reg, set_job):
    """Return a function that makes a badge in a state, each of another person."""
    names = iter('ABCDEF')

    def _new(state):
        registration = create_reg(first_name=next(names))
        job, = (job for job in check_in(registration)
                if job.registration == registration and not job.webhook)
        return set_job(job, state=state, dispatched_dt=now_utc())
    return _new


def ago(seconds):
    return now_utc() - timedelta(seconds=seconds)


def test_every_state_has_its_transitions():
    assert set(states.TRANSITIONS) == set(JobState)
    reachable = set().union(*states.TRANSITIONS.values())
    # jobs are born held, queued or (without a document) ready
    assert reachable | {S.held} == set(JobState)


@pytest.mark.parametrize('to', JobState)
@pytest.mark.parametrize('state', JobState)
def test_illegal_transitions_are_impossible(db, check_in, reg, set_job, state, to):
    job = set_job(check_in(reg)[0], state=state, dispatched_dt=now_utc())
    moved = ledger.move([Job.id == job.id], to, Reason.retried, 'test')
    db.session.refresh(job)
    legal = to in states.TRANSITIONS[state]
    assert bool(moved) == legal
    assert job.state == (to if legal else state)
    assert JobHistory.query.filter_by(job_id=job.id, actor='test').count() == legal


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(Reason)
    assert str(describe('template_missing')).startswith('The badge template')
    assert describe('paper-of-mars') == 'The printer says: paper of mars.'


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
    slow = type('Job', (), {'id': job.id, 'attempts': attempts, 'dispatch': first.dispatch, 'desk_id': None})
    assert ledger.rendered(slow, render(reg, form), 'slow') is False
    assert Document.query.count() == 0


@pytest.mark.parametrize('state', [S.held, S.queued, S.ready])
def test_what_is_too_old_never_prints(db, check_in, reg, set_job, state):
    job = set_job(check_in(reg)[0], state=state, expires_dt=ago(60))
    assert render_waiting('test') == 0
    ledger.sweep()
    db.session.refresh(job)
    assert (job.state, job.reason) == (S.expired, Reason.too_old)


def test_a_job_without_a_desk_finds_one(db, check_in, reg, desk):
    desk.is_deleted = True
    job, = check_in(reg)
    ledger.sweep()
    db.session.refresh(job)
    assert job.state == S.held
    desk.is_deleted = False
    db.session.flush()
    ledger.sweep()
    db.session.refresh(job)
    assert (job.state, job.reason, job.desk_id) == (S.queued, Reason.desk_found, desk.id)


def test_go_timeout(db, ready_job, agent, set_job):
    ledger.assign(ready_job, agent, 'p1', 'test', go=True)
    ledger.sweep()
    db.session.refresh(ready_job)
    assert ready_job.state == S.dispatched
    set_job(ready_job, dispatched_dt=ago(states.PRINT_WITHIN + states.GO_MARGIN + 60))
    ledger.sweep()
    db.session.refresh(ready_job)
    assert (ready_job.state, ready_job.reason) == (S.unknown, Reason.go_timeout)


def test_a_silent_agent_at_the_printer_is_unknown(db, ready_job, agent, set_job):
    ledger.assign(ready_job, agent, 'p1', 'test', go=True)
    ledger.report(ready_job, S.printing, Reason.at_printer, '', 'test')
    agent.seen_dt = ago(states.AGENT_TIMEOUT + 60)
    db.session.flush()
    ledger.sweep()
    db.session.refresh(ready_job)
    assert (ready_job.state, ready_job.reason) == (S.unknown, Reason.agent_silent)


def test_a_receiver_that_falls_silent_while_it_prints_is_unknown(db, webhook_desk, ready_job, set_job):
    set_job(ready_job, state=S.printing, dispatched_dt=now_utc())
    ledger.sweep()
    db.session.refresh(ready_job)
    assert ready_job.state == S.printing
    set_job(ready_job, changed_dt=now_utc() - timedelta(seconds=states.RECEIVER_TIMEOUT + 1))
    ledger.sweep()
    db.session.refresh(ready_job)
    assert (ready_job.state, ready_job.reason) == (S.unknown, Reason.receiver_silent)


def test_a_desk_that_gets_another_delivery_does_not_print_again_by_itself(db, new_job, webhook_desk, webhook, agent):
    """What the webhook may have got is for a person to look at; the rest goes to the printer."""
    out, under_way, waiting = (new_job(state) for state in (S.ready, S.dispatched, S.ready))
    db.session.add_all([Attempt(job_id=job.id, webhook_id=webhook.id, duration=1, may_have_arrived=True)
                        for job in (out, under_way)])
    at_desk = [Job.desk_id == webhook_desk.id, Job.state == S.ready]
    assert ledger.doubt(at_desk, 'test') == []
    webhook_desk.webhook = None
    db.session.flush()
    assert ledger.doubt(at_desk, 'test') == [out.id]
    ledger.undelivered(under_way, Reason.retry_later, '', 'test', retry_in=5)
    for job, expected in ((out, S.unknown), (under_way, S.unknown), (waiting, S.ready)):
        db.session.refresh(job)
        assert job.state == expected


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


def test_a_badge_that_failed_at_a_receiver_comes_under_another_name(db, webhook_desk, ready_job, set_job, dummy_user):
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


@pytest.mark.parametrize('gone', [{'seen_dt': ago(600)}, {'revoked_dt': now_utc()}])
def test_a_prefetched_job_leaves_an_agent_that_is_away(db, ready_job, agent, gone):
    ledger.assign(ready_job, agent, 'p1', 'test', go=False)
    for key, value in gone.items():
        setattr(agent, key, value)
    db.session.flush()
    ledger.sweep()
    db.session.refresh(ready_job)
    assert (ready_job.state, ready_job.agent_id) == (S.ready, None)


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


def test_a_purged_registration_does_not_block_indico(db, ready_job, reg):
    """Indico's retention period deletes registrations for good."""
    db.session.delete(reg)
    db.session.flush()
    db.session.refresh(ready_job)
    assert ready_job.registration_id is None


def test_agents_know_when_they_are_connected(agent):
    assert agent.is_connected
    agent.seen_dt = now_utc() - Agent.AWAY_AFTER
    assert not agent.is_connected


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


def test_too_old_after_a_post_that_may_have_arrived_is_unknown(db, new_job, webhook):
    job, other = new_job(S.ready), new_job(S.ready)
    db.session.add(Attempt(job=job, webhook_id=webhook.id, error='timeout', duration=10000, may_have_arrived=True))
    for old in (job, other):
        old.expires_dt = now_utc() - timedelta(seconds=1)
    db.session.flush()
    ledger.sweep()
    db.session.refresh(job)
    db.session.refresh(other)
    assert (job.state, job.reason, other.state) == (S.unknown, Reason.no_answer, S.expired)


def test_a_deleted_registration_takes_everything_along(db, new_job):
    job, done = new_job(S.queued), new_job(S.completed)
    assert ledger.cancel_registration(done.registration, 'system') == []
    assert ledger.cancel_registration(job.registration, 'system') == [job.id]
    db.session.refresh(job)
    assert (job.state, job.reason) == (S.canceled, Reason.registration_gone)
    assert done.state == S.completed


# -- claims of messages -----------------------------------------------------------------------------------------------

def test_a_claim_that_was_lost_gives_nothing_back(db, webhook_desk, ready_job, set_job):
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

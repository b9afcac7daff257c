"""What the sweep recovers: what is too old, has no desk, or of which nothing was heard."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.ledger import states
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.ledger.conftest import ago


S = JobState


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


def test_a_desk_that_gets_another_delivery(db, new_job, webhook_desk, webhook, agent):
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


@pytest.mark.parametrize('gone', [{'seen_dt': ago(600)}, {'revoked_dt': now_utc()}])
def test_a_prefetched_job_leaves_an_agent_that_is_away(db, ready_job, agent, gone):
    ledger.assign(ready_job, agent, 'p1', 'test', go=False)
    for key, value in gone.items():
        setattr(agent, key, value)
    db.session.flush()
    ledger.sweep()
    db.session.refresh(ready_job)
    assert (ready_job.state, ready_job.agent_id) == (S.ready, None)


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

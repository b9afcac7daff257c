"""The circuit breaker of a printer, and what its agent reports."""

import pytest

from indico.util.date_time import now_utc

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import Cancel, Completed, Failed, Printer, Printing

from indico_checkin_print import ledger
from indico_checkin_print.agents.inbound import receive
from indico_checkin_print.models.agents import PrinterBreaker
from indico_checkin_print.models.jobs import JobState
from tests.plugin.agents.talk import next_messages, stop


pytestmark = pytest.mark.usefixtures('no_kick')
S = JobState


def fail_three_times(db, jobs, agent, reason='engine_failed'):
    for job in jobs[:3]:
        db.session.refresh(job)
        if job.state != S.dispatched:
            ledger.assign(job, agent, 'p1', 'test', go=True)
            db.session.refresh(job)
        receive(agent.id, agent.link, Failed(job=job.uuid, dispatch=job.dispatch, reason=reason))


def test_breaker_opens_and_a_probe_closes_it(db, jobs, agent, log_of):
    next_messages(agent)
    fail_three_times(db, jobs, agent)
    breaker = PrinterBreaker.query.one()
    assert (breaker.failures, breaker.reason) == (3, 'engine_failed')
    assert 'Printer "p1" of "Laptop 1" gets no badges for now' in log_of(agent.event)
    assert [type(m) for m in next_messages(agent, {jobs[3].uuid: (1, 'waiting')})] == [Cancel]
    assert next_messages(agent) == []
    # its time has come: one badge tries it, the others wait
    breaker.probe_dt = now_utc()
    db.session.flush()
    probe, = next_messages(agent)
    assert (probe.job, probe.go) == (jobs[3].uuid, True)
    receive(agent.id, agent.link, Printing(job=probe.job, dispatch=probe.dispatch))
    assert next_messages(agent, {probe.job: (probe.dispatch, 'printing')}) == []
    receive(agent.id, agent.link, Completed(job=probe.job, dispatch=probe.dispatch))
    assert not PrinterBreaker.query.has_rows()
    assert 'back in service' in log_of(agent.event)
    assert len(next_messages(agent)) == 2


def test_a_breaker_closes_when_the_fault_is_gone(db, jobs, agent):
    """A printer is back in service when what was wrong is gone."""
    next_messages(agent)
    fail_three_times(db, jobs, agent)
    # that an agent let it rest and does no longer proves nothing
    stop(agent, reason='engine_failed')
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert PrinterBreaker.query.has_rows()
    stop(agent)
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert not PrinterBreaker.query.has_rows()


def test_a_breaker_closes_when_its_queue_is_back(db, jobs, agent):
    """A queue that was deleted and is back is in service at once."""
    next_messages(agent)
    fail_three_times(db, jobs, agent, 'unknown_queue')
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='other'),)))
    assert PrinterBreaker.query.has_rows()
    receive(agent.id, agent.link, protocol.Printers(printers=(Printer(name='p1'),)))
    assert not PrinterBreaker.query.has_rows()


def cancel_at_printer(db, job, agent, message=Failed, reason='job-canceled-at-device'):
    db.session.refresh(job)
    if job.state != S.dispatched:
        ledger.assign(job, agent, 'p1', 'test', go=True)
        db.session.refresh(job)
    receive(agent.id, agent.link, message(job=job.uuid, dispatch=job.dispatch, reason=reason))
    db.session.refresh(job)


def test_one_badge_that_is_cancelled_at_the_printer_stays_so(db, jobs, agent):
    next_messages(agent)
    cancel_at_printer(db, jobs[0], agent)
    cancel_at_printer(db, jobs[1], agent, reason='job-canceled-by-user')
    assert [job.state for job in jobs[:2]] == [S.failed, S.failed]


def test_badges_of_a_printer_that_cancels_all_are_retried(db, jobs, agent):
    next_messages(agent)
    for job in jobs[:3]:
        cancel_at_printer(db, job, agent)
    assert PrinterBreaker.query.one().probe_dt is not None
    for job in jobs[:3]:
        db.session.refresh(job)
        assert (job.state, job.reason, job.agent_id) == (S.queued, 'printer_cancels', None)


def test_a_returned_cancellation_blames_the_printer(db, jobs, agent):
    """An agent that returns a cancelled badge says that the printer does it."""
    next_messages(agent)
    cancel_at_printer(db, jobs[0], agent, reason='media-jam')  # somebody shall see that one first
    cancel_at_printer(db, jobs[1], agent)
    cancel_at_printer(db, jobs[2], agent, protocol.Returned)
    for job in jobs[:3]:
        db.session.refresh(job)
    assert [job.state for job in jobs[:3]] == [S.failed, S.queued, S.ready]


@pytest.mark.parametrize('reason', ['too_late', 'restarted', 'agent_error'])
def test_not_every_badge_that_comes_back_is_the_printers_fault(db, jobs, agent, reason):
    next_messages(agent)
    fail_three_times(db, jobs, agent, reason)
    assert not PrinterBreaker.query.has_rows()

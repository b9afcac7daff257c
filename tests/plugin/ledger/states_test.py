"""The states of a job: what may follow what, and that each has words."""

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.ledger import states
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory
from indico_checkin_print.reasons.codes import SENTENCES, Reason, describe


S = JobState


def test_every_state_has_its_transitions():
    assert set(states.TRANSITIONS) == set(JobState)
    reachable = set().union(*states.TRANSITIONS.values())
    # jobs begin held, queued or (without a document) ready
    assert reachable | {S.held} == set(JobState)


@pytest.mark.parametrize('state', JobState)
def test_illegal_transitions_are_impossible(db, check_in, reg, set_job, state):
    job, = check_in(reg)
    for to in JobState:
        set_job(job, state=state, dispatched_dt=now_utc())
        moved = ledger.move([Job.id == job.id], to, Reason.retried, f'test {to.name}')
        db.session.refresh(job)
        legal = to in states.TRANSITIONS[state]
        assert bool(moved) == legal, to
        assert job.state == (to if legal else state), to
        assert JobHistory.query.filter_by(job_id=job.id, actor=f'test {to.name}').count() == legal, to


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(Reason)
    assert str(describe('template_missing')).startswith('The badge template')
    assert describe('paper-of-mars') == 'The printer says: paper of mars.'

"""What tests of the ledger share: jobs in any state, and a webhook that chose its news."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.models.jobs import JobState as S
from indico_checkin_print.signals import corrections
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import fresh


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
    """Return the time so many seconds ago."""
    return now_utc() - timedelta(seconds=seconds)


@pytest.fixture
def rendered(db, check_in, reg, webhook):
    """A badge that is ready; the webhook has not heard of its check-in."""
    webhook.enabled = False
    job, = check_in(reg)
    render_waiting('test')
    webhook.enabled = True
    db.session.flush()
    return fresh(db, job)


@pytest.fixture
def printing(db, rendered, agent):
    """A badge that is at its printer."""
    assert ledger.assign(rendered, agent, 'p1', 'relay', go=True)
    assert ledger.report(fresh(db, rendered), S.printing, 'at_printer', '', 'agent:1')
    return fresh(db, rendered)


def committed(db):
    """What was made before is no longer new, as after a commit."""
    db.session.flush()
    db.session().info.pop(corrections._NEW, None)

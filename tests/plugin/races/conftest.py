"""Fixtures of races: jobs that are committed, and what became of them."""

import pytest

from print_agent.protocol import messages as protocol

from indico_checkin_print import ledger
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.badge.render import BadgePDF
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory
from tests.plugin.races.connections import Races, rows_of_all_tables, take_away_all_but


S = JobState
PEOPLE = 12
BADGE = BadgePDF(kind=BadgeKind.badge, content=b'%PDF-1.7 badge', pages=1, width_mm=96, height_mm=134)


@pytest.fixture(autouse=True)
def races(app, db, no_kick):
    """What the test commits is gone afterwards, to the last row."""
    before = rows_of_all_tables()
    races = Races(app)
    yield races
    races.close()
    session = db.session()
    session.rollback()
    take_away_all_but(before)
    session.commit()
    assert rows_of_all_tables() == before


@pytest.fixture
def people(create_reg):
    """A dozen people, in the order of the alphabet."""
    return [create_reg(chr(ord('A') + n)) for n in range(PEOPLE)]


@pytest.fixture
def queued(races, check_in, people):
    """The ids of badges that wait to be rendered."""
    ids = [check_in(registration)[0].id for registration in people]
    races.commit()
    return ids


@pytest.fixture
def ready(races, queued):
    """The ids of badges that wait for a printer."""
    while (job := ledger.claim_render('test')) is not None:
        ledger.rendered(job, BADGE, 'test')
    races.commit()
    return queued


@pytest.fixture
def held(db, races, queued):
    """The id of a badge that waits for a click."""
    ledger.hold_bulk(queued[:1], 'test')
    races.commit()
    return queued[0]


def jobs_by_state(db):
    db.session.expire_all()
    return {job.id: job.state for job in Job.query}


def states_of(job_id):
    """Return the states that a job has been in, in order."""
    return [entry.state for entry in JobHistory.query.filter_by(job_id=job_id).order_by(JobHistory.id)]


def claim_render(name):
    job = ledger.claim_render(name)
    return job.id if job else None


def outgoing_jobs(agent_id, link, holding=None):
    return lambda: [(m.job, m.dispatch, m.go) for m in outgoing(agent_id, link, holding or {})
                    if isinstance(m, protocol.Job)]

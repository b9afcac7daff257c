"""The live board: the figures of each desk, and where they lead."""

import re
from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.management.today.figures import Figures, figures_of
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import JobHistory


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def out(person, create_job):
    """Return a function that makes a badge that came out some seconds after its check-in, so long ago."""
    def _out(seconds, minutes=1, **kwargs):
        changed_dt = now_utc() - timedelta(minutes=minutes)
        scanned = changed_dt - timedelta(seconds=seconds)
        return create_job(person(), checked_in_dt=scanned, created_dt=scanned, changed_dt=changed_dt, **kwargs)
    return _out


def test_nothing(event):
    assert figures_of(event.id) == {'all': Figures()}
    assert (Figures().per_minute, Figures().oldest_seconds) == (0, None)


def test_what_waits_and_what_needs_a_person(event, person, create_job, objects):
    since = now_utc() - timedelta(seconds=90)
    for state in (JobState.queued, JobState.ready, JobState.held, JobState.failed, JobState.failed, JobState.unknown,
                  JobState.canceled):
        create_job(person(), state, queue_dt=since if state == JobState.ready else now_utc())
    create_job(person(), JobState.held, desk=None, reason='no_desk')
    # no badge
    create_job(person(), JobState.failed, purpose='webhook:1', desk=None, webhook=objects.webhook)
    found = figures_of(event.id)
    desk = found[objects.desk.id]
    # one more is the test badge that failed there
    assert (desk.waiting, desk.held, desk.failed, desk.unknown) == (2, 1, 3, 1)
    assert 90 <= desk.oldest_seconds < 120
    assert found[None].held == 1
    assert (found['all'].held, found['all'].failed) == (2, 3)


def test_how_fast_badges_come_out(event, out, objects):
    for seconds in (1, 2, 3, 40):
        out(seconds)
    figures = figures_of(event.id)[objects.desk.id]
    assert (figures.out, figures.per_minute, figures.p50) == (4, 0.8, 2.5)
    assert 3 < figures.p95 < 40
    # longer ago: no longer a rate, but still a speed; and then neither
    out(3, minutes=10)
    out(900, minutes=20)
    figures = figures_of(event.id)[objects.desk.id]
    assert (figures.out, figures.p50) == (4, 3)


def test_who_was_held_did_not_wait_for_the_printer(db, event, out, objects):
    out(2)
    db.session.add(JobHistory(job_id=out(3600).id, state=JobState.held, reason='unpaid', detail='', actor='test'))
    out(1, reprint_of=Job.query.first())
    db.session.flush()
    figures = figures_of(event.id)[objects.desk.id]
    assert (figures.out, figures.p50) == (3, 2)


def test_page(manager, person, create_job, objects, page):
    create_job(person(), JobState.unknown)
    for html in (manager.get(f'{page}/board/').json['html'], manager.get(f'{page}/board/now').text):
        assert 'id="live-board" data-live' in html
        assert re.search(rf'<a class="error" href="{page}/jobs/\?at=desk-{objects.desk.id}&amp;state=unknown">'
                         r'\s*1 unknown: did it come out\?', html), html


def test_no_figure_betrays_hidden_people(event, out, person, create_job, objects):
    before = figures_of(event.id)
    create_job(person(), JobState.failed)
    out(3, state=JobState.completed)
    assert figures_of(event.id) != before
    assert figures_of(event.id, [Job.registration_id.is_(None)]) == before

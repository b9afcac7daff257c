"""Which desks are announced as standing still, and which are not."""

from datetime import timedelta

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.diagnostics.standstill import standstills
from indico_checkin_print.models.agents import PrinterBreaker
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.jobs import JobState


pytestmark = pytest.mark.usefixtures('no_kick')

OUT_OF_LABELS = {'name': 'labels', 'state': 'stopped', 'reasons': ['media-empty-error']}


@pytest.fixture
def why(objects):
    """Return a function that says why the desk stands still and how many badges wait, or ``None`` if it does not."""
    def _why():
        found = standstills([objects.desk])
        return (found[0].why, found[0].waiting) if found else None
    return _why


def test_one_that_prints(why, create_job):
    create_job(state=JobState.ready, changed_dt=now_utc())
    assert why() is None


@pytest.mark.parametrize('printer', [
    OUT_OF_LABELS,
    {'name': 'labels', 'state': 'processing', 'reasons': ['media-empty-warning']},
    {'name': 'labels', 'state': 'idle', 'reasons': ['media-empty']},
])
def test_out_of_labels(manager, page, why, objects, create_job, printer):
    objects.agent.printers = [printer]
    for state in (JobState.queued, JobState.ready, JobState.dispatched):
        create_job(state=state)
    create_job(state=JobState.completed)
    assert why() == ('out of paper', 3)
    html = manager.get(f'{page}/live').get_data(as_text=True)
    banner = html.partition('id="live-banner"')[2].partition('data-live>')[2].partition('live-rules')[0]
    assert 'North' in banner
    assert '3 badges wait' in banner


def test_little_paper_left_is_no_standstill(why, objects):
    objects.agent.printers = [{'name': 'labels', 'state': 'idle', 'reasons': ['media-low-warning']}]
    assert why() is None


def test_one_of_two_printers_works(db, why, objects):
    objects.agent.printers = [OUT_OF_LABELS, {'name': 'spare', 'state': 'idle'}]
    objects.desk.printers.append(DeskPrinter(position=1, agent=objects.agent, printer='spare'))
    db.session.flush()
    assert why() is None
    objects.agent.printers = [OUT_OF_LABELS, {'name': 'spare', 'state': 'stopped', 'reasons': ['media-jam-error']}]
    assert why() == ('out of paper, paper jam', 0)


def test_a_revoked_laptop(db, why, objects, create_job):
    objects.agent.revoked_dt = objects.agent.seen_dt = now_utc()
    db.session.flush()
    assert why() == ('the access of its print agent was revoked', 0)
    # nor is it news for ever
    objects.agent.seen_dt = now_utc() - timedelta(days=1)
    assert why() is None
    create_job(state=JobState.ready)
    assert why() == ('the access of its print agent was revoked', 1)


def test_open_breaker(db, why, objects, create_job):
    db.session.add(PrinterBreaker(agent=objects.agent, printer='labels', failures=3, reason='printer_frozen',
                                  failed_dt=now_utc(), probe_dt=now_utc() - timedelta(seconds=1)))
    create_job(state=JobState.ready)
    assert why() == ('hangs; switch it off and on again', 1)


@pytest.mark.parametrize(('away', 'waits', 'announced'), [
    (timedelta(minutes=1), False, True),
    # in the evening, and before the event
    (timedelta(hours=9), False, False),
    (timedelta(hours=9), True, True),
])
def test_laptop_away(why, objects, create_job, away, waits, announced):
    objects.agent.seen_dt = now_utc() - away
    if waits:
        create_job(state=JobState.ready)
    assert (why() is not None) == announced


def test_nothing_moves_although_all_seems_well(why, create_job):
    create_job(state=JobState.ready, changed_dt=now_utc() - timedelta(seconds=60))
    create_job(state=JobState.completed, changed_dt=now_utc())
    assert why() == ('nothing has come out lately although no printer reports a fault', 1)
    create_job(state=JobState.printing, changed_dt=now_utc())
    assert why() is None


def test_a_pause_is_no_standstill(why, objects):
    objects.agent.printers = [OUT_OF_LABELS]
    objects.desk.paused = True
    assert why() is None

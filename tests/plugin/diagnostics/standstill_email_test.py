"""The e-emails about a desk that stands still: one for each standstill that lasts, and one when it is over."""

from datetime import timedelta
from email.header import decode_header, make_header

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.diagnostics import standstill_email
from indico_checkin_print.models.jobs import JobState


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def stands_still(objects, create_job):
    objects.agent.printers = [{'name': 'labels', 'state': 'stopped', 'reasons': ['media-empty-error']}]
    return create_job(state=JobState.ready)


@pytest.fixture
def later(db, objects):
    """Return a function that lets time pass for the desk."""
    def _later(**kwargs):
        for column in ('standstill_dt', 'notified_dt'):
            if value := getattr(objects.desk, column):
                setattr(objects.desk, column, value - timedelta(**kwargs))
        db.session.flush()
    return _later


@pytest.fixture
def emails(smtp):
    """Return a function that checks, and returns the subjects of new e-emails."""
    def _emails():
        standstill_email.check()
        found = list(smtp.outbox)
        del smtp.outbox[:]
        return [str(make_header(decode_header(mail['Subject']))) for mail in found]
    return _emails


def repair(objects):
    objects.agent.printers = [{'name': 'labels', 'state': 'idle'}]


def test_once_for_each_standstill(manager_user, objects, stands_still, later, emails):
    assert emails() == []
    later(seconds=50)
    assert emails() == []
    later(seconds=20)
    bad, = emails()
    assert 'Nothing prints at the desk' in bad
    for __ in range(3):
        later(minutes=10)
        assert emails() == []
    repair(objects)
    good, = emails()
    assert 'prints again' in good
    assert emails() == []


def test_no_email_for_a_change_of_labels(objects, stands_still, later, emails):
    assert emails() == []
    later(seconds=50)
    repair(objects)
    assert emails() == []
    assert objects.desk.standstill_dt is None


def test_no_email_while_nobody_waits(objects, stands_still, later, emails):
    stands_still.state = JobState.completed
    assert emails() == []
    assert objects.desk.standstill_dt is None


def test_one_an_hour(objects, stands_still, later, emails):
    def _stand_still():
        objects.agent.printers = [{'name': 'labels', 'state': 'stopped', 'reasons': ['media-jam-error']}]
        assert emails() == []
        later(minutes=2)
        return emails()

    assert len(_stand_still()) == 1
    repair(objects)
    assert len(emails()) == 1
    assert _stand_still() == []
    repair(objects)
    # nor any word that it is over
    assert emails() == []
    later(hours=1)
    objects.desk.notified_dt = now_utc() - timedelta(hours=2)
    assert len(_stand_still()) == 1

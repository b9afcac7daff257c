"""The e-mails about a desk that stands still: one for each standstill that lasts, and one when it is over."""

from datetime import timedelta
from email.header import decode_header, make_header

import pytest

from indico.util.date_time import now_utc

from indico_checkin_print.diagnostics import standstill_mail
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
def mails(smtp):
    """Return a function that checks, and returns the subjects of new e-mails."""
    def _mails():
        standstill_mail.check()
        found = list(smtp.outbox)
        del smtp.outbox[:]
        return [str(make_header(decode_header(mail['Subject']))) for mail in found]
    return _mails


def repair(objects):
    objects.agent.printers = [{'name': 'labels', 'state': 'idle'}]


def test_once_for_each_standstill(manager_user, objects, stands_still, later, mails):
    assert mails() == []
    later(seconds=50)
    assert mails() == []
    later(seconds=20)
    bad, = mails()
    assert 'Nothing prints at the desk' in bad
    for __ in range(3):
        later(minutes=10)
        assert mails() == []
    repair(objects)
    good, = mails()
    assert 'prints again' in good
    assert mails() == []


def test_no_email_for_a_change_of_labels(objects, stands_still, later, mails):
    assert mails() == []
    later(seconds=50)
    repair(objects)
    assert mails() == []
    assert objects.desk.standstill_dt is None


def test_no_email_while_nobody_waits(objects, stands_still, later, mails):
    stands_still.state = JobState.completed
    assert mails() == []
    assert objects.desk.standstill_dt is None


def test_one_an_hour(objects, stands_still, later, mails):
    def _stand_still():
        objects.agent.printers = [{'name': 'labels', 'state': 'stopped', 'reasons': ['media-jam-error']}]
        assert mails() == []
        later(minutes=2)
        return mails()

    assert len(_stand_still()) == 1
    repair(objects)
    assert len(mails()) == 1
    assert _stand_still() == []
    repair(objects)
    # nor any word that it is over
    assert mails() == []
    later(hours=1)
    objects.desk.notified_dt = now_utc() - timedelta(hours=2)
    assert len(_stand_still()) == 1

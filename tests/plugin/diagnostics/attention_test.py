"""Badges that need a person: the banner counts them, and an e-mail speaks of them once they waited for a minute."""

from datetime import timedelta
from email.header import decode_header, make_header

import pytest

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print.diagnostics import attention_email
from indico_checkin_print.diagnostics.attention import attention
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def waits(create_job, person):
    """Return a function that makes a badge that has been in a state for so many seconds."""
    def _waits(state, seconds=90, **kwargs):
        registration = kwargs.pop('registration', None) or person()
        return create_job(registration, state, changed_dt=now_utc() - timedelta(seconds=seconds), **kwargs)
    return _waits


@pytest.fixture
def mails(smtp):
    """Return a function that checks, and returns the new e-mails."""
    def _mails():
        attention_email.check()
        found = list(smtp.outbox)
        del smtp.outbox[:]
        return found
    return _mails


def later(event, **kwargs):
    """Let time pass."""
    setup = EventSetup.query.get(event.id)
    setup.alerted_dt -= timedelta(**kwargs)
    for job in Job.query.filter(Job.purpose == Job.PURPOSE_BADGE):
        job.changed_dt -= timedelta(**kwargs)
    db.session.flush()


@pytest.mark.parametrize(('state', 'reason', 'counts'), [
    (JobState.unknown, 'agent_silent', True),
    (JobState.failed, 'media-jam', True),
    (JobState.held, 'no_desk', True),
    (JobState.held, 'no_name', True),
    # somebody chose to wait
    (JobState.held, 'paused', False),
    (JobState.held, 'unpaid', False),
    (JobState.held, 'bulk', False),
    (JobState.ready, 'rendered', False),
    (JobState.completed, 'printed', False),
    (JobState.expired, 'too_old', False),
])
def test_what_needs_a_person(event, waits, state, reason, counts):
    waits(state, reason=reason)
    assert attention(event.id) == ({state: 1} if counts else {})


def test_not_at_once(event, waits):
    waits(JobState.unknown, seconds=50)
    assert attention(event.id) == {}


def test_a_later_badge_replaces_one_that_failed(event, waits):
    failed = waits(JobState.failed)
    assert attention(event.id) == {JobState.failed: 1}
    # one that never printed, because this one was to
    waits(JobState.canceled, registration=failed.registration)
    assert attention(event.id) == {JobState.failed: 1}
    waits(JobState.completed, registration=failed.registration)
    assert attention(event.id) == {}
    # nobody knows about this one whatever came after it
    doubtful = waits(JobState.unknown)
    waits(JobState.completed, registration=doubtful.registration)
    assert attention(event.id) == {JobState.unknown: 1}


def test_messages_and_test_badges_are_none(event, waits, objects):
    waits(JobState.failed, purpose='webhook:1', webhook=objects.webhook, desk=None)
    waits(JobState.failed, purpose=Job.PURPOSE_TEST)
    assert attention(event.id) == {}


def test_banner(manager, page, waits):
    waits(JobState.unknown)
    waits(JobState.failed)
    waits(JobState.failed)
    for html in (manager.get(f'{page}/').text, manager.get(f'{page}/live').text):
        assert '1 badge may or may not have come out' in html
        assert '2 badges failed' in html
        assert f'{page}/jobs/?state=unknown' in html


def test_one_email_for_what_is_new(event, manager_user, waits, mails):
    waits(JobState.unknown)
    mail, = mails()
    assert 'Badges need somebody (dummy#0)' in str(make_header(decode_header(mail['Subject'])))
    assert mail['To'] == manager_user.email
    assert mails() == []
    # the same one is no news an hour later
    later(event, hours=2)
    assert mails() == []
    waits(JobState.failed)
    assert len(mails()) == 1


def test_one_an_hour(event, manager_user, waits, mails):
    waits(JobState.unknown)
    assert len(mails()) == 1
    later(event, minutes=50)
    waits(JobState.failed)
    assert mails() == []
    # and it is not forgotten
    later(event, minutes=20)
    assert len(mails()) == 1


def test_it_names_nobody_and_counts_nothing(manager_user, waits, mails, person):
    registration = person()
    waits(JobState.unknown, registration=registration)
    mail, = mails()
    text = mail.get_payload()[0].get_payload(decode=True).decode() if mail.is_multipart() else mail.get_payload()
    assert 'Nobody knows whether they came out' in text
    assert registration.last_name not in text


def test_those_who_asked_get_it(event, manager_user, waits, mails):
    db.session.add(EventSetup(event=event, alert_emails=['tech@example.com', 'desk@example.com']))
    db.session.flush()
    waits(JobState.unknown)
    sent, = mails()
    assert {address.strip() for address in sent['To'].split(',')} == {'tech@example.com', 'desk@example.com'}


def test_old_ones_are_no_news(event, manager_user, waits, mails):
    waits(JobState.failed, seconds=2 * 86400)
    assert mails() == []
    assert attention(event.id) == {JobState.failed: 1}

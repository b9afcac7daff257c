"""Logs hold numbers: no name, no address, no token and no secret, whatever goes well or wrong."""

import logging

import pytest

from indico_checkin_print import ledger
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work import retention
from indico_checkin_print.work.worker import post_waiting, recover_stalled, render_waiting


TOKEN = 'icpa_the-token-of-the-agent-in-the-tests'
SECRET = 'whsec_' + 'QUFB' * 8


@pytest.fixture(autouse=True)
def no_kicks(mocker):
    mocker.patch('indico_checkin_print.kick.after_commit')


@pytest.fixture
def logged(caplog, reg):
    """Return a function that returns what was logged, after a look for what must not be there."""
    caplog.set_level(logging.DEBUG, 'indico.plugin.checkin_print')

    def _logged():
        text = '\n'.join(record.getMessage() + (record.exc_text or '') for record in caplog.records
                         if record.name.startswith('indico.plugin'))
        for word in (reg.first_name, reg.last_name, reg.email, reg.ticket_uuid, TOKEN, SECRET, SECRET[6:]):
            assert str(word) not in text
        return text
    return _logged


def test_from_a_check_in_to_paper(check_in, reg, db, agent, webhook, logged):
    badge, data = check_in(reg)
    render_waiting('test')
    db.session.refresh(badge)
    ledger.assign(badge, agent, 'p1', 'test', go=True)
    ledger.report(badge, JobState.completed, Reason.printed, '', 'test')
    # its address is one that no webhook may have
    post_waiting('test')
    recover_stalled('test')
    retention.purge()
    db.session.expire_all()
    assert badge.state == JobState.completed
    assert data.state == JobState.failed
    logged()


def test_a_badge_that_cannot_be_made(check_in, reg, db, logged, mocker):
    job, = check_in(reg)

    def _fail(registration, *args, **kwargs):
        raise LookupError(f'{registration.full_name} <{registration.email}>')

    mocker.patch('indico_checkin_print.work.worker.render', side_effect=_fail)
    render_waiting('test')
    text = logged()
    assert f'Job {job.id} could not be rendered (attempt 1)' in text
    assert 'LookupError' in text
    # nor in the ledger
    db.session.expire_all()
    assert reg.last_name not in job.detail


def test_a_statement_that_quotes_the_row(check_in, reg, db, logged, mocker):
    def _fail(*args, **kwargs):
        db.session.execute('SELECT last_name::int FROM event_registration.registrations WHERE id = :id', {'id': reg.id})

    mocker.patch('indico_checkin_print.ledger.enter', side_effect=_fail)
    check_in(reg)
    assert f'registration {reg.id} could not be recorded' in logged()


def test_the_end_of_an_event(reg, dummy_event, dummy_user, logged, mocker):
    mocker.patch('indico_checkin_print.ledger.cancel_event', side_effect=ValueError(reg.full_name))
    dummy_event.delete('Test', dummy_user)
    assert 'could not be ended' in logged()

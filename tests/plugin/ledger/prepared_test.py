"""What is kept of badges that were drawn ahead, for how long, and that it is counted."""

from datetime import timedelta

import pytest

from indico.modules.events.registration.models.registrations import RegistrationState
from indico.util.date_time import now_utc

from indico_checkin_print import heartbeat
from indico_checkin_print.ledger import prepared
from indico_checkin_print.ledger.forget import forget
from indico_checkin_print.models.choices import PrepareWhen
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.records import Document
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work import retention
from indico_checkin_print.work.prepare import prepare


@pytest.fixture
def drawn(db, form, reg, dummy_event):
    """Return what was drawn ahead for a person."""
    dummy_event.start_dt, dummy_event.end_dt = now_utc() - timedelta(hours=1), now_utc() + timedelta(hours=1)
    db.session.flush()
    prepared.ask(dummy_event.id)
    assert not prepare('test', seconds=60)
    return Prepared.query.one()


def test_counts(drawn, dummy_event, create_reg):
    create_reg('', '')
    prepared.ask(dummy_event.id)
    counts = prepared.counts(dummy_event.id)
    assert (counts.people, counts.drawn, counts.documents, counts.without) == (2, 1, 1, {})
    assert counts.size == drawn.document.length
    assert prepared.storage_by_event() == {dummy_event.id: drawn.document.length}
    # the clock of a transaction stands still
    EventSetup.query.update({'prepared_dt': None})
    assert not prepare('test', seconds=60)
    counts = prepared.counts(dummy_event.id)
    assert (counts.drawn, counts.documents, counts.without) == (2, 1, {'no_name': 1})


def test_what_other_fonts_drew_does_not_count(drawn, dummy_event):
    Heartbeat.query.delete()
    counts = prepared.counts(dummy_event.id)
    assert (counts.drawn, counts.documents, counts.size) == (0, 0, drawn.document.length)


def test_a_process_that_is_gone_is_forgotten(drawn, db):
    Heartbeat.query.filter(Heartbeat.name.startswith(heartbeat.DRAWS)).update(
        {'dt': now_utc() - timedelta(days=1)}, synchronize_session=False)
    assert Prepared.query.filter(prepared.is_usable()).has_rows()
    heartbeat.draws('other', 'other fonts')
    db.session.flush()
    assert not Prepared.query.filter(prepared.is_usable()).has_rows()


@pytest.mark.parametrize('change', [
    lambda reg, form, event: setattr(reg, 'state', RegistrationState.withdrawn),
    lambda reg, form, event: setattr(reg, 'is_deleted', True),
    lambda reg, form, event: setattr(form, 'enabled', False),
    lambda reg, form, event: setattr(form.registration_form, 'is_deleted', True),
    lambda reg, form, event: setattr(event, 'is_deleted', True),
    lambda reg, form, event: setattr(event, 'end_dt', now_utc() - timedelta(days=1, seconds=1)),
])
def test_who_gets_no_badge_any_more_leaves_nothing(drawn, db, reg, form, dummy_event, change):
    assert retention.purge_documents() == 0
    dummy_event.start_dt = now_utc() - timedelta(days=2)
    change(reg, form, dummy_event)
    db.session.flush()
    assert retention.purge_documents() == 1
    assert not Prepared.query.has_rows()


def test_the_document_of_a_badge_outlives_the_preparation(drawn, check_in, reg, db, dummy_event):
    job, = check_in(reg)
    prepared.delete_prepared(dummy_event.id)
    assert retention.purge_documents() == 0
    assert job.document is not None


def test_a_prepared_document_outlives_the_badge(drawn, check_in, reg, db, change):
    job, = check_in(reg)
    change(job, state=JobState.completed, changed_dt=now_utc() - timedelta(days=1))
    assert retention.purge_documents() == 0
    assert Document.query.count() == 1


@pytest.fixture
def change(db):
    def _change(job, **values):
        for name, value in values.items():
            setattr(job, name, value)
        db.session.flush()
    return _change


def test_a_purge_takes_everything(drawn, check_in, reg, db):
    check_in(reg)
    forget(reg)
    assert not Prepared.query.has_rows()
    assert not Document.query.has_rows()


def test_deleted_for_good(drawn, dummy_event):
    """Also where the event would have them drawn anew in a moment."""
    EventSetup.query.update({'prepare': PrepareWhen.idle})
    prepared.delete_prepared(dummy_event.id)
    assert not Prepared.query.has_rows()
    assert not prepared.wanted()


def test_too_many_at_once_are_held_all_the_same(drawn, check_in, reg, db):
    EventSetup.query.update({'bulk_limit': 0})
    job, = check_in(reg)
    assert (job.state, job.reason) == (JobState.held, Reason.bulk)

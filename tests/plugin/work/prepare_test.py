"""Badges that are drawn ahead: for whom, when anew, and that they are what is drawn otherwise."""

from datetime import timedelta

import pytest

from indico.modules.events.registration.models.registrations import RegistrationState
from indico.util.date_time import now_utc

from indico_checkin_print import tasks
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.badge.losses import LossKind, losses_of
from indico_checkin_print.badge.render import render
from indico_checkin_print.ledger import prepared
from indico_checkin_print.models.choices import PrepareWhen
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.records import Document
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work import prepare
from indico_checkin_print.work.worker import render_waiting


@pytest.fixture
def rules(db, form, dummy_event):
    """The rules of the event, whose badges somebody asked for."""
    dummy_event.start_dt, dummy_event.end_dt = now_utc() + timedelta(hours=1), now_utc() + timedelta(days=1)
    db.session.flush()
    prepared.ask(dummy_event.id)
    return EventSetup.query.one()


@pytest.fixture
def ask_anew(db, rules):
    def _ask():
        db.session.flush()
        # the clock of a transaction stands still
        before = now_utc() - timedelta(hours=1)
        rules.prepared_dt = before
        Prepared.query.update({'checked_dt': before})
        db.session.flush()
        prepared.ask(rules.event_id)
        prepare_all()
        db.session.expire_all()
    return _ask


def prepare_all():
    assert not prepare.prepare('test', seconds=30)


def of(reg):
    return Prepared.query.filter_by(registration_id=reg.id, person='').one()


def test_a_document_is_what_is_drawn_otherwise(rules, reg, form, check_in, db):
    prepare_all()
    document = of(reg).document
    assert document.content == render(reg, form).content
    job, = check_in(reg)
    assert (job.state, job.document_id) == (JobState.ready, document.id)
    # and so it is if a worker draws it
    db.session.delete(of(reg))
    job.state, job.next_try_dt = JobState.queued, job.queue_dt
    db.session.flush()
    assert render_waiting('test') == 1
    db.session.refresh(job)
    assert job.document_id != document.id
    assert job.document.content == document.content


def test_a_badge_is_ready_at_once(rules, reg, check_in, mocker):
    kicked = mocker.patch('indico_checkin_print.kick.after_commit')
    prepare_all()
    job, = check_in(reg)
    assert (job.state, job.reason, job.drawn_from) == (JobState.ready, Reason.prepared, of(reg).drawn_from)
    assert [(step.state, step.reason) for step in job.history] == [
        (JobState.ready, Reason.checked_in), (JobState.ready, Reason.prepared)]
    assert not kicked.called


@pytest.mark.parametrize('change', [
    lambda reg, template, form: setattr(reg, 'first_name', 'Zoe'),
    lambda reg, template, form: setattr(template, 'data', {**template.data, 'width': 500}),
    lambda reg, template, form: setattr(form, 'backside', True),
])
def test_what_has_changed_is_drawn_anew(rules, reg, template, form, ask_anew, change):
    prepare_all()
    before = of(reg).drawn_from
    change(reg, template, form)
    ask_anew()
    assert of(reg).drawn_from != before


def test_what_has_not_changed_is_not(rules, reg, ask_anew, mocker):
    prepare_all()
    draw = mocker.patch.object(prepare, 'prepare_registration')
    before = of(reg).checked_dt
    ask_anew()
    assert not draw.called
    assert of(reg).checked_dt == before


def test_other_fonts_draw_it_anew(rules, reg, check_in, ask_anew, mocker, db):
    prepare_all()
    mocker.patch.object(prepare, 'drawing_version', return_value='other fonts')
    ask_anew()
    assert of(reg).drawn_by == 'other fonts'
    # no process draws like that any more
    Heartbeat.query.delete()
    job, = check_in(reg)
    assert (job.state, job.document_id) == (JobState.queued, None)


def test_a_change_that_is_not_on_the_badge_keeps_the_document(rules, reg, dummy_event, ask_anew):
    prepare_all()
    before = of(reg).document_id, of(reg).drawn_from
    dummy_event.title = 'Another title'
    ask_anew()
    assert of(reg).document_id == before[0]
    assert of(reg).drawn_from != before[1]


def test_a_badge_that_would_be_held_has_no_document(rules, create_reg, check_in, db):
    nameless = create_reg(first_name='', last_name='')
    prepare_all()
    assert (of(nameless).document_id, of(nameless).reason) == (None, Reason.no_name)
    job, = check_in(nameless)
    assert job.state == JobState.queued
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason) == (JobState.held, Reason.no_name)


def test_the_others_do_not_wait_for_a_badge_that_fails(rules, reg, create_reg, mocker):
    other = create_reg('Ada', 'Lovelace')
    draw = prepare.draw
    mocker.patch.object(prepare, 'draw', lambda registration, *args, **kwargs: (
        1 / 0 if registration == reg else draw(registration, *args, **kwargs)))
    prepare_all()
    assert (of(reg).document_id, of(reg).reason) == (None, Reason.render_failed)
    assert of(other).document_id is not None


def test_what_a_badge_does_not_show_is_said_all_the_same(rules, create_reg, check_in):
    long = create_reg('Abc ' * 500, 'Def ' * 500)
    prepare_all()
    job, = check_in(long)
    assert (job.state, job.document_id) == (JobState.ready, of(long).document_id)
    assert [loss.kind for loss in losses_of(job)] == [LossKind.cut]


def test_who_gets_no_badge_has_no_document(rules, create_reg):
    gone = create_reg('Ada', 'Lovelace', state=RegistrationState.withdrawn)
    prepare_all()
    assert not Prepared.query.filter_by(registration_id=gone.id).has_rows()


def test_storage_is_bounded(rules, reg, create_reg, configure, check_in):
    other = create_reg('Ada', 'Lovelace')
    configure(PREPARED_MB_PER_EVENT=0)
    prepare_all()
    assert not Document.query.has_rows()
    rules.prepared_dt = None
    configure(PREPARED_MB=0)
    prepare_all()
    assert not Document.query.has_rows()
    assert [job.state for job in check_in(reg, other)] == [JobState.queued] * 2


def test_a_change_takes_what_was_drawn_along(rules, reg, check_in, db):
    """So nobody waits until the go finds that it shows an old name."""
    prepare_all()
    reg.last_name = 'Meier'
    db.session.flush()
    assert not Prepared.query.has_rows()
    job, = check_in(reg)
    assert job.state == JobState.queued


def test_a_worker_takes_what_was_drawn_ahead(rules, reg, check_in, db, mocker):
    """A reprint, a batch, a payment: whatever is queued needs no drawing."""
    prepare_all()
    Heartbeat.query.delete()
    job, = check_in(reg)
    assert job.state == JobState.queued
    draw = mocker.patch('indico_checkin_print.work.worker.render')
    render_waiting('test')
    db.session.refresh(job)
    assert (job.state, job.reason, job.document_id) == (JobState.ready, Reason.prepared, of(reg).document_id)
    assert not draw.called


def test_a_set_time(rules, reg, db):
    rules.prepare_asked_dt, rules.prepare, rules.prepare_dt = None, PrepareWhen.time, now_utc() + timedelta(hours=1)
    db.session.flush()
    assert not prepared.wanted()
    rules.prepare_dt = now_utc() - timedelta(hours=1)
    prepare_all()
    assert of(reg).document_id is not None
    assert not prepared.wanted()


def test_idle_time(rules, reg, create_reg, check_in, dummy_event, db):
    rules.prepare_asked_dt, rules.prepare = None, PrepareWhen.idle
    check_in(reg)
    # somebody waits
    prepare_all()
    assert not Prepared.query.has_rows()
    render_waiting('test')
    prepare_all()
    assert of(reg).document_id is not None
    db.session.flush()
    assert not prepared.wanted()
    rules.prepared_dt = now_utc() - timedelta(minutes=30)
    db.session.flush()
    assert [wanted.is_idle for wanted in prepared.wanted()] == [True]
    dummy_event.start_dt, dummy_event.end_dt = now_utc() + timedelta(days=8), now_utc() + timedelta(days=9)
    db.session.flush()
    assert not prepared.wanted()


def test_what_shows_something_old_gets_no_go(rules, reg, template, check_in, agent, db, mocker):
    """A changed template takes nothing along: it has the badges of thousands."""
    prepare_all()
    old = of(reg).document_id
    template.data = {**template.data, 'width': 400}
    db.session.flush()
    job, = check_in(reg)
    assert (job.state, job.document_id) == (JobState.ready, old)
    kicked = mocker.patch('indico_checkin_print.kick.after_commit')
    assert not outgoing(agent.id, agent.link, {})
    db.session.refresh(job)
    assert (job.state, job.reason) == (JobState.queued, Reason.corrected)
    assert kicked.called
    assert render_waiting('test') == 1
    db.session.refresh(job)
    assert (job.state, job.reason, job.document.width_mm) == (JobState.ready, Reason.rendered, 80)
    message, = outgoing(agent.id, agent.link, {})
    assert (message.go, message.sha256) == (True, job.document.sha256)


def test_one_chain_of_tasks_at_a_time(rules, reg, mocker):
    """The sweep asks every 15 seconds, and two workers would draw the same badges."""
    follow = mocker.patch.object(tasks.prepare, 'apply_async')
    draw = mocker.patch.object(prepare, 'prepare', return_value=True)
    tasks.prepare('first')
    follow.assert_called_once_with(('first',), countdown=tasks.PREPARE_PAUSE)
    tasks.prepare('second')
    assert draw.call_count == 1
    draw.return_value = False
    tasks.prepare('first')
    tasks.prepare('second')
    assert draw.call_count == 3

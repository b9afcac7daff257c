"""Batches in the ledger: they feed their desks a few at a time, behind people, and pause and end as a whole."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print import kick, ledger
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.badge.render import BadgePDF
from indico_checkin_print.ledger import batches
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.jobs import JobState as S
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.batch_order import BatchOrder, Member, Sheet, arrange
from indico_checkin_print.signals.corrections import Changes
from indico_checkin_print.sql import now
from indico_checkin_print.work import retention
from indico_checkin_print.work.worker import recover_stalled, render_waiting
from tests.plugin.conftest import fresh


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')


@pytest.fixture
def people(create_reg):
    return [create_reg(f'P{number}', f'Name {number:02}') for number in range(8)]


@pytest.fixture
def make_batch(db, event, dummy_regform, dummy_user, desk):
    """Return a function that puts people into a batch in the order of their numbers."""
    def _make(people, desks=None, **kwargs):
        batch = Batch(event=event, registration_form=dummy_regform, user_id=dummy_user.id, order='number')
        db.session.add(batch)
        db.session.flush()
        members = [Member(reg.id, reg.friendly_id, reg.first_name, reg.last_name, **kwargs) for reg in people]
        parts = arrange(members, BatchOrder.number, [d.id for d in desks or [desk]])
        batch.made = ledger.create_batch(batch, parts, 'test')
        return batch
    return _make


def jobs_of(batch):
    return Job.query.filter_by(batch_id=batch.id).order_by(Job.queue_dt, Job.id).populate_existing().all()


def states(batch):
    return [job.state for job in jobs_of(batch)]


def test_a_few_at_a_time(db, make_batch, people, mocker):
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 3)
    batch = make_batch(people)
    assert batch.made == 8
    assert states(batch) == [S.queued] * 3 + [S.held] * 5
    assert [job.registration_id for job in jobs_of(batch)] == [reg.id for reg in people]
    # somebody made the batch; nobody in person says whose turn it is
    assert [(step.reason, step.actor) for step in jobs_of(batch)[0].history] == [
        (Reason.in_batch, 'test'), (Reason.batch_turn, 'batch')]
    assert ledger.feed_batches('test') == []
    ledger.move([Job.id == jobs_of(batch)[0].id], S.canceled, Reason.discarded, 'test')
    assert len(ledger.feed_batches('test')) == 1
    assert states(batch) == [S.canceled] + [S.queued] * 3 + [S.held] * 4
    # what is held says why
    assert jobs_of(batch)[-1].reason == Reason.in_batch


def test_the_sweep_feeds(make_batch, people, mocker):
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 2)
    batch = make_batch(people)
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 5)
    assert recover_stalled('test') == 3
    assert states(batch) == [S.queued] * 5 + [S.held] * 3
    # somebody draws them
    assert kick.after_commit.call_count == 1


def test_each_desk_has_its_own_queue(db, event, make_batch, people, desk, mocker):
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 2)
    other = Desk(event_id=event.id, name='Desk 2', paused=True)
    db.session.add(other)
    db.session.flush()
    batch = make_batch(people, [desk, other])
    by_desk = {d.id: [job for job in jobs_of(batch) if job.desk_id == d.id] for d in (desk, other)}
    assert [job.state for job in by_desk[desk.id]] == [S.queued, S.queued, S.held, S.held]
    assert [job.registration_id for job in by_desk[other.id]] == [reg.id for reg in people[4:]]
    # a paused desk gets nothing until it resumes
    assert {job.state for job in by_desk[other.id]} == {S.held}
    other.paused = False
    db.session.flush()
    assert len(ledger.feed_batches('test')) == 2


def test_who_stands_at_the_desk_is_drawn_first(db, make_batch, people, create_reg, check_in):
    """At the printer as well: see `agents/precedence_test.py`."""
    make_batch(people)
    job, = check_in(create_reg('Anna', 'At the desk'))
    make_batch([create_reg('Late', 'Comer')])
    assert ledger.claim_render('test').id == job.id


def test_pause_and_resume(db, make_batch, people, agent, check_in, create_reg):
    batch = make_batch(people)
    render_waiting('test', seconds=60)
    outgoing(agent.id, agent.link, {})
    order = [job.id for job in jobs_of(batch)]
    assert ledger.pause_batch(batch, 'test', paused=True)
    assert not ledger.pause_batch(batch, 'test', paused=True)
    # what has permission comes out, all else waits
    assert states(batch) == [S.dispatched] + [S.held] * 7
    assert recover_stalled('test') == 0
    # people are not concerned
    assert check_in(create_reg('Anna', 'At the desk'))[0].state == S.queued
    assert ledger.pause_batch(batch, 'test', paused=False)
    assert states(batch) == [S.dispatched] + [S.queued] * 7
    assert [job.id for job in jobs_of(batch)] == order


def test_a_paused_desk_gives_its_badges_back_to_the_batch(db, event, make_batch, people, desk):
    batch = make_batch(people)
    desk.paused = True
    db.session.flush()
    assert len(ledger.hold_paused(event.id, 'test')) == 8
    assert {(job.state, job.reason) for job in jobs_of(batch)} == {(S.held, 'in_batch')}
    ledger.pause_batch(batch, 'test', paused=True)
    desk.paused = False
    db.session.flush()
    assert ledger.release_paused(event.id, 'test', desk_id=desk.id) == []
    assert set(states(batch)) == {S.held}


def test_cancel(db, make_batch, people, agent):
    batch = make_batch(people)
    render_waiting('test', seconds=60)
    outgoing(agent.id, agent.link, {})
    assert len(ledger.cancel_batch(batch, 'test')) == 7
    assert states(batch) == [S.dispatched] + [S.canceled] * 7
    assert jobs_of(batch)[-1].reason == Reason.batch_canceled


def test_nobody_twice(db, make_batch, people, check_in, reg):
    """Who got a badge since the dialog was opened, or is in another batch, is left out."""
    check_in(people[0])
    assert make_batch(people).made == 7
    assert make_batch([reg, *people]).made == 1


@pytest.mark.parametrize(('policy', 'expected'), [
    (1, (S.held, 'already_printed')), (3, (S.canceled, 'printed_before'))])
@pytest.mark.parametrize('printed', [True, False])
def test_their_check_in_prints_none(db, event, make_batch, people, check_in, policy, expected, printed):
    db.session.add(EventSetup(event=event, reprint=policy))
    batch = make_batch(people)
    job = jobs_of(batch)[0]
    if printed:
        db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(state=S.completed))
    later = max(check_in(people[0]), key=lambda job: job.id)
    assert (later.state, later.reason) == expected
    # an undone check-in leaves the badge in the batch
    check_in(people[0], value=False)
    assert fresh(db, job).state == (S.completed if printed else S.queued)


def test_their_check_in_is_as_quick(make_batch, people, check_in, statements):
    """A badge without a check-in time follows no check-in, so there is nothing to look for."""
    make_batch(people)
    statements.clear()
    check_in(people[0])
    assert not [text for text in statements if 'UPDATE plugin_checkin_print.jobs' in str(text)]


def test_a_separator_sheet(db, make_batch, people, dummy_regform, agent, desk):
    batch = make_batch(people[:1])
    other = Member(people[1].id, 2, 'P1', 'Name 01')
    assert ledger.create_batch(batch, {desk.id: [Sheet('Müller & Søn'), other]}, 'test') == 1
    render_waiting('test')
    separator = Job.query.filter_by(purpose='separator').one()
    assert (separator.state, separator.document.pages) == (S.ready, 1)
    badge = jobs_of(batch)[0].document
    assert (separator.document.width_mm, separator.document.height_mm) == (badge.width_mm, badge.height_mm)
    names = [message.name for message in outgoing(agent.id, agent.link, {})]
    assert 'Separator sheet' in names


def test_thousands_in_few_statements(db, make_batch, create_reg, statements):
    numbers = iter(range(1000))

    def _count(count):
        people = [create_reg('Many', f'Other{next(numbers)}') for __ in range(count)]
        db.session.flush()
        statements.clear()
        make_batch(people)
        return len(statements)

    assert _count(5) == _count(60)


def test_a_worker_from_before_a_pause_stores_nothing(make_batch, people):
    """It may have read what is no longer true."""
    batch = make_batch(people[:1])
    claimed = ledger.claim_render('slow')
    attempts, dispatch = claimed.attempts, claimed.dispatch
    ledger.pause_batch(batch, 'test', paused=True)
    ledger.pause_batch(batch, 'test', paused=False)
    second = ledger.claim_render('quick')
    assert (second.id, second.attempts) == (claimed.id, attempts)
    slow = SimpleNamespace(id=claimed.id, attempts=attempts, dispatch=dispatch, facts=None, registration_id=None)
    badge = BadgePDF(kind=BadgeKind.badge, content=b'%PDF', pages=1, width_mm=96, height_mm=134)
    assert not ledger.rendered(slow, badge, 'slow')


def test_who_does_not_pay_any_more_waits_in_the_batch(db, make_batch, people, app):
    people[5].state = RegistrationState.unpaid
    batch = make_batch(people)
    db.session.flush()
    mocked = [job for job in jobs_of(batch) if job.registration_id == people[5].id]
    ledger.pause_batch(batch, 'test', paused=True)
    ledger.follow_state(people[5], 'test')
    job, = (fresh(db, job) for job in mocked)
    assert (job.state, job.reason) == (S.held, Reason.unpaid)
    ledger.pause_batch(batch, 'test', paused=False)
    assert fresh(db, job).state == S.held


def test_who_pays_gets_the_badge_of_the_batch(db, app, make_batch, people):
    """Also who is not checked in yet, and in the order of the batch."""
    batch = make_batch(people[:3])
    job = jobs_of(batch)[1]
    people[1].state = RegistrationState.unpaid
    db.session.flush()
    ledger.follow_state(people[1], 'test')
    assert fresh(db, job).state == S.held
    people[1].state = RegistrationState.complete
    db.session.flush()
    with app.test_request_context():
        signals.event.registration_state_updated.send(people[1], previous_state=RegistrationState.unpaid)
    assert (fresh(db, job).state, job.reason) == (S.queued, Reason.paid)
    assert [job.registration_id for job in jobs_of(batch)] == [reg.id for reg in people[:3]]


def test_who_asks_at_a_desk_meanwhile_gets_one_badge(db, make_batch, people, check_in, mocker):
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 1)
    batch = make_batch(people[:3])
    first, second, third = jobs_of(batch)
    # held because of the badge in the batch: it says nothing about that
    later = max(check_in(people[1]), key=lambda job: job.id)
    assert later.state == S.held
    check_in(people[2])
    ledger.release(Job.query.filter_by(id=later.id), 'test', Reason.released)
    db.session.execute(db.update(Job.__table__).where(Job.id == first.id).values(state=S.completed))
    ledger.feed_batches('test')
    db.session.execute(db.update(Job.__table__).where(Job.id == second.id, Job.state == S.queued)
                       .values(state=S.completed))
    ledger.feed_batches('test')
    assert (fresh(db, second).state, second.reason) == (S.canceled, Reason.printed_before)
    assert fresh(db, third).state == S.queued


def test_the_sheets_of_a_deleted_form_are_canceled(make_batch, people, dummy_regform, desk):
    batch = make_batch(people[:1])
    ledger.create_batch(batch, {desk.id: [Sheet('P'), Member(people[1].id, 2, 'P1', 'Name 01')]}, 'test')
    assert len(ledger.cancel_form(dummy_regform, 'test')) == 3
    assert set(states(batch)) == {S.canceled}


def test_a_batch_of_nobody_has_no_sheets(db, make_batch, people, desk):
    batch = make_batch(people[:1])
    part = [Sheet('P'), Member(people[0].id, 1, 'P', 'X')]
    assert ledger.create_batch(batch, {desk.id: part}, 'test') == 0
    assert Job.query.filter_by(purpose='separator').count() == 0


@pytest.mark.parametrize('what', ['event', 'desk'])
def test_a_pause_of_the_event_or_the_desk_feeds_nothing(db, event, make_batch, people, desk, what):
    setup = EventSetup(event=event, paused=what == 'event')
    db.session.add(setup)
    desk.paused = what == 'desk'
    db.session.flush()
    batch = make_batch(people)
    assert set(states(batch)) == {S.held}
    setup.paused = desk.paused = False
    db.session.flush()
    assert len(ledger.feed_batches('test')) == 8


def test_old_batches_are_deleted_with_their_jobs(db, make_batch, people):
    batch = make_batch(people[:1])
    db.session.execute(db.update(Batch.__table__).values(created_dt=db.func.now() - db.text("interval '2 days'")))
    retention.purge()
    assert Batch.query.count() == 1
    Job.query.filter_by(batch_id=batch.id).delete()
    retention.purge()
    assert Batch.query.count() == 0


# -- what comes back from a printer or a receiver ---------------------------------------------------------------------

@pytest.fixture
def granted(make_batch, people, agent):
    """A batch, and its badge that has permission to print."""
    batch = make_batch(people[:3])
    render_waiting('test', seconds=60)
    outgoing(agent.id, agent.link, {})
    job = jobs_of(batch)[0]
    assert job.state == S.dispatched
    return batch, job


def come_back(job):
    assert ledger.report(job, S.ready, Reason.returned, '', 'agent:1')


def test_what_comes_back_after_the_cancellation_is_canceled(db, granted, dummy_user):
    batch, job = granted
    ledger.cancel_batch(batch, 'test')
    come_back(job)
    assert (fresh(db, job).state, job.reason) == (S.canceled, Reason.batch_canceled)
    assert [step.reason for step in job.history][-2:] == [Reason.returned, Reason.batch_canceled]
    # who wants it all the same gets it, also if it comes back once more
    ledger.retry(job, dummy_user)
    assert fresh(db, job).state == S.queued


def test_what_was_retried_since_the_cancellation_prints(db, granted, agent, dummy_user):
    batch, job = granted
    ledger.cancel_batch(batch, 'test')
    come_back(job)
    db.session.execute(db.update(Batch.__table__).values(canceled_dt=db.func.now() - db.text("interval '1 minute'")))
    ledger.retry(fresh(db, job), dummy_user)
    render_waiting('test')
    outgoing(agent.id, agent.link, {})
    assert fresh(db, job).state == S.dispatched
    come_back(job)
    assert fresh(db, job).state == S.ready


@pytest.mark.parametrize('what', ['batch', 'desk', 'event'])
def test_what_comes_back_during_a_pause_waits(db, event, desk, granted, what):
    batch, job = granted
    if what == 'batch':
        ledger.pause_batch(batch, 'test', paused=True)
    else:
        EventSetup.query.one().paused = what == 'event'
        desk.paused = what == 'desk'
        db.session.flush()
        ledger.hold_paused(event.id, 'test')
    come_back(job)
    assert (fresh(db, job).state, job.reason) == (S.held, Reason.in_batch)
    assert ledger.feed_batches('test') == []
    EventSetup.query.one().paused = desk.paused = False
    db.session.flush()
    ledger.pause_batch(batch, 'test', paused=False)
    ledger.feed_batches('test')
    # at its old place
    assert [job.state for job in jobs_of(batch)] == [S.queued] * 3
    assert jobs_of(batch)[0].id == job.id


def test_what_comes_back_to_a_batch_that_prints_is_ready(db, granted):
    __, job = granted
    come_back(job)
    assert fresh(db, job).state == S.ready


@pytest.mark.parametrize('how', ['not taken', 'worker died', 'returned'])
@pytest.mark.parametrize('what', ['pause', 'cancel'])
def test_what_a_receiver_did_not_print(db, webhook_desk, make_batch, people, how, what):
    batch = make_batch(people[:1])
    render_waiting('test', seconds=60)
    claim = ledger.claim_post('test')
    if how == 'returned':
        ledger.delivered(claim, '', 'test')
    if what == 'pause':
        ledger.pause_batch(batch, 'test', paused=True)
    else:
        ledger.cancel_batch(batch, 'test')
    if how == 'not taken':
        ledger.undelivered(claim, Reason.retry_later, '', 'test', retry_in=1)
    elif how == 'returned':
        come_back(fresh(db, claim))
    else:
        db.session.execute(db.update(Job.__table__).values(lease_dt=now(-1)))
        ledger.sweep()
    job, = jobs_of(batch)
    assert (job.state, job.reason) == ((S.held, Reason.in_batch) if what == 'pause' else
                                       (S.canceled, Reason.batch_canceled))


@pytest.mark.parametrize('what', ['pause', 'cancel'])
def test_a_printer_that_cancels_every_badge(db, granted, agent, what):
    """What it canceled is queued again, but not past a pause or a cancellation."""
    batch, job = granted
    ledger.report(job, S.failed, 'job-canceled-by-operator', '', 'agent:1')
    if what == 'pause':
        ledger.pause_batch(batch, 'test', paused=True)
    else:
        ledger.cancel_batch(batch, 'test')
    ledger.retry_canceled(agent, 'p1', timedelta(minutes=1))
    assert fresh(db, job).state == (S.held if what == 'pause' else S.failed)


@pytest.mark.parametrize('reason', [Reason.unpaid, Reason.no_name])
def test_what_waited_for_something_else_waits_for_its_batch_then(db, app, make_batch, people, reason):
    batch = make_batch(people[:1])
    job, = jobs_of(batch)
    db.session.execute(db.update(Job.__table__).values(state=S.held, reason=reason, drawn_from='something old'))
    ledger.pause_batch(batch, 'test', paused=True)
    if reason == Reason.unpaid:
        assert ledger.release_paid(people[0], 'test')
    else:
        ledger.redraw(Changes(registrations={people[0].id}), 'test')
    assert (fresh(db, job).state, job.reason) == (S.held, Reason.in_batch)
    ledger.pause_batch(batch, 'test', paused=False)
    assert fresh(db, job).state == S.queued


# -- a desk whose way is a webhook ------------------------------------------------------------------------------------

@pytest.fixture
def post_all(db):
    """Return a function that does what a worker does with a receiver that takes every badge."""
    def _post():
        render_waiting('test', seconds=60)
        while (job := ledger.claim_post('test')) is not None:
            ledger.delivered(job, '', 'test')
    return _post


def test_a_receiver_gets_no_more_than_it_can_print(db, mocker, webhook_desk, make_batch, people, post_all):
    mocker.patch.object(batches, 'MAX_AT_RECEIVER', 3)
    batch = make_batch(people)
    for __ in range(3):
        post_all()
        ledger.feed_batches('test')
    assert states(batch) == [S.sent] * 3 + [S.held] * 5
    # it says what became of one
    first, second, *__ = jobs_of(batch)
    ledger.report(first, S.completed, Reason.printed, '', 'webhook:1')
    assert ledger.feed_batches('test')
    # one that it prints is under way for as long as that takes
    ledger.report(second, S.printing, Reason.at_printer, '', 'webhook:1')
    post_all()
    assert ledger.feed_batches('test') == []


def test_a_receiver_that_says_nothing(db, mocker, webhook_desk, make_batch, people, post_all):
    mocker.patch.object(batches, 'MAX_AT_RECEIVER', 3)
    batch = make_batch(people)
    post_all()
    pace = batches.SILENT_RECEIVER_PRINTS_WITHIN
    for seconds, more in ((pace - 5, 0), (pace + 5, 3)):
        db.session.execute(db.update(Job.__table__).where(Job.state == S.sent).values(changed_dt=now(-seconds)))
        assert len(ledger.feed_batches('test')) == more
    assert states(batch) == [S.sent] * 3 + [S.queued] * 3 + [S.held] * 2


def test_somebody_in_two_batches_gets_one_badge(db, make_batch, people, desk, event, mocker):
    """Two managers at the same moment: neither batch saw the other."""
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 0)
    batch = make_batch(people[:2])
    other = make_batch(people[2:3])
    db.session.execute(db.update(Job.__table__).where(Job.batch_id == other.id).values(registration_id=people[0].id))
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 9)
    ledger.feed_batches('test')
    assert (states(batch), states(other)) == ([S.queued] * 2, [S.canceled])


def test_a_form_that_is_off_feeds_nothing(db, make_batch, people, form, mocker):
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 3)
    batch = make_batch(people)
    db.session.execute(db.update(Job.__table__).where(Job.state == S.queued).values(state=S.completed))
    form.enabled = False
    db.session.flush()
    assert ledger.feed_batches('test') == []
    form.enabled = True
    db.session.flush()
    assert len(ledger.feed_batches('test')) == 3
    assert states(batch)[-2:] == [S.held] * 2


def test_a_sheet_of_a_form_that_is_off(db, make_batch, people, desk, form):
    batch = make_batch(people[:1])
    ledger.create_batch(batch, {desk.id: [Sheet('P'), Member(people[1].id, 2, 'P1', 'Name 01')]}, 'test')
    form.enabled = False
    db.session.flush()
    render_waiting('test')
    assert {(job.state, job.reason) for job in jobs_of(batch)} == {(S.failed, Reason.form_off)}


def test_a_sheet_whose_text_is_deleted(db, make_batch, people, desk, dummy_user):
    """Who retries it gets no empty one."""
    batch = make_batch(people[:1])
    ledger.create_batch(batch, {desk.id: [Sheet('P'), Member(people[1].id, 2, 'P1', 'Name 01')]}, 'test')
    sheet = Job.query.filter_by(purpose=Job.PURPOSE_SEPARATOR).one()
    db.session.execute(db.update(Job.__table__).where(Job.id == sheet.id).values(state=S.expired, facts=db.null()))
    ledger.retry(fresh(db, sheet), dummy_user)
    render_waiting('test')
    assert (fresh(db, sheet).state, sheet.reason) == (S.canceled, Reason.too_old)

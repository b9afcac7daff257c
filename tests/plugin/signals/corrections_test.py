"""What prints is true at the moment of the go: names, templates, states and check-ins that changed meanwhile."""

import pytest
from sqlalchemy import inspect

from indico.core import signals
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.models.persons import EventPerson, EventPersonLink
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print import ledger
from indico_checkin_print.badge.content import ON_A_BADGE
from indico_checkin_print.models.choices import BadgeKind, UnpaidPolicy
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.signals import corrections
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import announce, fresh, text_item
from tests.plugin.signals.conftest import words


S = JobState


@pytest.mark.parametrize(('model', 'names'), [*ON_A_BADGE.items(), (Registration, ('checked_in_dt',))])
def test_every_attribute_exists(model, names):
    assert set(names) <= set(inspect(model).attrs.keys())
    assert model in corrections.CONCERNS


def _name(reg, form, db):
    reg.first_name = 'Corrected'


def _template(reg, form, db):
    form.template.data = {**form.template.data, 'items': [text_item('fixed', 5, text='Corrected'),
                                                          text_item('full_name', 30)]}


def _other_template(reg, form, db):
    other = DesignerTemplate(type=form.template.type, title='Other', event=reg.event, data={
        **form.template.data, 'items': [text_item('fixed', 5, text='Corrected'), text_item('full_name', 30)]})
    db.session.add(other)
    db.session.flush()
    form.template = other


@pytest.mark.parametrize('change', [_name, _template, _other_template])
def test_a_badge_that_waits_is_drawn_anew(db, form, ready_job, change):
    before, place = ready_job.dispatch, ready_job.queue_dt
    change(ready_job.registration, form, db)
    db.session.flush()
    job = fresh(db, ready_job)
    assert (job.state, job.reason, job.dispatch, job.queue_dt) == (S.queued, Reason.corrected, before + 1, place)
    render_waiting('test')
    job = fresh(db, ready_job)
    assert job.state == S.ready
    assert 'Corrected' in words(job)


def test_a_tag_or_an_event_changes_it_too(db, ready_job):
    ready_job.registration.tags.add(RegistrationTag(title='VIP', color='red', event=ready_job.event))
    db.session.flush()
    assert fresh(db, ready_job).state == S.queued
    render_waiting('test')
    ready_job.event.title = 'Another title'
    db.session.flush()
    assert fresh(db, ready_job).state == S.queued


def _speaker(event):
    person = EventPerson(event=event, first_name='Ada', last_name='Lovelace')
    event.person_links.append(EventPersonLink(person=person))


def _venue(event):
    event.venue_name, event.room_name = 'Great Hall', 'Room 1'


def _organizers(event):
    event.organizer_info = 'The committee'


def _locale(event):
    event.default_locale = 'fr_FR'


def _category(event):
    event.category.title = 'Another title'


@pytest.mark.parametrize('change', [_speaker, _venue, _organizers, _locale, _category])
def test_whatever_a_template_can_show_of_an_event_counts(db, ready_job, change):
    change(ready_job.event)
    db.session.flush()
    assert fresh(db, ready_job).state == S.queued


def test_another_ticket_template(db, form, ready_job):
    form.kind = BadgeKind.ticket
    db.session.flush()
    render_waiting('test')
    form.registration_form.ticket_template = form.template
    db.session.flush()
    assert fresh(db, ready_job).state == S.queued


def test_what_is_not_on_a_badge_changes_nothing(db, ready_job):
    ready_job.registration.rejection_reason = 'none'
    ready_job.event.keywords = ['x']
    db.session.flush()
    assert fresh(db, ready_job).state == S.ready


def test_a_renderer_that_read_the_old_name_stores_nothing(db, check_in, reg):
    job, = check_in(reg)
    claimed = ledger.claim_render('one')
    reg.first_name = 'Corrected'
    db.session.flush()
    assert not ledger.rendered(claimed, None, 'one')
    render_waiting('two')
    assert 'Corrected' in words(fresh(db, job))


@pytest.mark.parametrize('state', [S.dispatched, S.printing, S.unknown, S.sent])
def test_one_with_a_go_is_drawn_anew_when_it_is_returned(db, ready_job, state):
    db.session.execute(db.update(Job.__table__).where(Job.id == ready_job.id)
                       .values(state=state, dispatched_dt=db.func.now()))
    ready_job.registration.first_name = 'Corrected'
    db.session.flush()
    job = fresh(db, ready_job)
    assert job.state == state
    ledger.report(job, S.ready, Reason.returned, '', 'agent:1')
    assert fresh(db, ready_job).state == S.queued
    render_waiting('test')
    job = fresh(db, ready_job)
    assert job.state == S.ready
    assert 'Corrected' in words(job)


@pytest.mark.parametrize('state', [S.dispatched, S.sent])
def test_one_that_shows_what_is_true_is_not_drawn_anew(db, ready_job, state):
    db.session.execute(db.update(Job.__table__).where(Job.id == ready_job.id)
                       .values(state=state, dispatched_dt=db.func.now()))
    ledger.report(fresh(db, ready_job), S.ready, Reason.returned, '', 'agent:1')
    assert fresh(db, ready_job).state == S.ready


def test_a_name_that_was_missing_lets_its_badge_go(db, check_in, reg):
    reg.first_name = reg.last_name = ' '
    job, = check_in(reg)
    render_waiting('test')
    assert fresh(db, job).reason == Reason.no_name
    reg.last_name = 'Lovelace'
    db.session.flush()
    assert fresh(db, job).state == S.queued


@pytest.mark.parametrize('held', [False, True])
@pytest.mark.parametrize('state', [RegistrationState.withdrawn, RegistrationState.rejected, RegistrationState.pending])
def test_who_may_have_no_badge_any_more(app, db, ready_job, state, held):
    if held:
        db.session.add(EventSetup(event_id=ready_job.event_id, paused=True))
        db.session.flush()
        assert ledger.hold_paused(ready_job.event_id, 'test')
    reg = fresh(db, ready_job).registration
    previous, reg.state = reg.state, state
    announce(app, signals.event.registration_state_updated, reg, previous_state=previous)
    job = fresh(db, ready_job)
    assert (job.state, job.reason) == (S.canceled, Reason.not_complete)


@pytest.mark.parametrize(('policy', 'expected'), [
    (UnpaidPolicy.hold, (S.held, Reason.unpaid)), (UnpaidPolicy.skip, (S.canceled, Reason.not_paid)),
    (UnpaidPolicy.print, (S.held, Reason.paused))])
def test_set_back_to_unpaid_during_a_pause(app, db, ready_job, policy, expected):
    db.session.add(EventSetup(event_id=ready_job.event_id, paused=True, unpaid=policy))
    db.session.flush()
    ledger.hold_paused(ready_job.event_id, 'test')
    reg = fresh(db, ready_job).registration
    reg.state = RegistrationState.unpaid
    announce(app, signals.event.registration_state_updated, reg, previous_state=RegistrationState.complete)
    job = fresh(db, ready_job)
    assert (job.state, job.reason) == expected

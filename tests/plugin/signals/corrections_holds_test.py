"""A correction changes nothing that it must not: badges that wait for something else, old claims, other people."""

from contextlib import suppress

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from indico.core import signals
from indico.modules.events.models.persons import EventPerson, EventPersonLink
from indico.modules.events.models.settings import EventSetting
from indico.modules.events.registration.models.registrations import RegistrationData, RegistrationState

from indico_checkin_print import ledger
from indico_checkin_print.badge.render import BadgePDF
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.signals import corrections
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import announce, fresh


S = JobState


def pdf(text):
    return BadgePDF(kind=BadgeKind.badge, content=b'%PDF ' + text, pages=1, width_mm=96, height_mm=134)


@pytest.mark.parametrize('what', ['title', 'email'])
def test_a_nameless_badge_stays_held_after_an_unrelated_change(db, check_in, reg, what):
    reg.first_name = reg.last_name = ' '
    job, = check_in(reg)
    render_waiting('test')
    assert fresh(db, job).reason == Reason.no_name
    if what == 'title':
        reg.event.title = 'Another title'
    else:
        reg.email = 'other@example.test'
    db.session.flush()
    render_waiting('test')
    assert (fresh(db, job).state, fresh(db, job).reason) == (S.held, Reason.no_name)


def test_a_failed_post_is_drawn_anew(db, webhook_desk, ready_job):
    job = ledger.claim_post('test')
    assert job.id == ready_job.id
    job.registration.first_name = 'Corrected'
    db.session.flush()
    job = fresh(db, ready_job)
    assert job.state == S.dispatched
    ledger.undelivered(job, Reason.no_answer, '', 'test', retry_in=0)
    job = fresh(db, ready_job)
    assert job.state == S.queued


@pytest.mark.parametrize('reason', [Reason.bulk, Reason.already_printed, Reason.no_name])
def test_payment_releases_only_what_waited_for_it(app, db, check_in, reg, reason):
    job, = check_in(reg)
    db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(state=S.held, reason=str(reason)))
    db.session.expire_all()
    reg.state = RegistrationState.unpaid
    announce(app, signals.event.registration_state_updated, reg, previous_state=RegistrationState.complete)
    reg.state = RegistrationState.complete
    announce(app, signals.event.registration_state_updated, reg, previous_state=RegistrationState.unpaid)
    assert fresh(db, job).state == S.held


@pytest.mark.parametrize('what', ['backref', 'affiliation'])
def test_a_person_who_is_on_no_badge_changes_nothing(db, ready_job, dummy_user, what):
    person = EventPerson(event=ready_job.event, first_name='Ada', last_name='Lovelace')
    db.session.add(person)
    db.session.flush()
    assert fresh(db, ready_job).state == S.ready
    if what == 'backref':
        from datetime import timedelta

        from indico.modules.events.contributions.models.contributions import Contribution
        from indico.modules.events.contributions.models.persons import ContributionPersonLink
        c = Contribution(event=ready_job.event, title='Talk', duration=timedelta(minutes=20))
        c.person_links.append(ContributionPersonLink(person=person))
        db.session.flush()
    else:
        person.invited_dt = ready_job.created_dt
        db.session.flush()
    assert fresh(db, ready_job).state == S.ready


def test_a_slow_renderer_of_two_corrections_ago_stores_nothing(db, check_in, reg):
    check_in(reg)
    slow = ledger.claim_render('slow')
    db.session.expunge(slow)
    reg.first_name = 'Second'
    db.session.flush()
    second = ledger.claim_render('b')
    assert ledger.rendered(second, pdf(b'second'), 'b')
    reg.first_name = 'Third'
    db.session.flush()
    third = ledger.claim_render('c')
    assert (slow.attempts, third.attempts) == (1, 1)
    # slow is what the slow process knows
    assert not ledger.rendered(slow, pdf(b'first name'), 'slow')


@pytest.fixture
def redraw(mocker):
    """A function of which one sees whether it was called: the ledger's statements after a change."""
    return mocker.patch.object(corrections.ledger, 'redraw', wraps=ledger.redraw)


def _link(event):
    event.person_links.append(EventPersonLink(
        person=EventPerson(event=event, first_name='Ada', last_name='Lovelace')))


@pytest.mark.parametrize('what', ['link', 'setting', 'other setting', 'data'])
def test_what_is_only_touched_is_no_change(db, ready_job, redraw, dummy_regform, what):
    event, reg = ready_job.event, ready_job.registration
    _link(event)
    event.default_locale = 'fr_FR'
    field = next(x for x in dummy_regform.active_fields if x.title == 'Email Address')
    reg.data.append(RegistrationData(field_data=field.current_data, data='ada@example.test'))
    db.session.flush()
    assert redraw.called
    redraw.reset_mock()
    if what == 'link':
        event.person_links[0].display_order = 7
    elif what == 'setting':
        setting = EventSetting.query.filter_by(event_id=event.id, name='default_locale').one()
        flag_modified(setting, 'value')
    elif what == 'other setting':
        db.session.add(EventSetting(event_id=event.id, module='core', name='x', value=1))
    else:
        flag_modified(reg.data[0], 'field_data_id')
    db.session.flush()
    # a setting that is written once more counts as changed, but its badges do not
    assert redraw.called == (what == 'setting')


def test_a_new_registration_has_no_badge_to_draw_anew(db, ready_job, create_reg, dummy_regform, mocker):
    lock = mocker.spy(ledger.corrections, '_lock')
    field = next(x for x in dummy_regform.active_fields if x.title == 'Email Address')
    create_reg(first_name='Ada', data=[RegistrationData(field_data=field.current_data, data='ada@example.test')])
    assert not lock.called


def test_a_flush_that_failed_is_forgotten(db, ready_job, redraw):
    """What was noted for it must not reach the next one, of which it is no part."""
    with suppress(IntegrityError), db.session.begin_nested():
        ready_job.registration.first_name = 'Corrected'
        # in the same flush, and later
        db.session.add(RegistrationData(registration_id=ready_job.registration_id, field_data_id=-1, data='x'))
        db.session.flush()
    assert not redraw.called
    ready_job.event.keywords = ['x']
    db.session.flush()
    assert not redraw.called
    assert fresh(db, ready_job).state == S.ready

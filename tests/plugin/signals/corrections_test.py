"""What prints is true at the moment of the go: names, templates, states and check-ins that changed meanwhile."""

from io import BytesIO

import pytest
from tests.plugin.conftest import text_item
from pypdf import PdfReader
from sqlalchemy import inspect

from print_agent.protocol.messages import Go
from print_agent.protocol.messages import Job as JobMessage

from indico.core import signals
from indico.modules.categories.models.categories import Category
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.models.persons import EventPerson, EventPersonLink
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.modules.events.registration.models.tags import RegistrationTag

from indico_checkin_print.signals import corrections
from indico_checkin_print import ledger
from indico_checkin_print.badge.content import ON_A_BADGE, fingerprint
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.models.choices import BadgeKind, UnpaidPolicy
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import announce, fresh


S = JobState


def words(job):
    return PdfReader(BytesIO(job.document.content)).pages[0].extract_text()


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


@pytest.fixture
def at_agent(db, ready_job, agent):
    """A job that an agent holds without a go, and the means to ask what that agent is sent next."""
    agent.link, agent.draining = 'link', False
    db.session.flush()
    return agent


def _withdraw(reg):
    reg.state = RegistrationState.withdrawn


def _uncheck(reg):
    reg.checked_in = False


@pytest.mark.parametrize('here_already', [False, True])
@pytest.mark.parametrize('change', [_withdraw, _uncheck])
def test_judged_once_more_at_the_go(db, ready_job, at_agent, change, here_already):
    """Somebody changed the rows without any signal, and past SQLAlchemy's objects."""
    holding = {}
    if here_already:
        holding = {ready_job.uuid: (ledger.assign(ready_job, at_agent, 'p1', 'test', go=False), 'waiting')}
    with db.session.no_autoflush:
        reg = ready_job.registration
        values = {'state': RegistrationState.withdrawn} if change is _withdraw else {'checked_in_dt': None}
        db.session.execute(db.update(Registration.__table__).where(Registration.id == reg.id).values(**values))
    db.session.expire_all()
    assert [m for m in outgoing(at_agent.id, 'link', holding) if isinstance(m, JobMessage | Go)] == []
    job = fresh(db, ready_job)
    assert (job.state, job.reason) == (S.canceled, Reason.no_longer_wanted)


@pytest.mark.parametrize('here_already', [False, True])
def test_unsignaled_change_is_seen_at_the_go(db, form, ready_job, at_agent, here_already):
    """An edit of the template that was not committed yet when the badge was born and drawn: it could not lock it."""
    holding = {}
    if here_already:
        holding = {ready_job.uuid: (ledger.assign(ready_job, at_agent, 'p1', 'test', go=False), 'waiting')}
    template = form.template
    db.session.execute(db.update(DesignerTemplate.__table__).where(DesignerTemplate.id == template.id).values(
        data={**template.data, 'items': [text_item('fixed', 5, text='Corrected'), text_item('full_name', 30)]}))
    db.session.expire_all()
    assert [m for m in outgoing(at_agent.id, 'link', holding) if isinstance(m, JobMessage | Go)] == []
    job = fresh(db, ready_job)
    assert (job.state, job.reason, job.agent_id) == (S.queued, Reason.corrected, None)
    render_waiting('test')
    message, = (m for m in outgoing(at_agent.id, 'link', {}) if isinstance(m, JobMessage))
    assert message.go
    assert 'Corrected' in words(fresh(db, job))


def test_unsignaled_change_is_seen_before_a_post(db, webhook_desk, ready_job):
    db.session.execute(db.update(Registration.__table__).where(Registration.id == ready_job.registration_id)
                       .values(first_name='Corrected'))
    db.session.expire_all()
    assert ledger.claim_post('test') is None
    assert fresh(db, ready_job).state == S.queued
    render_waiting('test')
    assert ledger.claim_post('test') == ready_job
    assert 'Corrected' in words(fresh(db, ready_job))


def test_a_ticket_template_of_a_category_is_seen_too(db, form, ready_job):
    form.kind = BadgeKind.ticket
    db.session.flush()
    render_waiting('test')
    seen = [fresh(db, ready_job).drawn_from]
    # by ids: its two ways to a category are a circle to SQLAlchemy
    template = DesignerTemplate(type=form.template.type, title='Default', category_id=ready_job.event.category_id,
                                data=form.template.data)
    db.session.add(template)
    db.session.flush()
    for table, id_, values in ((Category, template.category_id, {'default_ticket_template_id': template.id}),
                               (DesignerTemplate, template.id, {'data': {**template.data, 'width': 500}})):
        db.session.execute(db.update(table.__table__).where(table.id == id_).values(**values))
        seen.append(db.session.query(fingerprint()).filter(Job.id == ready_job.id).scalar())
    assert len({'', *seen}) == 4


def test_an_undo_that_indico_sends_no_signal_of(db, ready_job):
    reg = ready_job.registration
    reg.checked_in = False
    db.session.flush()
    assert fresh(db, ready_job).state == S.canceled


# -- what webhooks hear -----------------------------------------------------------------------------------------------


@pytest.fixture
def message(db, form, check_in, reg):
    webhook = Webhook(event=reg.event, name='CRM', url='https://crm.example.com', secrets=[])
    db.session.add(webhook)
    db.session.flush()
    check_in(reg)
    return Job.query.filter_by(webhook_id=webhook.id).one()


def _undo(app, db, reg):
    reg.checked_in = False
    announce(app, signals.event.registration_checkin_updated, reg)
    db.session.flush()
    return Job.query.filter(Job.registration_id == reg.id, Job.purpose.startswith('undone:')).all()


def test_what_did_not_leave_is_canceled_and_not_announced(app, db, reg, message):
    assert _undo(app, db, reg) == []
    job = fresh(db, message)
    assert (job.state, job.reason) == (S.canceled, Reason.check_in_undone)


@pytest.mark.parametrize('state', [S.dispatched, S.sent])
def test_what_may_have_left_is_announced_once(app, db, reg, message, state):
    db.session.execute(db.update(Job.__table__).where(Job.id == message.id)
                       .values(state=state, dispatched_dt=db.func.now()))
    undone, = _undo(app, db, reg)
    assert (undone.state, undone.checked_in_dt, undone.webhook_id) == (S.ready, message.checked_in_dt,
                                                                       message.webhook_id)
    assert len(_undo(app, db, reg)) == 1


def test_an_attempt_that_may_have_arrived_is_announced(app, db, reg, message):
    db.session.add(Attempt(job=message, webhook_id=message.webhook_id, error='timeout', duration=1,
                           may_have_arrived=True))
    db.session.flush()
    assert len(_undo(app, db, reg)) == 1
    assert fresh(db, message).state == S.canceled


def test_messages_about_a_person_keep_their_order(app, db, reg, message, check_in):
    db.session.execute(db.update(Job.__table__).where(Job.id == message.id)
                       .values(state=S.sent, dispatched_dt=db.func.now()))
    undone, = _undo(app, db, reg)
    check_in(reg)
    # the first one is to be tried again later: the news of the second check-in waits for it
    db.session.execute(db.update(Job.__table__).where(Job.id == undone.id)
                       .values(next_try_dt=db.func.now() + db.func.make_interval(0, 0, 0, 1)))
    assert ledger.claim_post('test') is None

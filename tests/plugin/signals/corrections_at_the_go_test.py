"""What nobody was notified of is seen at the go, and before a POST."""

import pytest

from indico.modules.categories.models.categories import Category
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from print_agent.protocol.messages import Go
from print_agent.protocol.messages import Job as JobMessage

from indico_checkin_print import ledger
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.badge.content import fingerprint
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.conftest import fresh, text_item
from tests.plugin.signals.conftest import words


S = JobState


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
    """An edit of the template that was not committed yet when the badge was created and drawn: it could not lock it."""
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

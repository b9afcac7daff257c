"""What is on a badge changes at the moment when it is drawn or gets its go."""

import pytest

from indico.core import signals
from indico.core.db import db as db_
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.management.controllers import RHManageEventBase
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.web.rh import RH

from indico_checkin_print import ledger
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.api.base import RHAgentBase
from indico_checkin_print.management.base import RHCheckinPrintBase
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.races.conftest import BADGE, S, claim_render, jobs_by_state, outgoing_jobs, states_of
from tests.plugin.races.connections import TIMEOUT


def test_corrected_before_a_worker_takes_it(db, races, people, queued):
    """The request that corrects a name takes a while after it wrote it; until then a worker reads the old one."""
    people[0].first_name = 'Corrected'
    db.session.flush()
    # the others do not wait for it
    assert races.meanwhile(lambda: claim_render('early')) == queued[1]
    races.commit()
    assert claim_render('late') == queued[0]


def test_drawn_from_a_template_while_that_is_edited(db, races, agent, desk, form, reg):
    """The job is created after the edit was written, and drawn before that is committed: no lock could reach it."""
    agent_id, link, desk_id = agent.id, agent.link, desk.id
    template_id, registration_id = form.template_id, reg.id
    races.commit()
    template = DesignerTemplate.get(template_id)
    template.data = {**template.data, 'width': template.data['width'] + 50}
    db.session.flush()

    def _create():
        registration = Registration.get(registration_id)
        job_id, = ledger.record([ledger.new_row('badge', desk_id=desk_id)],
                                event_id=registration.event_id, registration_id=registration.id, actor='test')
        claimed = claim_render('worker')
        assert claimed == job_id
        job = Job.get(job_id)
        ledger.rendered(job, BADGE, 'worker')
        return job_id

    job_id = races.meanwhile(_create)
    races.commit()
    assert outgoing_jobs(agent_id, link)() == []
    assert states_of(job_id)[-2:] == [S.ready, S.queued]


def test_a_deadlock_loses_no_correction(db, races, event, ready):
    """The ledger takes its locks in order; others may not, e.g. a request that corrects one person after the other."""
    db.session.execute(db.text("SET LOCAL deadlock_timeout = '1min'"))
    event_id = event.id

    def _lock(job_id):
        db_.session.execute(db_.select(Job.id).where(Job.id == job_id).with_for_update())

    def _correct():
        Event.get(event_id).title = 'Corrected'
        db_.session.flush()

    _lock(ready[-1])
    correction = races.start(_correct)
    races.until_waits(correction)
    # PostgreSQL ends the other one, whose deadlock_timeout is shorter
    _lock(ready[0])
    races.commit()
    correction.result(TIMEOUT)
    assert set(jobs_by_state(db).values()) == {S.queued}


@pytest.mark.parametrize('base', [RHCheckinPrintBase, RHAgentBase])
def test_a_deadlock_is_no_fault_of_a_request(app, db, races, ready, mocker, base):
    """A button, or an agent, that is the victim of one does its work all the same, and only once."""
    db.session.execute(db.text("SET LOCAL deadlock_timeout = '1min'"))
    tries = []

    def _lock(job_id):
        db_.session.execute(db_.select(Job.id).where(Job.id == job_id).with_for_update())

    def _work(rh):
        tries.append(rh)
        ledger.discard([Job.get(ready[0])], Job.get(ready[0]).event.creator)
        _lock(ready[-1])

    # the fixture has taken it away
    mocker.patch.object(db_.session, 'rollback', side_effect=lambda: db_.session().rollback())
    mocker.patch.object(RHManageEventBase if base is RHCheckinPrintBase else RH, '_do_process', _work)
    _lock(ready[-1])
    request = races.start(lambda: base._do_process(base.__new__(base)))
    races.until_waits(request)
    # the deadlock_timeout of this one is longer
    _lock(ready[0])
    races.commit()
    request.result(TIMEOUT)
    assert len(tries) == 2
    assert states_of(ready[0]).count(S.canceled) == 1


@pytest.mark.parametrize('what', ['name', 'state'])
def test_changed_while_it_gets_its_go(app, db, races, agent, people, ready, what):
    """The change is written and not yet committed when the relay asks: no go for the old badge."""
    agent_id, link, registration_id = agent.id, agent.link, people[1].id
    first = outgoing_jobs(agent_id, link)()
    holding = {uuid: (dispatch, 'go' if go else 'waiting') for uuid, dispatch, go in first}
    ledger.report(Job.get(ready[0]), S.printing, Reason.at_printer, '', 'test')
    races.commit()
    uuid = Job.get(ready[1]).uuid

    def _change():
        registration = Registration.get(registration_id)
        if what == 'name':
            registration.first_name = 'Corrected'
            db.session.flush()
        else:
            registration.state = RegistrationState.withdrawn
            with app.test_request_context():
                signals.event.registration_state_updated.send(registration, previous_state=RegistrationState.complete)

    def _say():
        return [m for m in outgoing(agent_id, link, holding) if m.job == uuid]

    __, said = races.while_holding(_change, _say)
    assert said == []
    assert jobs_by_state(db)[ready[1]] == (S.queued if what == 'name' else S.canceled)
    assert [type(m).__name__ for m in _say()] == ['Cancel']

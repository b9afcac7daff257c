"""A check-in is undone at the moment when its badge gets its go."""

from sqlalchemy import func

from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import ledger
from indico_checkin_print.agents.outbound import outgoing
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.races.conftest import S, jobs_by_state, outgoing_jobs


def test_undone_while_it_gets_its_go(db, races, agent, people, ready):
    agent_id, link, registration_id = agent.id, agent.link, people[0].id
    messages, canceled = races.while_holding(
        outgoing_jobs(agent_id, link), lambda: ledger.cancel_check_in(Registration.get(registration_id), 'user:1'))
    assert messages[0][2]
    assert canceled == []
    assert jobs_by_state(db)[ready[0]] == S.dispatched


def test_a_go_while_it_is_undone(db, races, people, agent, ready):
    """The relay has read that the badge waits at the agent, and says go when somebody has undone the check-in."""
    agent_id, link = agent.id, agent.link
    first = outgoing_jobs(agent_id, link)()
    holding = {uuid: (dispatch, 'go' if go else 'waiting') for uuid, dispatch, go in first}
    ledger.report(Job.get(ready[0]), S.printing, Reason.at_printer, '', 'test')
    races.commit()
    uuid = Job.get(ready[1]).uuid

    def _say():
        return [type(m).__name__ for m in outgoing(agent_id, link, holding) if m.job == uuid]

    canceled, said = races.while_holding(lambda: ledger.cancel_check_in(people[1], 'user:1'), _say)
    assert canceled == [ready[1]]
    assert said == []
    assert jobs_by_state(db)[ready[1]] == S.canceled
    # the next time the agent is states_of to drop it
    assert _say() == ['Cancel']


def test_nothing_is_left(db):
    """This file cleans up: no other test sees what it committed."""
    assert db.session.query(func.count(Job.id)).scalar() == 0
    assert not Desk.query.has_rows()

"""Desks that call the tech, as the agents of their event show them on their local pages, and what is answered there."""

from indico.core.db import db
from indico.util.date_time import now_utc

from print_agent.protocol.messages import MAX_CALLS, Call, Calls
from print_agent.protocol.text import fit

from indico_checkin_print import calls
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk


def calls_for(agent_id):
    """Return the message with all desks that call the tech in the event of an agent."""
    now = now_utc()
    event_id = db.session.query(Agent.event_id).filter_by(id=agent_id).scalar_subquery()
    return fit(Calls(calls=tuple(
        Call(desk=call.desk_id, name=call.desk.name, by=call.caller,
             seconds=max(0.0, (now - call.called_dt).total_seconds()), answered_by=call.answered_by)
        for call in calls.open_calls(event_id)[:MAX_CALLS])))


def answer(agent, message):
    """Enter a `CallAnswer` of an agent. A desk that is gone, or has called nobody, needs nobody."""
    desk = Desk.query.filter_by(event_id=agent.event_id, id=message.desk, is_deleted=False).first()
    if desk is None:
        return
    if message.done:
        calls.end(desk)
    else:
        calls.answer(desk, agent.name)

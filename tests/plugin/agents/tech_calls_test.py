"""Agents hear which desks of their event call the tech, and their answers count; old agents hear nothing of it."""

import msgspec
import pytest

from print_agent.protocol import messages as protocol
from print_agent.protocol.messages import CallAnswer, Calls, Hello, Poll, PollReply

from indico_checkin_print import calls
from indico_checkin_print.agents.inbound import receive
from indico_checkin_print.agents.tech_calls import calls_for
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.sql import CHANNEL
from tests.plugin.conftest import TOKEN


pytestmark = pytest.mark.usefixtures('fresh_limits')


@pytest.fixture
def caller(create_user):
    return create_user(400, 'Vera', 'Volunteer')


def test_who_calls_and_who_comes(db, agent, desk, caller):
    assert calls_for(agent.id) == Calls()
    assert calls.call(desk, caller)
    assert not calls.call(desk, caller)
    call, = calls_for(agent.id).calls
    assert (call.desk, call.name, call.by, call.answered_by) == (desk.id, 'Desk 1', 'Vera Volunteer', '')
    receive(agent.id, agent.link, CallAnswer(desk=desk.id))
    assert calls_for(agent.id).calls[0].answered_by == 'Laptop 1'
    receive(agent.id, agent.link, CallAnswer(desk=desk.id, done=True))
    assert calls_for(agent.id) == Calls()
    # said at least once: a repeated answer is none
    receive(agent.id, agent.link, CallAnswer(desk=desk.id, done=True))


def test_an_agent_hears_and_answers_only_its_own_event(db, agent, create_event, caller):
    theirs = Desk(event=create_event(77), name='Elsewhere')
    db.session.add(theirs)
    db.session.flush()
    calls.call(theirs, caller)
    assert calls_for(agent.id) == Calls()
    for done in (False, True):
        receive(agent.id, agent.link, CallAnswer(desk=theirs.id, done=done))
    call, = calls.open_calls(77)
    assert call.answered_dt is None


def test_odd_names_fit_the_protocol(db, agent, desk, caller):
    desk.name = 'Desk\n' + 'x' * 300
    caller.first_name = 'Ve\x07ra'
    db.session.flush()
    calls.call(desk, caller)
    message = calls_for(agent.id)
    assert protocol.decode_from_server(protocol.encode(message)).calls[0].by.endswith('ra Volunteer')


def test_a_poll(post, agent, desk, caller):
    calls.call(desk, caller)

    def _kinds(**kwargs):
        __, answer = post('/poll', Poll(hello=Hello(spool='spool', **kwargs)), TOKEN)
        return [type(x).__name__ for x in msgspec.convert(answer, PollReply).messages]

    assert _kinds() == ['Welcome']
    assert _kinds(features=('unheard-of',)) == ['Welcome']
    assert _kinds(features=('calls',)) == ['Welcome', 'Calls']


def test_all_laptops_of_the_event_and_the_board_are_notified(db, agent, desk, caller, statements):
    db.session.add(Agent(event_id=agent.event_id, name='Laptop 2', token_hash='x'))
    db.session.flush()
    statements.clear()
    calls.call(desk, caller)
    assert sum('pg_notify' in str(x) for x in statements) == 2
    assert CHANNEL == 'checkin_print'

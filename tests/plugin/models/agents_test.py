"""Whether an agent is connected, as its row says."""

from indico.util.date_time import now_utc

from indico_checkin_print.models.agents import Agent


def test_agents_know_when_they_are_connected(agent):
    assert agent.is_connected
    agent.seen_dt = now_utc() - Agent.AWAY_AFTER
    assert not agent.is_connected

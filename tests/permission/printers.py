"""What the Indico in memory knows about agents and their printers: which takes the next badge, and why others do not.

The same as `agents.candidates` and `agents.printer_health`, with rows in Python instead of PostgreSQL; see
`memory_ledger`.
"""

from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from print_agent.protocol import messages

from indico_checkin_print.ledger.skipped_printers import add_note, has_returned, skip_note
from indico_checkin_print.models.agents import Agent as RealAgent
from indico_checkin_print.routing import printer_breaker
from indico_checkin_print.routing.printer import Candidate, choose_printer, reported_block


AWAY_AFTER = RealAgent.AWAY_AFTER.total_seconds()


@dataclass
class Agent:
    """What is known about an agent."""

    id: int
    name: str
    link: str = ''
    spool: str = ''
    seen: float | None = None
    draining: bool = False
    printers: list = field(default_factory=list)

    def is_away(self, now):
        """Whether the sweep frees what waits at it."""
        return self.draining or (self.seen is not None and self.seen < now - AWAY_AFTER)

    def is_heard_of(self, now):
        return self.seen is not None and now - self.seen < AWAY_AFTER

    def is_connected(self, now):
        return not self.draining and self.is_heard_of(now)


@dataclass
class Breaker:
    """A printer that failed lately. Times are durations since the beginning."""

    failures: int = 0
    failed: timedelta | None = None
    reason: str = ''
    probe: timedelta | None = None


class Printers:
    """Agents, and one desk whose printers are in order."""

    def __init__(self):
        self.agents = {}
        self.desk = []
        self.breakers = {}

    def add(self, agent_id, printer):
        self.agents.setdefault(agent_id, Agent(agent_id, f'Laptop {agent_id}'))
        self.desk.append((agent_id, printer))

    def wanted(self, agent_id):
        """Return the names of an agent's printers that the desk uses."""
        return tuple(sorted({printer for agent, printer in self.desk if agent == agent_id}))

    def heard_of(self, agent, now, printers=None):
        agent.seen = now
        if printers is not None:
            before, agent.printers = agent.printers, msgspec.to_builtins(printers)
            for name in printer_breaker.recovered(before, agent.printers):
                self.breakers.pop((agent.id, name), None)

    def learn(self, agent_id, printer, message, reason, now):
        """Draw conclusions about a printer from what became of a badge."""
        match message:
            case messages.Completed() | messages.Sent() if reason != 'person_saw_it':
                self.breakers.pop((agent_id, printer), None)
            case messages.Failed() | messages.Returned() | messages.Unknown() if printer_breaker.blames_printer(reason):
                breaker = self.breakers.setdefault((agent_id, printer), Breaker())
                breaker.reason, at = reason, timedelta(seconds=now)
                breaker.failures, breaker.probe = printer_breaker.after_failure(breaker.failures, breaker.failed, at)
                breaker.failed = at

    def is_open(self, agent_id, printer):
        breaker = self.breakers.get((agent_id, printer))
        return breaker is not None and breaker.probe is not None

    def blocked_by(self, agent, printer, now, *, load=0):
        if not agent.is_connected(now):
            return 'agent_away'
        reported = next((p for p in agent.printers if p['name'] == printer), None)
        if reported is None:
            return 'not_found'
        if self.is_open(agent.id, printer):
            breaker = self.breakers[agent.id, printer]
            if load or breaker.probe > timedelta(seconds=now):
                return breaker.reason
        return reported_block(reported)

    def choose(self, notes, loads, now):
        """Return (the `Candidate` that takes a badge or ``None``, the badge's notes from then on)."""
        candidates = []
        for position, (agent_id, printer) in enumerate(self.desk):
            load = loads[agent_id, printer]
            code = self.blocked_by(self.agents[agent_id], printer, now, load=load)
            candidates.append(Candidate(agent_id, printer, position, healthy=not code, load=load, blocked_by=code,
                                        returned=has_returned(notes, agent_id, printer)))
        choice = choose_printer(candidates)
        for c in candidates if choice is not None else ():
            if not c.healthy and c.position < choice.position:
                notes = add_note(notes, skip_note(c.agent_id, self.agents[c.agent_id].name, c.printer, c.blocked_by,
                                                  returned=c.returned))
        return choice, notes

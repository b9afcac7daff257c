"""The printers of desks as they are now: loads what `routing.printer` decides on."""

from collections import Counter

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print.ledger.skipped_printers import add_note, has_returned, skip_note
from indico_checkin_print.ledger.states import AT_AGENT
from indico_checkin_print.models.agents import PrinterBreaker
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.routing.printer import Candidate, OpenBreaker, blocked_by, choose_printer


class Candidates:
    """The printers of some desks, as they are in this transaction.

    :param desks: The desks, with their printers and agents.
    :param known: agent id -> what `open_breakers` returned for that agent, if it was asked already in this transaction.
    """

    def __init__(self, desks, known=None):
        agent_ids = {p.agent_id for desk in desks for p in desk.printers}
        self._agents = {p.agent_id: p.agent for desk in desks for p in desk.printers}
        # most desks have one agent: its own
        self._breakers = known[min(agent_ids)] if known and agent_ids == known.keys() else open_breakers(agent_ids)
        # how much there is to do matters only where there is a choice, or a printer to be probed
        counts = self._breakers or any(len(desk.printers) > 1 for desk in desks)
        self._loads = _loads(agent_ids) if counts else Counter()

    def choose(self, job):
        """Return (the `Candidate` that takes a job or ``None``, the notes of the job from then on)."""
        candidates = [self._candidate(job, p) for p in job.desk.printers]
        choice = choose_printer(candidates)
        notes = job.skipped_printers
        if choice is not None:
            for c in candidates:
                if not c.healthy and (c.chosen or c.position < choice.position):
                    note = skip_note(c.agent_id, self._agents[c.agent_id].name, c.printer, c.blocked_by,
                                     returned=c.returned)
                    notes = add_note(notes, note)
        return choice, notes

    def assigned(self, choice):
        """Count a job that was assigned to a printer just now."""
        self._loads[choice.agent_id, choice.printer] += 1

    def _candidate(self, job, desk_printer):
        agent, name = desk_printer.agent, desk_printer.printer
        load = self._loads[agent.id, name]
        code = blocked_by(agent, name, self._breakers.get((agent.id, name)), now_utc(), load=load)
        return Candidate(agent.id, name, desk_printer.position, healthy=not code, load=load, blocked_by=code,
                         returned=has_returned(job.skipped_printers, agent.id, name),
                         chosen=(job.facts or {}).get('printer') == [agent.id, name])


def open_breakers(agent_ids):
    """Return the `OpenBreaker` of the printers that have one, by agent and name."""
    found = (db.session.query(PrinterBreaker.agent_id, PrinterBreaker.printer, PrinterBreaker.reason,
                              PrinterBreaker.probe_dt)
             .filter(PrinterBreaker.agent_id.in_(agent_ids), PrinterBreaker.probe_dt.isnot(None)))
    return {(agent_id, printer): OpenBreaker(reason, probe_dt) for agent_id, printer, reason, probe_dt in found}


def _loads(agent_ids):
    counts = (db.session.query(Job.agent_id, Job.printer, db.func.count())
              .filter(Job.agent_id.in_(agent_ids), Job.state.in_(AT_AGENT))
              .group_by(Job.agent_id, Job.printer))
    return Counter({(agent_id, printer): count for agent_id, printer, count in counts})

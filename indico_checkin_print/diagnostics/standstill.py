"""Desks at which nothing prints now, and why: what the page announces at its top and managers get an e-mail about.

A desk stands still when each of its printers is blocked by something that a person must deal with, or when badges wait
although all seems well and nothing has moved for `STALLED_TIMEOUT`.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import selectinload

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print import _
from indico_checkin_print.agents.candidates import open_breakers
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.printer import describe_reason
from indico_checkin_print.routing.printer import blocked_by


#: Badges that wait at a desk where nothing has changed for so long are announced although no printer reports a fault
STALLED_TIMEOUT = timedelta(seconds=10)
#: A laptop that is away is no news where no badge waits, unless it was here so lately
LEFT_WITHIN = timedelta(minutes=15)
#: Printers report these also without a severity, and while they print or are idle (RFC 8011, 5.4.12)
NEEDS_A_PERSON = frozenset({'media-empty', 'media-needed', 'media-jam', 'cover-open', 'door-open', 'interlock-open',
                            'input-tray-missing', 'marker-supply-empty', 'toner-empty', 'offline', 'shutdown'})
#: Badges in these states have not come out yet
WAITING = (JobState.queued, JobState.rendering, JobState.ready, JobState.dispatched, JobState.printing)


@dataclass(frozen=True)
class Standstill:
    """A desk at which nothing prints."""

    desk: Desk
    #: Why, as codes in the order of the desk's printers; none if no printer reports a fault
    reasons: tuple[str, ...]
    #: Badges that wait there, among those that were counted
    waiting: int

    @property
    def why(self):
        """The reasons in words that can follow the name of the desk."""
        words = dict.fromkeys(describe_reason(x) for x in self.reasons)
        return ', '.join(words) or _('nothing has come out lately although no printer reports a fault')


def standstills(desks, conditions=()):
    """Return the `Standstill` of each of some desks where nothing prints; paused desks are meant to stand still.

    :param desks: Desks of any events, with their printers and agents.
    :param conditions: Which jobs are counted, besides those that wait.
    """
    desks = [desk for desk in desks if desk.printers and desk.webhook_id is None and not desk.paused]
    if not desks:
        return []
    breakers = open_breakers({x.agent_id for desk in desks for x in desk.printers})
    blocked = {desk.id: [stalled_by(x, breakers) for x in desk.printers] for desk in desks}
    ids = [desk.id for desk in desks]
    waiting = Counter(dict(db.session.query(Job.desk_id, db.func.count())
                           .filter(Job.desk_id.in_(ids), Job.state.in_(WAITING), *conditions)
                           .group_by(Job.desk_id).all()))
    stalled = _stalled([id_ for id_ in ids if waiting[id_]])
    found = []
    for desk in desks:
        reasons = tuple(blocked[desk.id])
        if all(reasons):
            if waiting[desk.id] or not _was_switched_off(desk, reasons):
                found.append(Standstill(desk, reasons, waiting[desk.id]))
        elif desk.id in stalled:
            found.append(Standstill(desk, (), waiting[desk.id]))
    return found


def desks_with_waiting():
    """Return the desks, of all events, where badges wait."""
    ids = db.session.query(Job.desk_id).filter(Job.state.in_(WAITING), Job.desk_id.isnot(None))
    return Desk.query.filter(Desk.id.in_(ids), ~Desk.is_deleted).options(selectinload(Desk.printers)).all()


def stalled_by(desk_printer, breakers):
    """Return why a printer of a desk prints nothing now that nobody looks after it: a code, or ``''`` if it prints.

    :param breakers: What `open_breakers` returned for its agent.
    """
    agent, name = desk_printer.agent, desk_printer.printer
    if agent.revoked_dt is not None:
        return 'agent_revoked'
    breaker = breakers.get((agent.id, name))
    code = blocked_by(agent, name, breaker, now_utc())
    if code:
        return code
    if breaker is not None:
        # the next badge tries it, and until that came out nobody knows
        return breaker.reason
    reported = next(x for x in agent.printers if x['name'] == name)
    codes = [x.removesuffix('-warning').removesuffix('-report') for x in reported.get('reasons', ())]
    return next((x for x in codes if x in NEEDS_A_PERSON), '')


def _was_switched_off(desk, reasons):
    """Return whether all laptops of a desk are away and have been for long: nobody works there today."""
    return set(reasons) <= {'agent_away', 'agent_revoked'} and not any(
        x.agent.seen_dt is not None and now_utc() - x.agent.seen_dt < LEFT_WITHIN for x in desk.printers)


def _stalled(desk_ids):
    """Return which desks have only badges that have not moved for long, whatever they wait for."""
    latest = (db.session.query(Job.desk_id)
              .filter(Job.desk_id.in_(desk_ids), Job.state.in_(WAITING))
              .group_by(Job.desk_id)
              .having(db.func.max(Job.changed_dt) < now_utc() - STALLED_TIMEOUT))
    return {id_ for id_, in latest}

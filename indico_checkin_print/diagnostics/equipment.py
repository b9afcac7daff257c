"""Print agents that go away and come back, printers that stop and print again: announced to webhooks that ask for it.

What lasts too short is no news, and what changes all the time is announced once a minute. The row of each agent and
printer says what was announced last, so that of several processes one announces a change. Not in a request: Celery's
sweep and the relay call `check`.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import selectinload

from indico.core.db import db
from indico.modules.events.models.events import Event
from indico.util.date_time import now_utc

from indico_checkin_print.agents.candidates import open_breakers
from indico_checkin_print.diagnostics.standstill import stalled_by
from indico_checkin_print.ledger.news import announce_equipment
from indico_checkin_print.models.choices import EQUIPMENT_EVENTS, WebhookEvent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.equipment import Equipment
from indico_checkin_print.models.webhooks import Webhook


#: What is over sooner is no news: a laptop that restarts, somebody who changes the labels
MIN_DURATION = timedelta(seconds=10)
#: After an announcement about an agent or printer, before the next one that it does not work
MIN_NEWS_INTERVAL = timedelta(seconds=60)


@dataclass(frozen=True)
class State:
    """How an agent or a printer is now."""

    event_id: int
    agent_id: int
    agent_name: str
    #: Empty for the agent itself
    printer: str
    #: The names of the desks that use it
    desks: tuple[str, ...]
    #: Why it does not work, as a code; empty if it works
    reason: str

    @property
    def works(self):
        return not self.reason

    @property
    def event(self):
        """The `WebhookEvent` that says so."""
        if self.printer:
            return WebhookEvent.ready if self.works else WebhookEvent.stopped
        return WebhookEvent.back if self.works else WebhookEvent.away


def check():
    """Note what has changed since it was announced, announce what has lasted long enough, and commit."""
    desks = _desks()
    if not desks:
        return
    found = {(state.agent_id, state.printer): state for state in _states(desks)}
    agent_ids = {x.agent_id for desk in desks for x in desk.printers}
    known = {(row.agent_id, row.printer): row
             for row in Equipment.query.filter(Equipment.agent_id.in_(agent_ids)).order_by(Equipment.id)}
    for key, state in found.items():
        if key not in known:
            # as it was when somebody first asked for it: no news
            db.session.execute(insert(Equipment.__table__).values(agent_id=key[0], printer=key[1], works=state.works)
                               .on_conflict_do_nothing())
    # nobody knows how the printers of an agent are that is away, so what they were is not counted
    to_judge = [(row.id, found.get(key)) for key, row in known.items()
                if row.since_dt is not None or (key in found and row.works != found[key].works)]
    db.session.commit()
    for row_id, state in to_judge:
        _judge(row_id, state, now_utc())
        db.session.commit()


def _judge(row_id, state, now):
    # the lock makes it one announcement; the process that has it does the same, so nobody waits for it
    row = Equipment.query.populate_existing().filter_by(id=row_id).with_for_update(skip_locked=True).first()
    if row is None:
        return
    if state is None or row.works == state.works:
        row.since_dt = None
    elif row.since_dt is None:
        row.since_dt = now
    elif row.since_dt <= now - MIN_DURATION and (
            state.works or row.announced_dt is None or row.announced_dt <= now - MIN_NEWS_INTERVAL):
        announce_equipment(state.event, 'sweep', event_id=state.event_id, equipment_id=row.id, since=row.since_dt,
                           facts={'agent': state.agent_id, 'name': state.agent_name, 'printer': state.printer,
                                  'desks': state.desks, 'reason': state.reason, 'since': row.since_dt.isoformat()})
        row.works, row.announced_dt, row.since_dt = state.works, now, None


def _desks():
    """Return the desks with printers of all events in which a webhook asks for such news."""
    asking = db.session.query(Webhook.event_id).filter(
        Webhook.enabled, ~Webhook.is_deleted, Webhook.events.overlap([str(event) for event in EQUIPMENT_EVENTS]))
    return (Desk.query
            .join(Event, Event.id == Desk.event_id)
            .filter(Desk.event_id.in_(asking), ~Event.is_deleted, ~Desk.is_deleted, Desk.webhook_id.is_(None),
                    Desk.printers.any())
            .options(selectinload(Desk.printers))
            .order_by(Desk.id)
            .all())


def _states(desks):
    """Yield the `State` of each agent and printer that desks use, as far as anybody knows it."""
    breakers = open_breakers({x.agent_id for desk in desks for x in desk.printers})
    users = {}
    for desk in desks:
        for x in desk.printers:
            # one that was paired and never started is not away
            if x.agent.seen_dt is not None:
                users.setdefault((x.agent_id, ''), []).append((desk, x))
                users.setdefault((x.agent_id, x.printer), []).append((desk, x))
    for (agent_id, printer), uses in users.items():
        desk, first = uses[0]
        agent = first.agent
        if not printer:
            reason = '' if agent.is_connected else 'agent_away' if agent.revoked_dt is None else 'agent_revoked'
        elif agent.is_connected:
            reason = stalled_by(first, breakers)
        else:
            continue
        yield State(desk.event_id, agent_id, agent.name, printer, tuple(dict.fromkeys(desk.name for desk, __ in uses)),
                    reason)

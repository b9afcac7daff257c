"""What preflight found on badges: for which events, what is kept of it, and how far it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from indico.core.db import db
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.badge.preflight.findings import to_stored
from indico_checkin_print.ledger.prepared import CHECK_INTERVAL, Wanted, count_people, gets_badge
from indico_checkin_print.models.examined import Examined
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.sql import now


#: Most findings that are kept of one badge: it has few items
MAX_FINDINGS = 20
#: Most characters of a detail that are kept
MAX_DETAIL = 500


def wanted(event_id=None):
    """Return the `Wanted` events, or that one of them: those that people wait for first.

    Once somebody has asked, it is repeated until the event is over, so that what changes is examined anew.
    """
    is_idle = EventSetup.preflight_dt >= EventSetup.preflight_asked_dt
    since = db.case([(is_idle, now(-CHECK_INTERVAL.total_seconds()))], else_=EventSetup.preflight_asked_dt)
    rows = (db.session.query(EventSetup.event_id, since, db.func.coalesce(is_idle, False))
            .join(Event, Event.id == EventSetup.event_id)
            .filter(~Event.is_deleted, Event.end_dt > now(), EventSetup.preflight_asked_dt.isnot(None),
                    db.or_(EventSetup.preflight_dt.is_(None), EventSetup.preflight_dt < since))
            .order_by(db.func.coalesce(is_idle, False), EventSetup.preflight_dt.nullsfirst(), EventSetup.event_id))
    if event_id is not None:
        rows = rows.filter(EventSetup.event_id == event_id)
    return [Wanted(id_, since, idle) for id_, since, idle in rows]


def ask(event_id):
    """Have the badges of an event examined, and again whenever something has changed."""
    _note(event_id, 'preflight_asked_dt')


def finished(event_id):
    """Note that all badges of an event are examined."""
    _note(event_id, 'preflight_dt')


def _note(event_id, column):
    values = {'event_id': event_id, column: now()}
    db.session.execute(insert(EventSetup.__table__).values(values)
                       .on_conflict_do_update(index_elements=['event_id'], set_=values))


@dataclass(frozen=True)
class Seen:
    """What was found on the badges of a registration."""

    registration_id: int
    event_id: int
    #: The fingerprint from before they were drawn
    drawn_from: str
    #: By the id of each person a `badge.preflight.drawn.Drawn`
    drawn: dict
    is_blocked: bool
    #: How long all of it took
    seconds: float


def store_examined(seen, drawn_by):
    """Store what was found on the badges of some registrations of which each has a badge.

    :param seen: Each `Seen`.
    :param drawn_by: What drew them, see `models.examined.Examined`.
    """
    rows = [{'registration_id': each.registration_id, 'person': person, 'event_id': each.event_id,
             'drawn_from': each.drawn_from, 'drawn_by': drawn_by, 'findings': _findings(drawn) or db.null(),
             'is_blocked': each.is_blocked, 'seconds': each.seconds / len(each.drawn), 'checked_dt': now()}
            for each in seen for person, drawn in each.drawn.items()]
    Examined.query.filter(Examined.registration_id.in_({row['registration_id'] for row in rows}),
                          db.tuple_(Examined.registration_id, Examined.person).notin_(
                              [(row['registration_id'], row['person']) for row in rows])
                          ).delete(synchronize_session=False)
    new = insert(Examined.__table__).values(rows)
    db.session.execute(new.on_conflict_do_update(index_elements=['registration_id', 'person'],
                                                 set_={name: new.excluded[name] for name in rows[0]}))


def _findings(drawn):
    return [[kind, template, item, detail[:MAX_DETAIL]] for kind, template, item, detail in
            to_stored(drawn.findings[:MAX_FINDINGS])]


def note_blocked(registration_id, *, is_blocked):
    """Note whether the ticket of a registration is blocked, which may change without anything on its badge."""
    db.session.execute(db.update(Examined.__table__)
                       .where(Examined.registration_id == registration_id, Examined.is_blocked != is_blocked)
                       .values(is_blocked=is_blocked))


@dataclass(frozen=True)
class Progress:
    """How far the badges of an event are examined."""

    #: Registrations that get a badge, and those of them that are examined since somebody asked
    people: int
    examined: int
    #: How long that took, in seconds, and for how many badges
    seconds: float
    badges: int
    #: When the last of them was found to be true
    checked_dt: datetime | None
    #: Of how many it is known by now that they are as they were, where nobody asked and all are looked through again
    looked_through: int | None = None

    @property
    def ms_per_badge(self):
        """How long a badge took, in ms."""
        return 1000 * self.seconds / self.badges if self.badges else 0


def progress(event_id, *visible):
    """Return the `Progress` of an event.

    :param visible: Conditions for the registrations that count.
    """
    asked = db.session.query(EventSetup.preflight_asked_dt).filter_by(event_id=event_id).scalar_subquery()
    # what was found before somebody asked is listed until it is looked at again, but does not count
    is_new = db.or_(asked.is_(None), Examined.checked_dt >= asked)
    repeat_dt = next((each.since for each in wanted(event_id) if each.is_idle), None)
    examined, looked_through, seconds, badges, checked_dt = _found(event_id, *visible).with_entities(
        db.func.count(Examined.registration_id.distinct()).filter(is_new),
        db.func.count(Examined.registration_id.distinct()).filter(Examined.checked_dt >= (repeat_dt or now())),
        db.func.coalesce(db.func.sum(Examined.seconds), 0), db.func.count(), db.func.max(Examined.checked_dt)).one()
    return Progress(count_people(event_id, *visible), examined, float(seconds), badges, checked_dt,
                    looked_through if repeat_dt is not None else None)


def found_digest(event_id, *visible):
    """Return a digest of all that `found` returns, which is another one as soon as any of it is something else.

    :param visible: Conditions for the registrations that count.
    """
    row = db.func.row(Examined.registration_id, Examined.person, Examined.drawn_from, Examined.findings,
                      Examined.is_blocked)
    rows = (_found(event_id, *visible).filter(db.or_(Examined.findings.isnot(None), Examined.is_blocked))
            .with_entities(db.func.md5(db.cast(row, db.Text)).label('digest')).subquery())
    return db.session.query(db.func.md5(db.func.coalesce(
        db.func.string_agg(rows.c.digest, aggregate_order_by('', rows.c.digest)), ''))).scalar()


def found(event_id, *visible):
    """Return each `Examined` of an event on whose badge something was found, with its registration.

    :param visible: Conditions for the registrations that count.
    """
    return (_found(event_id, *visible).filter(db.or_(Examined.findings.isnot(None), Examined.is_blocked))
            .options(db.contains_eager(Examined.registration))
            .order_by(Registration.last_name, Registration.first_name, Registration.id, Examined.person).all())


def _found(event_id, *visible):
    return (Examined.query.join(Registration, Registration.id == Examined.registration_id)
            .join(RegistrationForm, RegistrationForm.id == Registration.registration_form_id)
            .join(FormSetup, FormSetup.registration_form_id == RegistrationForm.id)
            .filter(Examined.event_id == event_id, *gets_badge(), *visible))

"""Badges that are drawn ahead: for whom, what is kept of them, and when they are of no more use."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print import heartbeat, settings
from indico_checkin_print.badge.content import fingerprint_of
from indico_checkin_print.badge.losses import to_facts
from indico_checkin_print.ledger.documents import store_document
from indico_checkin_print.models.choices import PrepareWhen
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.records import Document
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.models.states import JobState
from indico_checkin_print.sql import now


#: What is drawn in idle time is drawn so long before the event begins.
PREPARE_AHEAD = timedelta(days=7)
#: How often idle time is used to check whether all of it still shows what is true.
CHECK_INTERVAL = timedelta(minutes=5)
#: How long documents are kept after the end of their event.
KEEP_PREPARED = timedelta(days=1)
#: People whose documents are checked in one statement
PEOPLE_PER_CHECK = 100
#: In these states a badge is on its way, and nothing is idle.
_UNDER_WAY = (JobState.queued, JobState.rendering, JobState.dispatched, JobState.printing)


@dataclass(frozen=True)
class Wanted:
    """An event whose badges are to be drawn ahead."""

    event_id: int
    #: What was checked since then is good
    since: datetime
    #: Whether nobody waits for it
    is_idle: bool


def wanted(event_id=None):
    """Return the `Wanted` events, or that one of them: those that people wait for first."""
    asked = db.func.greatest(EventSetup.prepare_asked_dt, db.case([
        (db.and_(EventSetup.prepare == PrepareWhen.time, EventSetup.prepare_dt <= now()), EventSetup.prepare_dt)]))
    is_idle = db.and_(EventSetup.prepare == PrepareWhen.idle, Event.start_dt < now(PREPARE_AHEAD.total_seconds()),
                      db.func.coalesce(EventSetup.prepared_dt >= asked, asked.is_(None)))
    since = db.case([(is_idle, now(-CHECK_INTERVAL.total_seconds()))], else_=asked)
    rows = (db.session.query(EventSetup.event_id, since, is_idle)
            .join(Event, Event.id == EventSetup.event_id)
            .filter(~Event.is_deleted, Event.end_dt > now(),
                    db.or_(EventSetup.prepared_dt < since, db.and_(EventSetup.prepared_dt.is_(None),
                                                                   since.isnot(None))))
            .order_by(is_idle, EventSetup.prepared_dt.nullsfirst(), EventSetup.event_id))
    if event_id is not None:
        rows = rows.filter(EventSetup.event_id == event_id)
    return [Wanted(id_, since, idle) for id_, since, idle in rows]


def is_busy():
    """Return whether any badge is on its way to a printer."""
    return db.session.query(Job.query.filter(Job.state.in_(_UNDER_WAY), Job.next_try_dt <= now()).exists()).scalar()


def next_people(event_id, since, version, *, only_known=False, kept=Prepared):
    """Return whose documents are to be checked next, by registration: whether they show what is true.

    :param since: What was checked since then is left alone.
    :param version: The `badge.drawing_version` of the caller.
    :param only_known: Leave those alone who have no document yet.
    :param kept: What is kept of them: the documents, or what was `Examined`.
    """
    of_them = kept.registration_id == Registration.id
    known = [db.session.query(kept).filter(of_them).exists()] * only_known
    next_ones = (db.session.query(Registration.id)
                 .join(RegistrationForm, RegistrationForm.id == Registration.registration_form_id)
                 .join(FormSetup, FormSetup.registration_form_id == RegistrationForm.id)
                 .filter(Registration.event_id == event_id, *gets_badge(), *known,
                         ~db.session.query(kept).filter(of_them, kept.checked_dt >= since).exists())
                 .order_by(Registration.id).limit(PEOPLE_PER_CHECK).subquery())
    good = db.and_(kept.drawn_by == version, kept.drawn_from == fingerprint_of(next_ones.c.id))
    return dict(db.session.query(next_ones.c.id, db.func.coalesce(db.func.bool_and(good), False))
                .outerjoin(kept, kept.registration_id == next_ones.c.id)
                .group_by(next_ones.c.id).order_by(next_ones.c.id).all())


def confirm(registration_ids, kept=Prepared):
    """Note that what is kept of some registrations shows what is true."""
    db.session.execute(db.update(kept.__table__).where(kept.registration_id.in_(registration_ids))
                       .values(checked_dt=now()))


def store_prepared(registration, drawn, drawn_from, version):
    """Store what was drawn for the persons of a registration. Return by how many bytes the ledger grew.

    :param drawn: By the id of each person a `badge.render.BadgePDF`, or the `Reason` why there is none.
    :param drawn_from: The fingerprint from before it was drawn.
    """
    grown = 0
    before = {row.person: row for row in Prepared.query.filter_by(registration_id=registration.id)
              .options(db.joinedload('document')).with_for_update(of=Prepared)}
    for person, pdf in drawn.items():
        old = before.pop(person, None)
        old_document = old and old.document
        values = {'registration_id': registration.id, 'person': person, 'event_id': registration.event_id,
                  'document_id': None, 'drawn_from': drawn_from, 'drawn_by': version, 'reason': '', 'losses': db.null(),
                  'drawn_with': db.null(), 'checked_dt': now()}
        if isinstance(pdf, str):
            values['reason'] = str(pdf)
        else:
            # what has changed may not be on it
            same = old_document is not None and old_document.sha256 == pdf.sha256
            values['document_id'] = old_document.id if same else store_document(pdf, registration.id)
            values['losses'] = to_facts(pdf.losses) or db.null()
            values['drawn_with'] = pdf.drawn_with or db.null()
            if not same:
                grown += len(pdf.content) - (old_document.length if old_document is not None else 0)
        db.session.execute(insert(Prepared.__table__).values(values)
                           .on_conflict_do_update(index_elements=['registration_id', 'person'], set_=values))
    for row in before.values():
        db.session.delete(row)
    return grown


def finished(event_id):
    """Note that all badges of an event are drawn."""
    db.session.execute(db.update(EventSetup.__table__).where(EventSetup.event_id == event_id)
                       .values(prepared_dt=now()))


def forget_prepared(registration_ids):
    """Delete what was drawn of some registrations: something on it has changed.

    Not what a check-in takes at this moment: what shows something old gets no go.
    """
    doomed = (db.select(Prepared.registration_id).where(Prepared.registration_id.in_(registration_ids))
              .with_for_update(skip_locked=True))
    db.session.execute(db.delete(Prepared.__table__).where(Prepared.registration_id.in_(doomed)))


def storage_by_event():
    """Return how many bytes the documents of each event have that has any."""
    return {event_id: int(size) for event_id, size in
            db.session.query(Prepared.event_id, db.func.sum(Document.length))
            .join(Document, Document.id == Prepared.document_id)
            .group_by(Prepared.event_id).order_by(Prepared.event_id)}


def room_left(event_id):
    """Return how many bytes of documents may still be drawn ahead for an event."""
    sizes = storage_by_event()
    return min(settings.prepared_bytes_per_event() - sizes.get(event_id, 0),
               settings.prepared_bytes() - sum(sizes.values()))


@dataclass(frozen=True)
class Counts:
    """How far the badges of an event are drawn ahead."""

    #: Registrations that get a badge
    people: int
    #: Those of which all is looked at, whether there is a document or not
    drawn: int
    #: Documents that a check-in would use
    documents: int
    #: How many bytes all documents have
    size: int
    #: Persons without a document, by the reason
    without: dict[str, int]


def counts(event_id, *visible):
    """Return the `Counts` of an event.

    :param visible: Conditions for the registrations that count.
    """
    people = count_people(event_id, *visible)
    ahead = (db.session.query(Prepared).select_from(Prepared)
             .join(Registration, Registration.id == Prepared.registration_id)
             .outerjoin(Document, Document.id == Prepared.document_id)
             .filter(Prepared.event_id == event_id, *visible))
    usable = db.or_(is_usable(), Prepared.document_id.is_(None))
    drawn, documents, size = ahead.with_entities(
        db.func.count(Prepared.registration_id.distinct()).filter(usable),
        db.func.count().filter(is_usable()), db.func.coalesce(db.func.sum(Document.length), 0)).one()
    without = dict(ahead.filter(Prepared.document_id.is_(None)).group_by(Prepared.reason)
                   .with_entities(Prepared.reason, db.func.count()).order_by(Prepared.reason).all())
    return Counts(people, drawn, documents, int(size), without)


def count_people(event_id, *visible):
    """Return how many registrations of an event get a badge.

    :param visible: Conditions for the registrations that count.
    """
    return (db.session.query(db.func.count()).select_from(Registration)
            .join(RegistrationForm, RegistrationForm.id == Registration.registration_form_id)
            .join(FormSetup, FormSetup.registration_form_id == RegistrationForm.id)
            .filter(Registration.event_id == event_id, *gets_badge(), *visible).scalar())


def ask(event_id):
    """Have the badges of an event drawn ahead, whatever it chose about when."""
    values = {'event_id': event_id, 'prepare_asked_dt': now()}
    db.session.execute(insert(EventSetup.__table__).values(values)
                       .on_conflict_do_update(index_elements=['event_id'], set_=values))


def delete_prepared(event_id):
    """Delete what was drawn ahead for an event, until somebody asks again. What is on its way keeps its document."""
    db.session.execute(db.update(EventSetup.__table__).where(EventSetup.event_id == event_id)
                       .values(prepare=PrepareWhen.request, prepare_dt=None, prepare_asked_dt=None, prepared_dt=None))
    db.session.execute(db.delete(Prepared.__table__).where(Prepared.event_id == event_id))


def is_usable():
    """Return the condition for documents that some process of today would draw alike."""
    today = db.session.query(Heartbeat.detail).filter(Heartbeat.name.startswith(heartbeat.DRAWS))
    return db.and_(Prepared.document_id.isnot(None), Prepared.drawn_by.in_(today))


def is_over(kept=Prepared):
    """Return the condition for what is kept of people who get no badge any more: withdrawn, deleted, or at home."""
    still = (db.session.query(Registration.id)
             .join(RegistrationForm, RegistrationForm.id == Registration.registration_form_id)
             .join(FormSetup, FormSetup.registration_form_id == RegistrationForm.id)
             .join(Event, Event.id == Registration.event_id)
             .filter(Registration.id == kept.registration_id, *gets_badge(), ~Event.is_deleted,
                     Event.end_dt > now(-KEEP_PREPARED.total_seconds())))
    return ~still.exists()


def gets_badge():
    """Return the conditions for registrations that get a badge, for a query that has the form and its setup."""
    return (FormSetup.enabled, ~RegistrationForm.is_deleted, ~Registration.is_deleted,
            Registration.state.in_([RegistrationState.complete, RegistrationState.unpaid]))


def drawn_ahead(registration_ids, version):
    """Return each `Prepared` whose document would be drawn just like that now, by registration and person.

    :param version: The `badge.drawing_version` of the caller.
    """
    rows = (Prepared.query
            .filter(Prepared.registration_id.in_(registration_ids), Prepared.document_id.isnot(None),
                    Prepared.drawn_by == version, Prepared.drawn_from == fingerprint_of(Prepared.registration_id))
            .options(db.joinedload('document').undefer('content')))
    return {(row.registration_id, row.person): row for row in rows}

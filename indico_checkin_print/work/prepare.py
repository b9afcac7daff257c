"""Draws badges ahead, in small slices: what somebody waits for always comes first."""

import time

from sqlalchemy.orm import joinedload, selectinload

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import heartbeat, settings
from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.badge.content import fingerprint_of
from indico_checkin_print.badge.drawing_version import drawing_version
from indico_checkin_print.badge.persons import persons_of
from indico_checkin_print.badge.preflight.drawn import NOT_DRAWN, draw
from indico_checkin_print.badge.render import drawing_choices
from indico_checkin_print.diagnostics.printers import coarsest_dots, desks_of
from indico_checkin_print.errors import SettingError
from indico_checkin_print.ledger import prepared
from indico_checkin_print.ledger.examined import Seen, store_examined
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.rules import EventSetup


#: What drawing reads, in two queries however many registrations there are
_TO_DRAW = (joinedload('event'),
            joinedload('registration_form').joinedload('checkin_print_setup').joinedload('template'),
            selectinload('data').joinedload('field_data').joinedload('field'))


def prepare(process, *, seconds, event_id=None, meanwhile=None):
    """Draw badges ahead until all are drawn or the time is up. Return whether there is more to do.

    :param process: As its heartbeat is named; what it draws is used while `heartbeat.DRAWS` has it.
    :param event_id: Only those of one event.
    :param meanwhile: Called before each badge, to do what cannot wait.
    """
    try:
        settings.prepared_bytes(), settings.prepared_bytes_per_event()
    except SettingError as exc:
        # the doctor says so, too
        logger.warning('No badges are drawn ahead: %s', exc.detail)
        return False
    heartbeat.draws(process, drawing_version())
    db.session.commit()
    until = time.monotonic() + seconds
    return not all(_prepare_event(event, until, meanwhile or nothing) for event in prepared.wanted(event_id))


def _prepare_event(wanted, until, meanwhile):
    """Return whether all badges of an event are drawn, or nothing can be done about those that are not."""
    room = prepared.room_left(wanted.event_id)
    dots = coarsest_dots(desks_of(wanted.event_id))
    while time.monotonic() < until:
        people = prepared.next_people(wanted.event_id, wanted.since, drawing_version(), only_known=room <= 0)
        prepared.confirm([id_ for id_, is_good in people.items() if is_good])
        if not people:
            prepared.finished(wanted.event_id)
        db.session.commit()
        if not people:
            return True
        for id_ in (id_ for id_, is_good in people.items() if not is_good):
            meanwhile()
            if time.monotonic() >= until:
                return False
            if wanted.is_idle and prepared.is_busy():
                # not as long as somebody waits for a badge
                return True
            room -= prepare_registration(id_, dots)
            if room <= 0:
                break
    return False


def prepare_registration(registration_id, dots):
    """Draw the badges of a registration, keep them and what was found on them. Return by how many bytes that grew.

    :param dots: The `Dots` of the coarsest printer of the event.
    """
    began = time.monotonic()
    try:
        (__, registration, drawn_from), = to_draw([registration_id])
        seen = look_at(registration, drawn_from, dots, began)
        grown = _store(registration, seen, dots)
    except Exception as exc:
        # a fault of ours or of the database must not keep the others from being drawn
        db.session.rollback()
        log_failure(logger, exc, 'The badges of registration %d could not be drawn ahead', registration_id)
        registration = Registration.get(registration_id)
        grown = _store(registration, not_drawn(registration, began), dots)
    # it would be drawn once more
    db.session.commit()
    return grown


def to_draw(registration_ids):
    """Return the ids of some registrations, them with all that drawing reads, and the fingerprints from before that.

    The caller begins a transaction with it: what the session had read before is read anew.
    """
    drawn_from = dict(db.session.query(Registration.id, fingerprint_of(Registration.id))
                      .filter(Registration.id.in_(registration_ids)))
    return [(registration.id, registration, drawn_from[registration.id]) for registration in
            Registration.query.options(*_TO_DRAW).filter(Registration.id.in_(drawn_from)).order_by(Registration.id)]


def look_at(registration, drawn_from, dots, began):
    """Draw the badges of a registration. Return what was `Seen`.

    :param drawn_from: The fingerprint from before anything was read to draw them.
    :param began: When that was, by `time.monotonic`.
    """
    choices = drawing_choices(EventSetup.query.get(registration.event_id))
    drawn = {person: draw(registration, person, choices, dots) for person in _persons(registration)}
    return Seen(registration.id, registration.event_id, drawn_from, drawn, is_blocked(registration),
                time.monotonic() - began)


def not_drawn(registration, began):
    """Return what is `Seen` of badges if our own fault, or that of the database, kept them from being drawn."""
    return Seen(registration.id, registration.event_id, '', dict.fromkeys(_persons(registration), NOT_DRAWN),
                is_blocked(registration), time.monotonic() - began)


def drawn_by(dots):
    """Return what examines badges, as one text: with anything else, something else may be found.

    :param dots: The `Dots` of the coarsest printer of the event.
    """
    return f'{drawing_version()} {dots.dpi}/{dots.bits}'


def _store(registration, seen, dots):
    # who is checked in gets the same answer, by what the event wants then
    grown = prepared.store_prepared(
        registration, {person: each.reason or each.pdf for person, each in seen.drawn.items()}, seen.drawn_from,
        drawing_version())
    store_examined([seen], drawn_by(dots))
    return grown


def _persons(registration):
    # all persons of a registration are on its ticket
    is_badge = registration.registration_form.checkin_print_setup.kind == BadgeKind.badge
    return persons_of(registration) if is_badge else ['']


def nothing():
    """There is nothing that cannot wait."""

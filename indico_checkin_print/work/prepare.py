"""Draws badges ahead, in small slices: what somebody waits for always comes first."""

import time

from sqlalchemy.orm import joinedload

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import heartbeat, settings
from indico_checkin_print.badge.content import fingerprint_of
from indico_checkin_print.badge.drawing_version import drawing_version
from indico_checkin_print.badge.persons import persons_of
from indico_checkin_print.badge.preflight.drawn import NOT_DRAWN, draw
from indico_checkin_print.badge.render import drawing_choices
from indico_checkin_print.diagnostics.printers import coarsest_dots, desks_of
from indico_checkin_print.errors import SettingError
from indico_checkin_print.ledger import prepared
from indico_checkin_print.ledger.examined import store_examined
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.rules import EventSetup


#: What drawing reads, in one query
_TO_DRAW = (joinedload('event'),
            joinedload('registration_form').joinedload('checkin_print_setup').joinedload('template'))


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
    choices, dots = drawing_choices(EventSetup.query.get(wanted.event_id)), coarsest_dots(desks_of(wanted.event_id))
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
            room -= prepare_registration(id_, choices, dots)
            if room <= 0:
                break
    return False


def prepare_registration(registration_id, choices, dots, *, keep=True):
    """Draw the badges of a registration, and commit what was found on them. Return by how many bytes the ledger grew.

    :param choices: What `drawing_choices` returns.
    :param dots: The `Dots` of the coarsest printer of the event.
    :param keep: Whether the documents are kept as well.
    """
    began = time.monotonic()
    try:
        # before anything is read to draw it, as a claim does
        drawn_from = db.session.query(fingerprint_of(registration_id)).scalar()
        registration = Registration.query.options(*_TO_DRAW).filter_by(id=registration_id).one()
        drawn = {person: draw(registration, person, choices, dots) for person in _persons(registration)}
        grown = _store(registration, drawn, drawn_from, dots, began, keep=keep)
    except Exception as exc:
        # a fault of ours or of the database must not keep the others from being drawn
        db.session.rollback()
        log_failure(logger, exc, 'The badges of registration %d could not be drawn ahead', registration_id)
        registration = Registration.get(registration_id)
        drawn = dict.fromkeys(_persons(registration), NOT_DRAWN)
        grown = _store(registration, drawn, '', dots, began, keep=keep)
    # it would be drawn once more
    db.session.commit()
    return grown


def drawn_by(dots):
    """Return what examines badges, as one text: with anything else, something else may be found.

    :param dots: The `Dots` of the coarsest printer of the event.
    """
    return f'{drawing_version()} {dots.dpi}/{dots.bits}'


def _store(registration, drawn, drawn_from, dots, began, *, keep):
    # who is checked in gets the same answer, by what the event wants then
    grown = keep and prepared.store_prepared(
        registration, {person: each.reason or each.pdf for person, each in drawn.items()}, drawn_from,
        drawing_version())
    store_examined(registration, drawn, drawn_from, drawn_by(dots), is_blocked=is_blocked(registration),
                   seconds=time.monotonic() - began)
    return int(grown)


def is_blocked(registration):
    """Return whether another plugin of Indico blocks the ticket of a registration."""
    try:
        # a statement of that plugin that fails must not end our transaction
        with db.session.begin_nested():
            return registration.is_ticket_blocked
    except Exception as exc:
        # a fault of that plugin says nothing about the badge
        log_failure(logger, exc, 'Whether the ticket of registration %d is blocked cannot be known', registration.id)
        return False


def _persons(registration):
    # all persons of a registration are on its ticket
    is_badge = registration.registration_form.checkin_print_setup.kind == BadgeKind.badge
    return persons_of(registration) if is_badge else ['']


def nothing():
    """There is nothing that cannot wait."""

"""Examines the badges of events, in small slices: what somebody waits for always comes first.

What is drawn ahead is examined by the same drawing (`prepare.prepare_registration`), so this draws only the rest.
"""

import time

from indico.core import signals
from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.badge.render import drawing_choices
from indico_checkin_print.diagnostics.printers import coarsest_dots, desks_of
from indico_checkin_print.ledger import examined, prepared
from indico_checkin_print.models.examined import Examined
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.work.prepare import drawn_by, is_blocked, nothing, prepare_registration


def examine(*, seconds, event_id=None, meanwhile=None):
    """Examine badges until all are or the time is up. Return whether there is more to do.

    :param event_id: Only those of one event.
    :param meanwhile: Called before each badge, to do what cannot wait.
    """
    until = time.monotonic() + seconds
    return not all(_examine_event(event, until, meanwhile or nothing) for event in examined.wanted(event_id))


def _examine_event(wanted, until, meanwhile):
    """Return whether all badges of an event are examined, or it is not the time for it."""
    choices, dots = drawing_choices(EventSetup.query.get(wanted.event_id)), coarsest_dots(desks_of(wanted.event_id))
    while time.monotonic() < until:
        people = prepared.next_people(wanted.event_id, wanted.since, drawn_by(dots), kept=Examined)
        unchanged = [id_ for id_, is_good in people.items() if is_good]
        prepared.confirm(unchanged, kept=Examined)
        _note_blocked(unchanged)
        if not people:
            examined.finished(wanted.event_id)
        db.session.commit()
        if not people:
            return True
        for id_ in people.keys() - set(unchanged):
            meanwhile()
            if time.monotonic() >= until:
                return False
            if wanted.is_idle and prepared.is_busy():
                # not as long as somebody waits for a badge
                return True
            prepare_registration(id_, choices, dots, keep=False)
    return False


def _note_blocked(registration_ids):
    """Ask other plugins anew whose ticket is blocked: what they know is not on the badge."""
    if signals.event.is_ticket_blocked.receivers:
        for registration in Registration.query.filter(Registration.id.in_(registration_ids)):
            examined.note_blocked(registration.id, is_blocked=is_blocked(registration))

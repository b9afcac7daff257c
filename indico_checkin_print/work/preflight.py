"""Examines the badges of events, in small slices: what somebody waits for always comes first.

What is drawn ahead is examined by the same drawing (`prepare.look_at`), so this draws only the rest.
"""

import time
from itertools import batched

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import sql
from indico_checkin_print.badge.blocked import is_blocked, may_be_blocked
from indico_checkin_print.diagnostics.printers import coarsest_dots, desks_of
from indico_checkin_print.ledger import examined, prepared
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.examined import Examined
from indico_checkin_print.work.prepare import drawn_by, look_at, not_drawn, nothing, to_draw


#: Registrations that are examined in one transaction: what they share is read once for all of them
TOGETHER = 25


def examine(*, seconds, event_id=None, meanwhile=None):
    """Examine badges until all are or the time is up. Return whether there is more to do.

    :param event_id: Only those of one event.
    :param meanwhile: Called before each badge, to do what cannot wait.
    """
    until = time.monotonic() + seconds
    return not all(_examine_event(event, until, meanwhile or nothing) for event in examined.wanted(event_id))


def _examine_event(wanted, until, meanwhile):
    """Return whether all badges of an event are examined, or it is not the time for it."""
    dots = coarsest_dots(desks_of(wanted.event_id))
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
        for ids in batched((id_ for id_, is_good in people.items() if not is_good), TOGETHER):
            _store(list(_look_at(ids, dots, lambda: _has_time(wanted, until), meanwhile)), dots)
            if not _has_time(wanted, until):
                return time.monotonic() < until
    return False


def _has_time(wanted, until):
    """Return whether there is time; in idle time there is none as long as somebody waits for a badge."""
    return time.monotonic() < until and not (wanted.is_idle and prepared.is_busy())


def _look_at(registration_ids, dots, has_time, meanwhile):
    """Yield what is `examined.Seen` of each registration for which there is time. Nothing is stored."""
    began = time.monotonic()
    registrations = to_draw(registration_ids)
    reading = (time.monotonic() - began) / max(1, len(registrations))
    for id_, registration, drawn_from in registrations:
        meanwhile()
        if not has_time():
            return
        began = time.monotonic() - reading
        try:
            yield look_at(registration, drawn_from, dots, began)
        except Exception as exc:
            # a fault of ours or of the database must not keep the others from being examined
            db.session.rollback()
            log_failure(logger, exc, 'The badges of registration %d could not be examined', id_)
            if (registration := Registration.get(id_)) is not None:
                yield not_drawn(registration, began)


def _store(seen, dots):
    """Store what was seen. If some of it cannot be stored, the rest is."""
    if not seen:
        return
    try:
        examined.store_examined(seen, drawn_by(dots))
        # what a crash of the database loses is examined again
        sql.commit_without_waiting()
        db.session.commit()
    except Exception as exc:
        db.session.rollback()
        if len(seen) > 1:
            for each in seen:
                _store([each], dots)
            return
        log_failure(logger, exc, 'What was found of registration %d could not be stored', seen[0].registration_id)
        registration = Registration.get(seen[0].registration_id)
        if registration is not None:
            examined.store_examined([not_drawn(registration, time.monotonic())], drawn_by(dots))
        db.session.commit()


def _note_blocked(registration_ids):
    """Ask other plugins anew whose ticket is blocked: what they know is not on the badge."""
    if may_be_blocked():
        for registration in Registration.query.filter(Registration.id.in_(registration_ids)):
            examined.note_blocked(registration.id, is_blocked=is_blocked(registration))

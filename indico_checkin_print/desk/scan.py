"""From a scanned code to an answer: finds the registration, checks it in as Indico does, and can undo that.

Used by all that reads tickets. Who may do it in the event is asked by the caller; whom the user may
see there is asked here.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import contains_eager

from indico.core import signals
from indico.core.config import config
from indico.core.db import db
from indico.modules.events import Event
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.util import get_custom_ticket_qr_code_handlers
from indico.util.date_time import now_utc

from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.desk.answers import Answer, Facts, decide
from indico_checkin_print.desk.badge_desk import Waiting, hand_out, waiting_badges
from indico_checkin_print.desk.people import loads_summary
from indico_checkin_print.desk.ticket_code import MAX_CODE, parse, server_of
from indico_checkin_print.management.visibility import visible_registrations
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.signals.savepoint import savepoint


#: For so long a check-in can be undone here. The page offers it for less, as its clock starts later
UNDO_WITHIN = timedelta(seconds=20)


@dataclass(frozen=True)
class Scan:
    """The answer to a scan, and about whom: about nobody unless it is somebody of this event whom the user may see."""

    answer: Answer
    registration: Registration | None = None
    #: The id of the accompanying person whose ticket it is; empty for the registrant
    person: str = ''
    #: Where the ticket is from, if it is another event
    other_event: Event | None = None
    #: When this scan checked the registration in; `undo` wants it
    checked_in_dt: datetime | None = None
    #: The badges of somebody who was checked in at the entrance: they print with this scan
    badges: tuple[Waiting, ...] = ()
    #: In which states these are since the scan
    states: frozenset[JobState] = frozenset()

    @property
    def none_unpaid(self):
        """Whether the badges that wait do not print because the event prints none of who has not paid."""
        return any(badge.reason == Reason.not_paid for badge in self.badges)


def scan_code(event, text, handler=''):
    """Answer a scanned code, and check its person in, or print their badge, if nothing speaks against it.

    :param text: What the scanner read; anything.
    :param handler: The name of the custom handler of a plugin whose pattern the code matches, as in Indico's API.
    """
    return _check_in(find_code(event, text, handler))


def find_code(event, text, handler=''):
    """Return the `Scan` that `scan_code` would, and check nobody in."""
    registration, code = _find(event, text, handler)
    if registration is None:
        here = code is None or code.server == server_of(config.BASE_URL)
        return Scan(Answer.unknown if here else Answer.other_event)
    if registration.event_id != event.id:
        return Scan(Answer.other_event, other_event=registration.event)
    person = code.person if code else ''
    if person and person not in {x['id'] for x in registration.accompanying_persons}:
        # somebody who comes no more
        return Scan(Answer.unknown)
    return _judge(registration, person)


def scan_person(event, registration_id, person='', *, unpaid_too=False):
    """Answer, as `scan_code` does, for somebody of the event who was found already: by name, or by an earlier scan."""
    registration = load(event, Registration.id == registration_id, Registration.event_id == event.id)
    return Scan(Answer.unknown) if registration is None else _check_in(_judge(registration, person, unpaid_too))


def undo(event, registration_id, checked_in_dt):
    """Take a check-in of a moment ago back. Return the registration, or ``None`` if it is too late for that.

    :param checked_in_dt: Which one: `Scan.checked_in_dt`.
    """
    registration = load(event, Registration.id == registration_id, Registration.event_id == event.id)
    if (registration is None or not registration.checked_in or registration.checked_in_dt != checked_in_dt
            or now_utc() - checked_in_dt > UNDO_WITHIN):
        return None
    set_checked_in(registration, False)
    return registration


def code_patterns():
    """Return the patterns of plugins' codes for the browser, which matches them as Indico's app does."""
    return [{'name': x.name, 'regex': x.regex} for x in get_custom_ticket_qr_code_handlers().values()]


def set_checked_in(registration, value):
    """Check somebody in, or undo it, by all that Indico does itself, in its list as in its API."""
    registration.checked_in = value
    signals.event.registration_checkin_updated.send(registration)


def _judge(registration, person, unpaid_too=False):
    badges = tuple(waiting_badges(registration))
    facts = Facts(same_event=True, state=registration.state, blocked=is_blocked(registration),
                  checked_in=registration.checked_in, badge_waits=bool(badges))
    return Scan(decide(facts, unpaid_too=unpaid_too), registration, person, badges=badges)


def _check_in(scan):
    if scan.answer != Answer.welcome:
        return scan
    if scan.badges:
        return _print_badges(scan)
    set_checked_in(scan.registration, True)
    return replace(scan, checked_in_dt=scan.registration.checked_in_dt)


def _print_badges(scan):
    if scan.none_unpaid:
        # whatever the volunteer says; the badge waits for a scan after the payment
        return replace(scan, answer=Answer.not_paid)
    states = frozenset(hand_out(scan.registration, scan.badges))
    if states & {JobState.queued, JobState.held}:
        return replace(scan, states=states)
    # the rules of the event say that there is no other one
    return replace(scan, answer=Answer.already_in)


def _find(event, text, handler):
    """Return the registration of a code, or ``None``, and its `TicketCode` if it is one of Indico's."""
    if not text or len(text) > MAX_CODE:
        return None, None
    if handler:
        return _find_custom(event, text, handler), None
    code = parse(text)
    return (None if code is None else load(event, Registration.ticket_uuid == code.ticket_uuid)), code


def _find_custom(event, text, handler):
    """Return the registration that the handler of a plugin finds, or ``None``. What fails in it is logged."""
    found = None
    with savepoint('Custom ticket code could not be looked up'):
        if lookup := get_custom_ticket_qr_code_handlers().get(handler):
            found = lookup.lookup_registration(text)
    return None if found is None else load(event, Registration.id == found.id)


def load(event, *criteria, lock=True):
    """Return a registration that is not deleted, and in this event only one that the user may see, or ``None``.

    :param lock: Whether it stays locked until the commit: of two scans of one ticket at the same moment the second
        finds them checked in.
    """
    allowed = visible_registrations(event)
    if allowed is not None:
        criteria = (*criteria, db.or_(Registration.event_id != event.id, Registration.id.in_(allowed)))
    query = (Registration.query
             .join(Registration.registration_form)
             .join(Registration.event)
             .filter(*criteria, ~Registration.is_deleted, ~RegistrationForm.is_deleted, ~Event.is_deleted)
             .options(contains_eager(Registration.registration_form), contains_eager(Registration.event),
                      loads_summary())
             .populate_existing())
    return (query.with_for_update(key_share=True, of=Registration) if lock else query).first()

"""What the rules of an event say about a badge that somebody changes for one print: what may change, where it goes."""

from dataclasses import dataclass, replace

from flask import session

from indico_checkin_print.management.base import PERMISSION
from indico_checkin_print.management.setup.when import setup_of
from indico_checkin_print.models.choices import BadgeEdit
from indico_checkin_print.models.states import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.admission import CheckIn, judge
from indico_checkin_print.routing.desk import DeskChoice
from indico_checkin_print.signals import origin
from indico_checkin_print.signals.checkin import desks_of, load_setup


@dataclass(frozen=True)
class Where:
    """Where a badge prints, and what it begins as."""

    state: JobState
    reason: Reason
    desk: DeskChoice


def may_change(event):
    """Return what the user may change about one badge, as a set of `BadgeEdit`."""
    if event.can_manage(session.user, PERMISSION):
        return frozenset(BadgeEdit)
    return frozenset(BadgeEdit(edit) for edit in setup_of(event).edits)


def where_it_prints(registration, person, latest):
    """Return the `Where` of another badge of somebody, who stands before the user; ``None`` if the form prints nothing.

    :param latest: The latest badge of the person, or ``None``: without a desk of the user it comes out where that did.
    """
    loaded = load_setup(registration, session.user.id, origin.token())
    if loaded is None:
        return None
    setup, facts, rules, *__ = loaded
    if latest is not None and facts.own_desk not in facts.desks:
        facts = replace(facts, earlier_desk=latest.desk_id)
    way = origin.way()
    desk = desks_of(registration, [person], facts, rules, way)[person]
    # somebody asks for this badge, whatever ways of check-in print
    setup = replace(setup, sources=setup.sources | {way})
    return Where(*judge(setup, CheckIn(source=way, state=registration.state), desk.desk_id), desk)

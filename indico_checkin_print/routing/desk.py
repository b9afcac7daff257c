"""Which desk a badge goes to, and why."""

from dataclasses import dataclass
from enum import StrEnum


class DeskReason(StrEnum):
    """Why a badge goes to a desk."""

    #: It went there before, and is printed once more
    earlier = 'earlier'
    #: Its registration form chose the desk
    form = 'form'
    #: It is the first desk of the event
    default = 'default'
    #: The event has no desk
    none = 'none'


@dataclass(frozen=True)
class DeskFacts:
    """What decides which desk a badge goes to. Desks are given by their ids."""

    #: All desks of the event that are not deleted
    desks: frozenset[int]
    #: The desk that the registration form chose
    form_desk: int | None = None
    #: The desk that the badge had before
    earlier_desk: int | None = None


@dataclass(frozen=True)
class DeskChoice:
    """A desk, or ``None`` if there is none, and why."""

    desk_id: int | None
    reason: DeskReason


def choose_desk(facts):
    """Return the `DeskChoice` for a badge: the first of these desks that exists."""
    wanted = ((facts.earlier_desk, DeskReason.earlier), (facts.form_desk, DeskReason.form),
              (min(facts.desks, default=None), DeskReason.default))
    return next((DeskChoice(desk_id, reason) for desk_id, reason in wanted if desk_id in facts.desks),
                DeskChoice(None, DeskReason.none))

"""Which desk a badge goes to, and why."""

from dataclasses import dataclass

from indico_checkin_print.reasons.desk import PREFIX, DeskReason
from indico_checkin_print.routing.rules import Match


@dataclass(frozen=True)
class DeskFacts:
    """What decides which desk a badge goes to. Desks are given by their ids."""

    #: All desks of the event that are not deleted
    desks: frozenset[int]
    #: The desk that the badge had before
    earlier_desk: int | None = None
    #: The desk to which the device that scanned is assigned
    device_desk: int | None = None
    #: The desk that the user who checked in has chosen, while it holds
    own_desk: int | None = None
    #: The first rule that fits
    rule: Match | None = None
    #: The desk that the registration form chose
    form_desk: int | None = None


@dataclass(frozen=True)
class DeskChoice:
    """A desk, or ``None`` if there is none, and why."""

    desk_id: int | None
    reason: DeskReason
    #: The rule that decided: its number and words
    note: str = ''

    @property
    def detail(self):
        """What the history of a job keeps of it; `reasons.desk.describe_detail` reads it."""
        return f'{PREFIX}{self.reason}:{self.note}' if self.note else f'{PREFIX}{self.reason}'


def choose_desk(facts):
    """Return the `DeskChoice` for a badge: the first of these desks that exists."""
    wanted = ((facts.earlier_desk, DeskReason.earlier), (facts.device_desk, DeskReason.device),
              (facts.own_desk, DeskReason.volunteer),
              (facts.rule.rule.desk if facts.rule else None, DeskReason.rule), (facts.form_desk, DeskReason.form),
              (min(facts.desks, default=None), DeskReason.default))
    note = f'{facts.rule.number}:{facts.rule.rule.words}' if facts.rule else ''
    return next((DeskChoice(desk_id, reason, note if reason == DeskReason.rule else '')
                 for desk_id, reason in wanted if desk_id in facts.desks),
                DeskChoice(None, DeskReason.none))


def needs_rule(facts):
    """Return whether a rule may decide, so that what it asks has to be loaded."""
    return facts.desks.isdisjoint({facts.earlier_desk, facts.device_desk, facts.own_desk})

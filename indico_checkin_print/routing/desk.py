"""Which desk a badge goes to, and why."""

from dataclasses import dataclass

from indico_checkin_print.reasons.desk import PREFIX, DeskReason


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
    #: The desk that the registration form chose
    form_desk: int | None = None


@dataclass(frozen=True)
class DeskChoice:
    """A desk, or ``None`` if there is none, and why."""

    desk_id: int | None
    reason: DeskReason

    @property
    def detail(self):
        """What the history of a job keeps of it; `reasons.desk.describe_detail` reads it."""
        return f'{PREFIX}{self.reason}'


def choose_desk(facts):
    """Return the `DeskChoice` for a badge: the first of these desks that exists."""
    wanted = ((facts.earlier_desk, DeskReason.earlier), (facts.device_desk, DeskReason.device),
              (facts.own_desk, DeskReason.volunteer), (facts.form_desk, DeskReason.form),
              (min(facts.desks, default=None), DeskReason.default))
    return next((DeskChoice(desk_id, reason) for desk_id, reason in wanted if desk_id in facts.desks),
                DeskChoice(None, DeskReason.none))

"""Which desk a badge goes to, which webhooks hear of a check-in, which printer of a desk takes a badge. Pure."""

from dataclasses import dataclass

from indico_checkin_print.ledger import DATA_EXPIRES_AFTER, new_row
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.setup import BadgeKind
from indico_checkin_print.reasons import Reason


@dataclass(frozen=True)
class Hook:
    """A webhook that hears of every check-in."""

    id: int
    send_badge: bool


@dataclass(frozen=True)
class Setup:
    """What an event says about the check-ins of one registration form."""

    kind: BadgeKind
    #: The desk that the form chose
    form_desk_id: int | None
    #: The first desk of the event
    default_desk_id: int | None
    hooks: tuple[Hook, ...] = ()


def rows_for(setup, persons):
    """Return the ledger rows (see `ledger.new_row`) that one check-in makes.

    :param setup: The `Setup` of the registration's form.
    :param persons: The ids of the persons who get a badge of their own; ``''`` is the registrant.
    """
    desk_id = setup.form_desk_id or setup.default_desk_id
    waits = {} if desk_id else {'state': JobState.held, 'reason': Reason.no_desk}
    # a ticket has all persons of a registration on its pages
    badges = [''] if setup.kind == BadgeKind.ticket else persons
    rows = [new_row(Job.PURPOSE_BADGE, person=person, desk_id=desk_id, **waits) for person in badges]
    rows += [new_row(f'webhook:{hook.id}', webhook_id=hook.id, expires_after=DATA_EXPIRES_AFTER,
                     # without a badge there is nothing to render
                     state=JobState.queued if hook.send_badge else JobState.ready)
             for hook in setup.hooks]
    return rows


@dataclass(frozen=True)
class Candidate:
    """A printer that a desk may use: where it stands in the desk's order, whether it works, how much it has to do."""

    agent_id: int
    printer: str
    position: int
    healthy: bool
    load: int


def choose_printer(candidates):
    """Return the printer that takes the next badge of a desk: healthy, then least loaded, then order.

    ``None`` if none is healthy: the badge waits, because a badge that is given to a broken printer is lost time.
    """
    healthy = [c for c in candidates if c.healthy]
    return min(healthy, key=lambda c: (c.load, c.position), default=None)


def is_healthy(printer):
    """Tell whether a printer (as the agent reported it) takes work now.

    A printer that waits for paper is healthy enough while nothing else can print: it says ``processing``.
    """
    return (printer['state'] != 'stopped' and printer.get('accepting', True)
            and not any(reason.endswith('-error') for reason in printer.get('reasons', ())))

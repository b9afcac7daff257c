"""Which desk a badge goes to, which webhooks hear of a check-in, which printer of a desk takes a badge. Pure."""

from dataclasses import dataclass

from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print.ledger import new_row
from indico_checkin_print.ledger.states import DATA_EXPIRES_AFTER, EXPIRES_AFTER, HELD_EXPIRES_AFTER
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.rules import BadgeKind, CheckinSource, EventSetup, ReprintPolicy, UnpaidPolicy
from indico_checkin_print.reasons.codes import Reason


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
    paused: bool = False
    paused_desks: frozenset[int] = frozenset()
    unpaid: UnpaidPolicy = UnpaidPolicy.hold
    again: ReprintPolicy = ReprintPolicy.hold
    bulk_limit: int = EventSetup.DEFAULT_BULK_LIMIT
    sources: frozenset[str] = frozenset(EventSetup.DEFAULT_SOURCES)

    @property
    def desk_id(self):
        return self.form_desk_id or self.default_desk_id


@dataclass(frozen=True)
class CheckIn:
    """What is known about one check-in when it happens."""

    state: RegistrationState = RegistrationState.complete
    source: CheckinSource = CheckinSource.app
    #: Whether a plugin blocks the ticket
    blocked: bool = False
    #: Whether a badge of an earlier check-in may be out
    already_printed: bool = False


def judge(setup, checkin):
    """Say what a check-in's badge begins as: a tuple of `JobState` and `Reason`.

    What is not printed is recorded all the same, so that there is an answer to "where is my badge?".
    """
    if checkin.state not in (RegistrationState.complete, RegistrationState.unpaid):
        return JobState.canceled, Reason.not_complete
    if checkin.blocked:
        return JobState.canceled, Reason.not_allowed
    if checkin.source not in setup.sources:
        return JobState.canceled, Reason.source_off
    if checkin.state == RegistrationState.unpaid and setup.unpaid == UnpaidPolicy.skip:
        return JobState.canceled, Reason.not_paid
    if checkin.already_printed and setup.again == ReprintPolicy.skip:
        return JobState.canceled, Reason.printed_before
    if checkin.state == RegistrationState.unpaid and setup.unpaid == UnpaidPolicy.hold:
        return JobState.held, Reason.unpaid
    if checkin.already_printed and setup.again == ReprintPolicy.hold:
        return JobState.held, Reason.already_printed
    if setup.desk_id is None:
        return JobState.held, Reason.no_desk
    if setup.paused or setup.desk_id in setup.paused_desks:
        return JobState.held, Reason.paused
    return JobState.queued, Reason.checked_in


def rows_for(setup, checkin, persons):
    """Return the ledger rows (see `ledger.new_row`) that one check-in makes.

    :param setup: The `Setup` of the registration's form.
    :param checkin: The `CheckIn`.
    :param persons: The ids of the persons who get a badge of their own; ``''`` is the registrant.
    """
    state, reason = judge(setup, checkin)
    # a ticket has all persons of a registration on its pages
    badges = [''] if setup.kind == BadgeKind.ticket else persons
    expires_after = HELD_EXPIRES_AFTER if state == JobState.held else EXPIRES_AFTER
    rows = [new_row(Job.PURPOSE_BADGE, person=person, desk_id=setup.desk_id, state=state, reason=reason,
                    expires_after=expires_after) for person in badges]
    if state == JobState.canceled:
        return rows
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
    #: Why it is not healthy: a code
    obstacle: str = ''
    #: It had permission to print this badge and gave it back
    returned: bool = False


def choose_printer(candidates):
    """Return the printer that takes the next badge of a desk: healthy, then least loaded, then order.

    One that gave the badge back gets it again only if there is no other. ``None`` if none is healthy: the badge waits,
    because a badge that is given to a broken printer is lost time.
    """
    healthy = [c for c in candidates if c.healthy]
    return min(healthy, key=lambda c: (c.returned, c.load, c.position), default=None)


def obstacle(printer):
    """Return why a printer (as the agent reported it) takes no work now: a code, or ``''`` if it does.

    A printer that waits for paper is healthy enough while nothing else can print: it says ``processing``.
    """
    reasons = printer.get('reasons', ())
    errors = [reason.removesuffix('-error') for reason in reasons if reason.endswith('-error')]
    if printer['state'] == 'stopped':
        told = [reason.removesuffix('-warning').removesuffix('-report') for reason in reasons if reason != 'none']
        return (errors or told or ['printer_stopped'])[0]
    if not printer.get('accepting', True):
        return 'printer_rejecting'
    return errors[0] if errors else ''

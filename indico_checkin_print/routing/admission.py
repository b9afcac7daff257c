"""Whether a check-in prints, and which jobs it makes: the badges, and a message for each webhook."""

from dataclasses import dataclass

from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print.models.choices import (DEFAULT_BULK_LIMIT, DEFAULT_SOURCES, BadgeKind, CheckinSource,
                                                 ReprintPolicy, UnpaidPolicy)
from indico_checkin_print.models.states import JobState
from indico_checkin_print.reasons.codes import Reason


@dataclass(frozen=True)
class Hook:
    """A webhook that is notified of check-ins."""

    id: int
    send_badge: bool


@dataclass(frozen=True)
class NewJob:
    """A job that a check-in makes: a badge or, with a webhook, a message about the check-in."""

    state: JobState
    reason: Reason
    #: The id of the person whose badge it is; ``''`` is the registrant
    person: str = ''
    desk_id: int | None = None
    webhook_id: int | None = None
    #: Why it goes to its desk (`desk.DeskChoice.detail`)
    detail: str = ''


@dataclass(frozen=True)
class Setup:
    """What an event says about the check-ins of one registration form."""

    kind: BadgeKind
    hooks: tuple[Hook, ...] = ()
    paused: bool = False
    paused_desks: frozenset[int] = frozenset()
    unpaid: UnpaidPolicy = UnpaidPolicy.hold
    reprint: ReprintPolicy = ReprintPolicy.hold
    bulk_limit: int = DEFAULT_BULK_LIMIT
    sources: frozenset[str] = frozenset(DEFAULT_SOURCES)
    #: Whether the badge of who is checked in by another way waits for the badge desk
    badge_desk: bool = False


@dataclass(frozen=True)
class CheckIn:
    """What is known about one check-in when it happens."""

    state: RegistrationState = RegistrationState.complete
    source: CheckinSource = CheckinSource.app
    #: Whether a plugin blocks the ticket
    blocked: bool = False
    #: The ids of the persons of whom an earlier badge comes or may be out
    already_printed: frozenset[str] = frozenset()


def judge(setup, checkin, desk_id, person=''):
    """Say what a check-in's badge begins as: a tuple of `JobState` and `Reason`.

    :param desk_id: The desk that it goes to; ``None`` if there is none
    :param person: The id of the person whose badge it is; ``''`` is the registrant

    What is not printed is recorded all the same, so that there is an answer to "where is my badge?".
    """
    had_one = person in checkin.already_printed
    if checkin.state not in (RegistrationState.complete, RegistrationState.unpaid):
        return JobState.canceled, Reason.not_complete
    if checkin.blocked:
        return JobState.canceled, Reason.not_allowed
    if checkin.source not in setup.sources:
        if setup.badge_desk:
            return JobState.held, Reason.badge_desk
        # the event prints what scan stations check in; it was the volunteer who wanted no badge
        only = checkin.source == CheckinSource.scan_only
        return JobState.canceled, Reason.check_in_only if only else Reason.source_off
    if checkin.state == RegistrationState.unpaid and setup.unpaid == UnpaidPolicy.skip:
        return JobState.canceled, Reason.not_paid
    if had_one and setup.reprint == ReprintPolicy.skip:
        return JobState.canceled, Reason.printed_before
    if checkin.state == RegistrationState.unpaid and setup.unpaid == UnpaidPolicy.hold:
        return JobState.held, Reason.unpaid
    if had_one and setup.reprint == ReprintPolicy.hold:
        return JobState.held, Reason.already_printed
    if desk_id is None:
        return JobState.held, Reason.no_desk
    if setup.paused or desk_id in setup.paused_desks:
        return JobState.held, Reason.paused
    return JobState.queued, Reason.checked_in


def jobs_for(setup, checkin, desks):
    """Return each `NewJob` that one check-in makes.

    :param setup: The `Setup` of the registration's form.
    :param checkin: The `CheckIn`.
    :param desks: A `desk.DeskChoice` for each person who gets a badge of their own, by the id of the person; ``''`` is
                  the registrant. A ticket has all persons of a registration on its pages: it is the registrant's.
    """
    jobs = []
    for person, desk in desks.items():
        state, reason = judge(setup, checkin, desk.desk_id, person)
        if reason == Reason.badge_desk:
            # which desk that will be is not known yet
            jobs.append(NewJob(state, reason, person=person))
            continue
        jobs.append(NewJob(state, reason, person=person, desk_id=desk.desk_id,
                           detail='' if state == JobState.canceled else desk.detail))
    if all(job.state == JobState.canceled for job in jobs):
        return jobs
    # without a badge there is nothing to render
    return jobs + [NewJob(JobState.queued if hook.send_badge else JobState.ready, Reason.checked_in, webhook_id=hook.id)
                   for hook in setup.hooks]

"""What it means to print the badge of somebody: another one, the one that waits, or a first one. Pure."""

from indico.util.enum import IndicoStrEnum

from indico_checkin_print.management.jobs.held import CAN_RELEASE
from indico_checkin_print.management.jobs.rows import CAN_RETRY
from indico_checkin_print.models.choices import UnpaidPolicy
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason


class Todo(IndicoStrEnum):
    """What is done about one person's badge when somebody asks for it."""

    #: It came out, or may have: another one is printed
    reprint = 'reprint'
    #: It is held, and is printed now
    release = 'release'
    #: It failed, expired or was canceled, and is tried again
    retry = 'retry'
    #: There is none yet
    first = 'first'
    #: There is none yet, the person is not checked in, and somebody asks for it all the same
    early = 'early'
    #: The same of a registration that is not paid: it waits until it is
    unpaid = 'unpaid'
    #: It is on its way
    under_way = 'under_way'
    #: It waits until printing resumes, as all others do
    waits = 'waits'
    #: Nobody is here who could take it
    not_checked_in = 'not_checked_in'
    #: The registration is not complete, its ticket is blocked, or its form prints nothing
    not_allowed = 'not_allowed'
    #: The registration is not paid, and the event prints no badge then
    not_paid = 'not_paid'
    #: There is no desk to print at
    no_desk = 'no_desk'


#: After these a badge is printed
PRINTS = (Todo.reprint, Todo.release, Todo.retry, Todo.first, Todo.early)
#: After these there is something to do
ACTS = (*PRINTS, Todo.unpaid)


def decide(job, *, checked_in, same_checkin, allowed, has_desk, paused=False, early=False, unpaid=None):
    """Say what is done about one person's badge.

    :param job: The person's latest badge, or ``None``
    :param checked_in: Whether the person is checked in now
    :param same_checkin: Whether the job belongs to that check-in
    :param allowed: Whether the person may have a badge at all
    :param has_desk: Whether there is a desk to print at
    :param early: Whether somebody asks for it before the check-in
    :param paused: Whether that desk, or the whole event, is paused
    :param unpaid: What the event says about badges of who has not paid, if this person has not: an `UnpaidPolicy`
    """
    if not allowed:
        return Todo.not_allowed
    if unpaid == UnpaidPolicy.skip:
        return Todo.not_paid
    todo = _decide(job, checked_in, same_checkin, has_desk, paused, early)
    # what waits, or did not come out, is for who decides about it: they see why
    return Todo.unpaid if unpaid == UnpaidPolicy.hold and todo in {Todo.first, Todo.early} else todo


def _decide(job, checked_in, same_checkin, has_desk, paused, early):
    if job is not None and job.state in {JobState.completed, JobState.sent, JobState.unknown}:
        return Todo.reprint if has_desk else Todo.no_desk
    if not checked_in and not early:
        return Todo.not_checked_in
    if not checked_in and (job is None or job.state in CAN_RETRY):
        return Todo.early if has_desk else Todo.no_desk
    if job is None or (job.state in CAN_RETRY and not same_checkin):
        return Todo.first if has_desk else Todo.no_desk
    if paused and job.state == JobState.held and job.reason == Reason.paused:
        return Todo.waits
    if job.state == JobState.held and (job.reason in CAN_RELEASE or (job.reason == Reason.no_desk and has_desk)):
        return Todo.release if has_desk else Todo.no_desk
    if job.state in CAN_RETRY:
        return Todo.retry if has_desk else Todo.no_desk
    return Todo.no_desk if job.reason == Reason.no_desk else Todo.under_way

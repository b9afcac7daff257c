"""What people decide about jobs: print them after all, discard them, and whether a badge came out."""

from indico.core.db import db

from indico_checkin_print.ledger.holds import release
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import move
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import notify_agents


def retry(job, user, desk=None):
    """Queue a job again that is held, failed, expired or was cancelled, because a person asked for it.

    :param desk: The `DeskChoice` where it comes out, if that is not where it belongs.
    """
    return release([job], f'user:{user.id}', Reason.retried, desk)


def resolve(job, user, *, came_out):
    """Enter what a person saw about a job of which nobody knew whether it came out. Return whether that was open.

    A badge that did not come out gets another uuid: its agent never prints again what it may have printed.
    """
    state, reason = (S.completed, Reason.person_saw_it) if came_out else (S.failed, Reason.person_missed_it)
    values = {} if came_out else {'uuid': db.func.gen_random_uuid()}
    resolved = move([Job.id == job.id, Job.state == S.unknown], state, reason, f'user:{user.id}', **values)
    if resolved and job.agent_id is not None:
        # its local page asks, too
        notify_agents([job.agent_id])
    return bool(resolved)


def discard(jobs, user):
    """End jobs that nobody wants any more, unless they are on their way to paper. Return the ids."""
    may_end = Job.state.in_([S.held, S.queued, S.ready, S.failed])
    return move([Job.id.in_([job.id for job in jobs]), may_end], S.canceled, Reason.discarded, f'user:{user.id}',
                lease_dt=None)


def discard_held(event_id, user, conditions=()):
    """End all badges of an event that are held and meet more conditions. Return their ids."""
    return move([Job.event_id == event_id, Job.state == S.held, *conditions], S.canceled, Reason.discarded,
                f'user:{user.id}')

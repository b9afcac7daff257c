"""Cancels, holds and releases jobs: for people, and when a registration, its form or its event changes."""

from sqlalchemy.dialects.postgresql import ARRAY

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.ledger.conditions import is_data, paused
from indico_checkin_print.ledger.create import announce_undone
from indico_checkin_print.ledger.desks import desk_of_each, desks_for_jobs
from indico_checkin_print.ledger.states import DATA_EXPIRES_AFTER, EXPIRES_AFTER, HELD_EXPIRES_AFTER, STILL_HERE
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import UNASSIGNED, move, recall
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import notify, notify_agents, now


def cancel_check_in(registration, actor):
    """Cancel what was not yet on its way when a check-in is undone, and announce it to who may have heard of it.

    Return the ids of all jobs that this touched or made.
    """
    return [*recall([Job.registration_id == registration.id, Job.checked_in_dt.isnot(None),
                     db.or_(Job.purpose == Job.PURPOSE_BADGE, Job.purpose.startswith(Job.PURPOSE_CHECKIN))],
                    S.canceled, Reason.check_in_undone, actor),
            *announce_undone(registration, actor)]


def cancel_registration(registration, actor):
    """Cancel all that was not yet on its way when a registration is deleted: badges, and data for webhooks."""
    return recall([Job.registration_id == registration.id], S.canceled, Reason.registration_gone, actor)


def cancel_event(event, actor):
    """Cancel all that was not yet on its way when an event is deleted."""
    return recall([Job.event_id == event.id], S.canceled, Reason.event_gone, actor)


def cancel_form(registration_form, actor):
    """Cancel all that was not yet on its way when a registration form is deleted."""
    of_form = db.session.query(Registration.id).filter_by(registration_form_id=registration_form.id)
    return recall([Job.registration_id.in_(of_form.scalar_subquery())], S.canceled, Reason.form_gone, actor)


def restamp(registration, stamped):
    """Let the jobs of a check-in follow it when a second scan at the same moment put another time on it.

    Those of `stamped` (the time before, if known), and those of a badge that waits: undoing a check-in would have
    canceled it. A message to a webhook proves nothing, as it goes out all the same. Return their ids.
    """
    badge = db.aliased(Job)
    waiting = db.select(badge.checked_in_dt).where(
        badge.registration_id == registration.id, badge.purpose == Job.PURPOSE_BADGE, badge.reprint_of_id.is_(None),
        badge.state.in_(STILL_HERE))
    same = db.or_(Job.checked_in_dt == stamped, Job.checked_in_dt.in_(waiting))
    return db.session.execute(
        db.update(Job.__table__)
        .where(Job.registration_id == registration.id, Job.checked_in_dt != registration.checked_in_dt,
               Job.reprint_of_id.is_(None), same)
        .values(checked_in_dt=registration.checked_in_dt).returning(Job.id)).scalars().all()


def cancel(job, reason, actor):
    """Cancel a job that turned out to be pointless."""
    return move([Job.id == job.id], S.canceled, reason, actor, lease_dt=None)


def release(jobs, actor, reason=Reason.released):
    """Queue jobs that are held, or ended without paper, in the order in which they are given.

    They get a new time to live, a new dispatch, and a desk if they had none; a badge that failed at a webhook also
    another uuid, as its receiver would ignore one that it has had. Return the ids of those that were.

    :param jobs: Jobs, or rows with their ``id`` and ``state``.
    """
    jobs = list(jobs)
    ids = [job.id for job in jobs]
    # who releases what waits does not want what somebody ends at the same moment
    still = [Job.state == S.held] if all(job.state == S.held for job in jobs) else []
    place = db.func.array_position(db.cast(ids, ARRAY(db.BigInteger)), Job.id)
    expires_dt = db.case([(is_data(), now(DATA_EXPIRES_AFTER.total_seconds()))],
                    else_=now(EXPIRES_AFTER.total_seconds()))
    failed_there = db.and_(Job.state == S.failed, Job.purpose == Job.PURPOSE_BADGE, Job.agent_id.is_(None))
    moved = move([Job.id.in_(ids), *still], S.queued, reason, actor, attempts=0, dispatched_dt=None,
                 uuid=db.case([(failed_there, db.func.gen_random_uuid())], else_=Job.uuid),
                 queue_dt=now() + db.func.make_interval(0, 0, 0, 0, 0, 0, place / 1000.), next_try_dt=now(),
                 dispatch=Job.dispatch + 1, expires_dt=expires_dt, desk_id=desk_of_each(desks_for_jobs(ids)),
                 skipped_printers=[],
                 **UNASSIGNED)
    if moved:
        notify('queued')
    return sorted(moved, key=ids.index)


def retry(job, user):
    """Queue a job again that is held, failed, expired or was canceled, because a person asked for it."""
    return release([job], f'user:{user.id}', Reason.retried)


def retry_canceled(agent, printer, since):
    """Queue the badges again that a printer canceled within the last `since`: it cancels every badge.

    Where an agent names another reason for a failure, a person sees it first.
    """
    jobs = (Job.query.filter(Job.agent_id == agent.id, Job.printer == printer, Job.state == S.failed,
                             Job.purpose == Job.PURPOSE_BADGE, Job.changed_dt > now() - since,
                             db.or_(Job.reason.startswith('job-canceled'), Job.reason == 'job-aborted'))
            .order_by(Job.queue_dt, Job.id))
    return release(jobs, f'agent:{agent.id}', Reason.printer_cancels)


def release_paid(registration, actor):
    """Queue what was held until a registration was paid, unless its desk is paused."""
    moved = release(Job.query.filter(Job.registration_id == registration.id, Job.state == S.held,
                                     Job.reason == Reason.unpaid).order_by(Job.id), actor, Reason.paid)
    hold_paused(registration.event_id, actor, job_ids=moved)
    return moved


def release_paused(event_id, actor, *, desk_id=None):
    """Queue what was held while the event, or one desk of it, was paused."""
    jobs = Job.query.filter(Job.event_id == event_id, Job.state == S.held, Job.reason == Reason.paused)
    return release((jobs.filter(Job.desk_id == desk_id) if desk_id else jobs).order_by(Job.queue_dt, Job.id), actor)


def hold_paused(event_id, actor, *, job_ids=None):
    """Hold the badges of an event, or these of them, that wait while it, or their desk, is paused. Return their ids."""
    these = [] if job_ids is None else [Job.id.in_(job_ids)]
    return recall([Job.event_id == event_id, Job.purpose == Job.PURPOSE_BADGE, Job.state != S.held, paused(), *these],
                  S.held, Reason.paused, actor, expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()), **UNASSIGNED)


def hold_bulk(job_ids, actor):
    """Hold badges of which too many were asked for at once."""
    return move([Job.id.in_(job_ids), Job.state == S.queued, Job.purpose == Job.PURPOSE_BADGE], S.held, Reason.bulk,
                actor, expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()))


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

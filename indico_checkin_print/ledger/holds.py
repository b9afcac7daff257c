"""Holds jobs and releases them: until a payment, while a desk or an event is paused, after too many at once."""

from sqlalchemy.dialects.postgresql import ARRAY

from indico.core.db import db

from indico_checkin_print.ledger.batches import BACK, stop_returned
from indico_checkin_print.ledger.conditions import batch_canceled, batch_paused, is_data, paused
from indico_checkin_print.ledger.desks import desk_of_each, desks_for_jobs
from indico_checkin_print.ledger.states import (DATA_EXPIRES_AFTER, EXPIRES_AFTER, HELD_EXPIRES_AFTER, MAY_BE_OUT,
                                                STILL_HERE)
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import UNASSIGNED, move, recall
from indico_checkin_print.models.choices import ReprintPolicy
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import notify, now


def release(jobs, actor, reason=Reason.released, desk=None):
    """Queue jobs that are held, or ended without paper, in the order in which they are given.

    They get a new time to live, a new dispatch, and a desk if they had none; a badge that failed at a webhook also
    another uuid, as its receiver would ignore one that it has had. Those of a batch stay at their place in it, behind
    people who come later. If the event has no desk they are held for that. Return the ids of those that were queued.

    :param jobs: Jobs, or rows with their ``id`` and ``state``.
    :param desk: The `DeskChoice` where all of them come out, if that is not where each belongs.
    """
    jobs = list(jobs)
    ids = [job.id for job in jobs]
    # who releases what waits does not want what somebody ends at the same moment
    still = [Job.state == S.held] if all(job.state == S.held for job in jobs) else []
    place = db.func.array_position(db.cast(ids, ARRAY(db.BigInteger)), Job.id)
    of_batch = Job.batch_id.isnot(None)
    queue_dt = db.case([(of_batch, Job.queue_dt)],
                       else_=now() + db.func.make_interval(0, 0, 0, 0, 0, 0, place / 1000.))
    expires_dt = db.case([(is_data(), now(DATA_EXPIRES_AFTER.total_seconds())),
                          (of_batch, now(HELD_EXPIRES_AFTER.total_seconds()))],
                         else_=now(EXPIRES_AFTER.total_seconds()))
    failed_there = db.and_(Job.state == S.failed, Job.purpose == Job.PURPOSE_BADGE, Job.agent_id.is_(None))
    moved = move([Job.id.in_(ids), *still], S.queued, reason, actor, desk.detail if desk else '', attempts=0,
                 dispatched_dt=None,
                 uuid=db.case([(failed_there, db.func.gen_random_uuid())], else_=Job.uuid),
                 queue_dt=queue_dt, next_try_dt=now(),
                 dispatch=Job.dispatch + 1, expires_dt=expires_dt,
                 desk_id=desk.desk_id if desk else desk_of_each(desks_for_jobs(ids)),
                 skipped_printers=[],
                 **UNASSIGNED)
    # they print when there is a desk; ready for none they would expire
    homeless = move([Job.id.in_(moved), Job.desk_id.is_(None), Job.webhook_id.is_(None)], S.held, Reason.no_desk,
                    actor, expires_dt=now(HELD_EXPIRES_AFTER.total_seconds())) if moved else []
    moved = set(moved).difference(homeless)
    if moved:
        notify('queued')
    return sorted(moved, key=ids.index)


def release_paid(registration, actor):
    """Queue what was held until a registration was paid, unless its desk or its batch is paused.

    Who had asked for a badge before the check-in gets that of the check-in, and not both. Who had one of an earlier
    check-in gets another if the event wants that, as at a check-in of who has paid.
    """
    unpaid = [Job.registration_id == registration.id, Job.state == S.held, Job.reason == Reason.unpaid]
    # nearly always: every registration comes here
    if not Job.query.filter(*unpaid).has_rows():
        return []
    other = db.aliased(Job)
    others = db.session.query(other.id).filter(
        other.registration_id == Job.registration_id, other.person == Job.person, other.purpose == Job.PURPOSE_BADGE)
    of_checkin = others.filter(other.id > Job.id, other.checked_in_dt.isnot(None),
                               other.state.in_(MAY_BE_OUT.union(STILL_HERE)))
    move([*unpaid, Job.checked_in_dt.is_(None), of_checkin.exists()], S.canceled, Reason.printed_before, actor)
    setup = EventSetup.query.get(registration.event_id)
    # who is to get none is not held for a payment
    if setup is None or setup.reprint == ReprintPolicy.hold:
        had_one = others.filter(other.id < Job.id, other.state.in_(MAY_BE_OUT))
        move([*unpaid, Job.checked_in_dt.isnot(None), Job.reprint_of_id.is_(None), had_one.exists()], S.held,
             Reason.already_printed, actor)
    moved = release(Job.query.filter(*unpaid).order_by(Job.id), actor, Reason.paid)
    hold_paused(registration.event_id, actor, job_ids=moved)
    return moved


def hand_out(job, state, reason, desk, user_id, actor):
    """Let a badge that waits for the badge desk begin as a check-in there would. Return whether it still waited.

    :param state: What it begins as, and the `reason` (`routing.admission.judge`).
    :param desk: The `DeskChoice`.
    :param user_id: Who scanned, or ``None``.
    """
    if state == S.queued:
        reason = Reason.scanned
    expires_after = HELD_EXPIRES_AFTER if state == S.held else EXPIRES_AFTER
    moved = move([Job.id == job.id, Job.state == S.held, Job.reason == Reason.badge_desk], state, reason, actor,
                 '' if state == S.canceled else desk.detail, desk_id=desk.desk_id, user_id=user_id, queue_dt=now(),
                 next_try_dt=now(), expires_dt=now(expires_after.total_seconds()),
                 facts=db.func.jsonb_build_object('since', db.func.now()))
    return bool(moved)


def release_paused(event_id, actor, *, desk_id=None):
    """Queue what was held while the event, or one desk of it, was paused."""
    jobs = Job.query.filter(Job.event_id == event_id, Job.state == S.held, Job.reason == Reason.paused)
    return release((jobs.filter(Job.desk_id == desk_id) if desk_id else jobs).order_by(Job.queue_dt, Job.id), actor)


def retry_canceled(agent, printer, since):
    """Queue the badges again that a printer cancelled within the last `since`: it cancels every badge.

    Where an agent names another reason for a failure, a person sees it first. Those of a batch that was cancelled
    meanwhile stay as they are.
    """
    jobs = (Job.query.filter(Job.agent_id == agent.id, Job.printer == printer, Job.state == S.failed,
                             Job.purpose == Job.PURPOSE_BADGE, Job.changed_dt > now() - since, ~batch_canceled(),
                             db.or_(Job.reason.startswith('job-canceled'), Job.reason == 'job-aborted'))
            .order_by(Job.queue_dt, Job.id))
    actor = f'agent:{agent.id}'
    moved = release(jobs, actor, Reason.printer_cancels)
    stop_returned(moved, actor)
    return moved


def hold_paused(event_id, actor, *, job_ids=None):
    """Hold the badges of an event, or these of them, that wait while it, their desk or their batch is paused.

    Return their ids.
    """
    these = [] if job_ids is None else [Job.id.in_(job_ids)]
    badges = Job.purpose.in_([Job.PURPOSE_BADGE, Job.PURPOSE_SEPARATOR])
    where = [Job.event_id == event_id, badges, Job.state != S.held, *these]
    # those of a batch go back to it: it feeds no desk that is paused
    return [*recall([*where, Job.batch_id.is_(None), paused()], S.held, Reason.paused, actor,
                    expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()), **UNASSIGNED),
            *recall([*where, batch_paused()], S.held, Reason.in_batch, actor, **BACK)]


def hold_bulk(job_ids, actor):
    """Hold badges of which too many were asked for at once."""
    return recall([Job.id.in_(job_ids), Job.state.in_([S.queued, S.ready]), Job.purpose == Job.PURPOSE_BADGE], S.held,
                  Reason.bulk, actor, expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()), **UNASSIGNED)

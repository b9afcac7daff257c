"""What a process does that has claimed a job under a lease: it renders, or POSTs to a webhook."""

from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy.dialects.postgresql import JSONB

from indico.core.db import db

from indico_checkin_print.badge.content import fingerprint, is_current
from indico_checkin_print.badge.losses import to_facts
from indico_checkin_print.ledger.batches import stop_returned
from indico_checkin_print.ledger.conditions import (behind_another, due, for_receiver, for_webhooks, goes_to, is_data,
                                                    may_have_arrived, may_have_arrived_elsewhere, still_wanted)
from indico_checkin_print.ledger.documents import store_document
from indico_checkin_print.ledger.states import HELD_EXPIRES_AFTER, MAX_RENDERS, POST_LEASE, RENDER_LEASE
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import draw_anew, fresh, move, notify_desks
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import notify, now


def claim_render(actor, *, due_for=0):
    """Take the next queued job under a lease. Return it, or ``None``.

    The caller commits at once; nobody else then works on the job until the lease ends.

    :param due_for: Only take what has been due for so many seconds.
    """
    next_id = (db.session.query(Job.id)
               .filter(due(S.queued, due_for))
               .order_by(is_data(), Job.queue_dt, Job.id)
               .limit(1).with_for_update(skip_locked=True).scalar_subquery())
    ids = move([Job.id == next_id], S.rendering, Reason.claimed, actor,
               lease_dt=now(RENDER_LEASE), attempts=Job.attempts + 1, drawn_from=fingerprint())
    return fresh(ids[0]) if ids else None


def is_any_queued():
    """Return whether there is anything that `claim_render` would take; unlike that, it takes no lock."""
    return db.session.query(Job.query.filter(due(S.queued)).exists()).scalar()


def rendered(job, pdf, actor):
    """Store the document of a claimed job, which is then ready for its desk.

    :param pdf: A `badge.render.BadgePDF`, or ``None`` for a job that needs no document.
    :return: Whether the claim still held; otherwise nothing was stored.
    """
    document_id = store_document(pdf, job.registration_id, _claimed(job)) if pdf is not None else None
    if pdf is not None and document_id is None:
        return False
    facts = {} if pdf is None else {'facts': _facts_with(to_facts(pdf.losses), pdf.drawn_with)}
    person = db.case([(Job.purpose == Job.PURPOSE_TEST, '')], else_=Job.person)
    return _ready(job, Reason.rendered, actor, document_id=document_id, person=person, **facts)


def use_prepared(job, actor):
    """Let a claimed job print what was drawn ahead for its person (`Job.prepared`).

    :return: Whether the claim still held.
    """
    return _ready(job, Reason.prepared, actor, document_id=job.prepared.document_id,
                  facts=_facts_with(job.prepared.losses, job.prepared.drawn_with))


def _ready(job, reason, actor, **values):
    if not move(_claimed(job), S.ready, reason, actor, lease_dt=None, attempts=0, next_try_dt=now(), **values):
        return False
    if job.webhook_id is not None or (job.desk is not None and job.desk.webhook_id is not None):
        # for the badge of an agent not the relay is notified, but that agent
        notify('queued')
    if values['document_id'] is not None:
        notify_desks([job.desk_id])
    return True


def _facts_with(losses, drawn_with):
    """Return the facts of a job with what there is to say about its document, and without those of an earlier one."""
    new = {'losses': losses, 'drawn_with': drawn_with}
    old = Job.facts - 'losses' - 'drawn_with'
    if new := {key: value for key, value in new.items() if value}:
        return db.func.coalesce(old, db.cast({}, JSONB)).op('||')(db.cast(new, JSONB))
    return old


def hold_claimed(job, reason, detail, actor):
    """Hold a claimed badge for a person to look at, unless it was held for the same before: then somebody released it.

    :return: Whether it is held.
    """
    if any((step.reason, step.detail) == (reason, detail) and following.reason != Reason.corrected
           for step, following in pairwise(job.history)):
        return False
    return bool(move(_claimed(job), S.held, reason, actor, detail, lease_dt=None, attempts=0,
                     expires_dt=now(HELD_EXPIRES_AFTER.total_seconds())))


def fail_render(job, reason, detail, actor, *, final):
    """Note that a claimed job could not be rendered: for good, or until the next try."""
    if final or job.attempts >= MAX_RENDERS:
        return move(_claimed(job), S.failed, reason, actor, detail, lease_dt=None)
    return move(_claimed(job), S.queued, Reason.retry_later, actor, detail, lease_dt=None,
                next_try_dt=now(5 * job.attempts))


def _claimed(job):
    """Return the condition that nobody else took a job meanwhile, because the lease had ended."""
    return [Job.id == job.id, Job.state == S.rendering, Job.attempts == job.attempts, Job.dispatch == job.dispatch]


#: How many messages that nobody wants any more one search for a message to send cancels.
MAX_UNWANTED_PER_CLAIM = 100


@dataclass(frozen=True)
class Claim:
    """Which claim of a job somebody speaks about: its lease may have ended, and another one may have it."""

    id: int
    attempts: int
    dispatch: int


def claim_post(actor, *, due_for=0, only_badges=False):
    """Take the next job that is due at a webhook under a lease; one at a time for each webhook.

    Webhooks take turns: none gets a second POST before each that is due had its first.

    :param due_for: Only take what has been due for so many seconds.
    :param only_badges: Leave data for other systems to others.
    """
    for __ in range(MAX_UNWANTED_PER_CLAIM):
        job_id = _next_post(due_for, only_badges)
        if job_id is None:
            return None
        still_free = (for_receiver(db.session.query(Job.id))
                      .filter(Job.id == job_id, for_webhooks()).scalar_subquery())
        if move([Job.id == still_free, still_wanted(), is_current()], S.dispatched, Reason.granted, actor,
                lease_dt=now(POST_LEASE), dispatched_dt=now(), attempts=Job.attempts + 1,
                dispatch=db.func.greatest(Job.dispatch, 1)):
            return fresh(job_id)
        if not (move([Job.id == job_id, ~still_wanted()], S.canceled, Reason.no_longer_wanted, actor)
                or draw_anew([job_id], actor)):
            # somebody else began a POST to the same webhook
            return None
    # the rest is for the next look
    return None


def _next_post(due_for, only_badges):
    """Lock the job that is to be POSTed next, and its webhook. Return its id, or ``None``."""
    # The webhook is locked, so that no two workers find it free at the same moment; and whether it is free is asked
    # once more under the lock. The queue's order is for receivers that work: probes take turns, so that one message
    # that a receiver cannot bear does not keep it shut.
    turn = db.case([(Webhook.opened_dt.isnot(None), Job.next_try_dt)], else_=Job.queue_dt)
    return (for_receiver(db.session.query(Job.id))
            .filter(due(S.ready, due_for), for_webhooks(), ~behind_another(), *[~is_data()] * only_badges)
            .order_by(Webhook.posted_dt.nullsfirst(), is_data(), turn, Job.id)
            .limit(1).with_for_update(skip_locked=True, key_share=True, of=[Job, Webhook]).scalar())


def delivered(claim, detail, actor):
    """The receiver took the POST. What it says later about the print is welcome, but not needed.

    :param claim: The job as it was claimed, or its `Claim`. It may have been claimed again since; then the receiver has
                  it all the same, unless the badge was drawn anew.
    """
    return move([Job.id == claim.id, Job.state == S.dispatched, Job.dispatch == claim.dispatch], S.sent,
                Reason.delivered, actor, detail, lease_dt=None)


def undelivered(claim, reason, detail, actor, *, retry_in, was_probe=False):
    """The POST did not work: try again after `retry_in` seconds, or never if that is ``None``.

    :param claim: The job as it was claimed, or its `Claim`. Nothing happens if somebody else has claimed it since.
    :param was_probe: Whether it was the probe of an open breaker, which costs the job no attempt.
    """
    here = [Job.id == claim.id, Job.state == S.dispatched, Job.attempts == claim.attempts,
            Job.dispatch == claim.dispatch]
    if retry_in is None:
        unsure = move([*here, Job.purpose == Job.PURPOSE_BADGE, may_have_arrived()], S.unknown,
                      Reason.no_answer, actor, detail, lease_dt=None)
        return unsure or move(here, S.failed, reason, actor, detail, lease_dt=None)
    if unsure := doubt(here, actor, detail):  # the desk got another delivery meanwhile
        return unsure
    moved = move(here, S.ready, reason, actor, detail, lease_dt=None, next_try_dt=now(retry_in),
                 attempts=Job.attempts - 1 if was_probe else Job.attempts)
    stop_returned(moved, actor)
    draw_anew(moved, actor)
    return moved


def doubt(where, actor, detail=''):
    """Leave badges to a person that a webhook may have got to which they do not go any more. Return their ids."""
    return move([*where, Job.purpose == Job.PURPOSE_BADGE, may_have_arrived_elsewhere()], S.unknown, Reason.no_answer,
                actor, detail, lease_dt=None)


def due_at_once(webhook):
    """Let all that waits for a webhook be tried as soon as the webhook may be: it works again, or others say when."""
    db.session.execute(db.update(Job.__table__)
                       .where(Job.state == S.ready, Job.agent_id.is_(None), goes_to(webhook))
                       .values(next_try_dt=now()))
    notify('queued')

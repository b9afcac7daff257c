"""Who waits for what: the conditions by which the ledger and the relay choose jobs. Nothing here changes a row."""

from functools import cache

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.choices import EQUIPMENT_EVENTS
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import now


#: How the purposes begin of messages to webhooks, for which nobody stands at a desk
DATA_PURPOSES = (Job.PURPOSE_CHECKIN, Job.PURPOSE_UNDO, Job.PURPOSE_NEWS)


@cache
def due(state, seconds=0):
    """Return the condition for jobs in a state that nobody has and that have been due for so many seconds."""
    return db.and_(Job.state == state, Job.agent_id.is_(None), Job.next_try_dt <= now(-seconds),
                   Job.expires_dt > now())


@cache
def for_webhooks():
    """Return the condition for jobs (joined with their desk) whose webhook can be POSTed to now.

    One POST at a time for each webhook; none while it is switched off or while its breaker is open.
    """
    target = db.func.coalesce(Job.webhook_id, Desk.webhook_id)
    job, desk = db.aliased(Job), db.aliased(Desk)
    busy = (db.session.query(db.func.coalesce(job.webhook_id, desk.webhook_id))
            .outerjoin(desk, desk.id == job.desk_id)
            .filter(job.state == JobState.dispatched, job.agent_id.is_(None), job.lease_dt > now(),
                    db.func.coalesce(job.webhook_id, desk.webhook_id).isnot(None)))
    shut = db.session.query(Webhook.id).filter(~Webhook.is_deleted, ~Webhook.enabled | (Webhook.probe_dt > now()))
    return db.and_(target.isnot(None), target.notin_(busy), target.notin_(shut))


@cache
def is_data():
    """Return the condition for messages to webhooks, for which nobody stands at a desk."""
    return db.or_(*(Job.purpose.startswith(purpose) for purpose in DATA_PURPOSES))


@cache
def is_about_equipment():
    """Return the condition for news of print agents and printers, which belong to no registration."""
    return db.or_(*(Job.purpose.startswith(f'{Job.PURPOSE_NEWS}{event}:') for event in EQUIPMENT_EVENTS))


@cache
def still_wanted():
    """Return the condition for jobs whose check-in, and for badges also whose registration, is what it was.

    Asked in the statement that gives permission to print: whatever was committed before holds. A state that became
    unpaid is no part of it, because what is held for that may have been released (see `corrections.follow_state`).
    """
    reg = db.aliased(Registration)
    # a message that a person sends again may be about an earlier check-in
    resent = db.and_(Job.purpose.startswith(Job.PURPOSE_CHECKIN), Job.reprint_of_id.isnot(None),
                     reg.checked_in_dt.isnot(None))
    # what became of a badge is news whatever became of its check-in
    news = Job.purpose.startswith(Job.PURPOSE_NEWS)
    same_checkin = db.or_(Job.checked_in_dt.is_(None), reg.checked_in_dt == Job.checked_in_dt, resent, news)
    allowed = db.or_(Job.purpose != Job.PURPOSE_BADGE,
                     reg.state.in_([RegistrationState.complete, RegistrationState.unpaid]))
    return db.or_(Job.purpose.in_([Job.PURPOSE_TEST, Job.PURPOSE_SEPARATOR]), Job.purpose.startswith(Job.PURPOSE_UNDO),
                  is_about_equipment(),
                  db.session.query(reg.id).filter(reg.id == Job.registration_id, ~reg.is_deleted, same_checkin, allowed)
                  .exists())


@cache
def behind_another():
    """Return the condition for messages to a webhook that wait for an earlier one about the same person or agent."""
    before = db.aliased(Job)
    waits = [before.webhook_id == Job.webhook_id, before.id < Job.id,
             before.state.in_([JobState.queued, JobState.rendering, JobState.ready, JobState.dispatched])]
    same_person = (db.session.query(before.id)
                   .filter(before.registration_id == Job.registration_id, *waits).exists())
    same_agent = (db.session.query(before.id)
                  .filter(before.registration_id.is_(None), before.facts['agent'] == Job.facts['agent'], *waits)
                  .exists())
    return db.and_(Job.webhook_id.isnot(None), db.or_(same_person, db.and_(is_about_equipment(), same_agent)))


def for_receiver(jobs):
    """Join a query for jobs with their desk and with the webhook that they go to."""
    return (jobs.outerjoin(Desk, Desk.id == Job.desk_id)
            .join(Webhook, Webhook.id == db.func.coalesce(Job.webhook_id, Desk.webhook_id)))


def goes_to(webhook):
    """Return the condition for jobs of a webhook: its own, and those of desks that it stands for."""
    desks = db.select(Desk.id).where(Desk.webhook_id == webhook.id)
    return db.or_(Job.webhook_id == webhook.id, db.and_(Job.webhook_id.is_(None), Job.desk_id.in_(desks)))


def post_is_due():
    """Return whether a POST could be made now."""
    return db.session.query(for_receiver(db.session.query(Job.id))
                            .filter(due(JobState.ready), for_webhooks(), ~behind_another()).exists()).scalar()


def waits_for(webhook):
    """Return a query for the jobs that a webhook is to get."""
    return Job.query.filter(goes_to(webhook), Job.event_id == webhook.event_id,
                            Job.state.in_([JobState.queued, JobState.rendering, JobState.ready, JobState.dispatched]))


def not_delivered_since(webhook, since):
    """Return a query for the jobs of a webhook that failed or expired, unless the same was sent again since."""
    later = db.aliased(Job)
    resent = (db.session.query(later)
                  .filter(later.reprint_of_id == db.func.coalesce(Job.reprint_of_id, Job.id), later.id > Job.id,
                          later.state.notin_([JobState.failed, JobState.expired, JobState.canceled])))
    return (Job.query
            .filter(goes_to(webhook), Job.event_id == webhook.event_id, Job.created_dt >= since,
                    Job.state.in_([JobState.failed, JobState.expired]), ~resent.exists()))


def paused():
    """Return the condition for jobs whose event or desk is paused."""
    return db.or_(db.session.query(EventSetup).filter(EventSetup.event_id == Job.event_id, EventSetup.paused).exists(),
                  db.session.query(Desk).filter(Desk.id == Job.desk_id, Desk.paused).exists())


def batch_paused():
    """Return the condition for badges of a batch that have to wait: it, or their event or desk, is paused."""
    return db.and_(Job.batch_id.isnot(None), db.or_(
        paused(), db.session.query(Batch.id).filter(Batch.id == Job.batch_id, Batch.paused).exists()))


def batch_canceled(since=Job.dispatched_dt):
    """Return the condition for badges whose batch was cancelled after they got permission to print.

    :param since: When that was. One that somebody retried after the cancellation is wanted.
    """
    return db.session.query(Batch.id).filter(Batch.id == Job.batch_id, Batch.canceled_dt >= since).exists()


def in_batch_queue():
    """Return the condition for badges of a batch that has not come to them yet: they need nobody."""
    return db.and_(Job.state == JobState.held, Job.reason == Reason.in_batch)


def may_have_arrived():
    """Return the condition for jobs of which a receiver may have the badge although it never said so."""
    return db.session.query(Attempt).filter(Attempt.job_id == Job.id, Attempt.may_have_arrived).exists()


def may_have_arrived_elsewhere():
    """Return the condition for those of `may_have_arrived` whose desk goes to something else by now."""
    return (db.session.query(Attempt)
            .outerjoin(Desk, Desk.id == Job.desk_id)
            .filter(Attempt.job_id == Job.id, Attempt.may_have_arrived,
                    Attempt.webhook_id.is_distinct_from(db.func.coalesce(Job.webhook_id, Desk.webhook_id)))
            .exists())


def agents_away():
    """Return the ids of agents that do not answer, or may not."""
    return (db.session.query(Agent.id)
            .filter(db.or_(Agent.seen_dt < now(-Agent.AWAY_AFTER.total_seconds()), Agent.revoked_dt.isnot(None),
                           Agent.draining))
            .scalar_subquery())

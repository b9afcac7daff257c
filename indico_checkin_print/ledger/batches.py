"""Batches: many badges apart from a check-in. They wait as held jobs and are queued a few at a time.

So a batch of thousands fills neither the queue of the workers nor the store of documents, nothing of it gets too old
before its turn, and to pause or cancel it concerns few jobs that have left. Its place in the queue is years behind:
people who stand at a desk are drawn and printed first, wherever the queue's order counts.
"""

import json

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.ledger.conditions import batch_canceled, batch_paused, in_batch_queue
from indico_checkin_print.ledger.states import HELD_EXPIRES_AFTER, MAY_BE_OUT, STILL_HERE
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import UNASSIGNED, move, recall
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import cursor, notify, now


#: Badges of batches that are under way at one desk; more are queued as these come out
MAX_UNDER_WAY = 40
#: The same where a webhook takes them. What was sent cannot be called back, and who comes waits behind it
MAX_AT_RECEIVER = 10
#: A receiver that says nothing is taken to have printed what it got so long ago: one badge in three seconds
SILENT_RECEIVER_PRINTS_WITHIN = 30  # seconds
#: In these states a badge of a batch has left it and has no outcome yet
UNDER_WAY = (S.queued, S.rendering, S.ready, S.dispatched, S.printing)
#: What becomes of a badge that goes back to its batch. A worker that draws it, or an agent that has it, has another one
BACK = {'expires_dt': now(HELD_EXPIRES_AFTER.total_seconds()), 'dispatch': Job.dispatch + 1, **UNASSIGNED}

#: Who queues badges in their turn: nobody in person, also when a manager has just started or resumed their batch
ACTOR = 'batch'

# One statement, however many people there are. Somebody who has a badge by now is left out; no registration is locked,
# so who gets one at this very moment is noticed when it is their turn
_CREATE = """
    WITH clock AS (SELECT now() AT TIME ZONE 'UTC' AS now),
    wanted AS (
        SELECT * FROM jsonb_to_recordset(cast(%(rows)s AS jsonb)) AS r
            (place int, registration_id int, person text, purpose text, facts jsonb, reprint_of_id bigint, desk_id int)
    ),
    free AS (
        SELECT * FROM wanted r
        WHERE r.registration_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM plugin_checkin_print.jobs j
            WHERE j.registration_id = r.registration_id AND j.person = r.person AND j.purpose = 'badge'
            AND j.state = ANY(%(theirs)s) AND j.id > coalesce(r.reprint_of_id, 0))
    ),
    created AS (
        INSERT INTO plugin_checkin_print.jobs
            (event_id, registration_id, person, purpose, facts, reprint_of_id, user_id, desk_id, batch_id, state,
             reason, created_dt, changed_dt, queue_dt, next_try_dt, expires_dt)
        SELECT %(event_id)s, r.registration_id, r.person, r.purpose, r.facts, r.reprint_of_id, %(user_id)s, r.desk_id,
               %(batch_id)s, %(held)s, %(reason)s, clock.now, clock.now,
               clock.now + interval '10 years' + make_interval(secs => r.place / 1000.0), clock.now,
               clock.now + make_interval(secs => %(expires_in)s)
        FROM clock, free r
        -- no sheets without badges
        WHERE EXISTS (SELECT 1 FROM free WHERE registration_id IS NOT NULL)
        ORDER BY r.place
        RETURNING id, state, reason, purpose
    ),
    history AS (
        INSERT INTO plugin_checkin_print.job_history (job_id, state, reason, detail, actor)
        SELECT id, state, reason, '', %(actor)s FROM created
    )
    SELECT count(*) FROM created WHERE purpose = 'badge'
"""


def create_batch(batch, parts, actor):
    """Enter the badges of a batch and queue the first of them. Return how many badges that are.

    :param batch: The `Batch`, flushed.
    :param parts: What `routing.batch_order.arrange` returned.
    """
    rows = []
    # the desks print side by side, so their badges take turns
    for index in range(max((len(part) for part in parts.values()), default=0)):
        rows += [_row(part[index], desk_id) for desk_id, part in parts.items() if index < len(part)]
    for place, row in enumerate(rows):
        row['place'] = place
    with cursor() as cur:
        cur.execute(_CREATE, {
            'rows': json.dumps(rows), 'event_id': batch.event_id, 'batch_id': batch.id, 'user_id': batch.user_id,
            'held': int(S.held), 'reason': str(Reason.in_batch), 'actor': actor,
            'theirs': [int(state) for state in MAY_BE_OUT.union(STILL_HERE)],
            'expires_in': HELD_EXPIRES_AFTER.total_seconds()})
        count, = cur.fetchone()
    # `feed_batches` has to find one
    db.session.execute(insert(EventSetup.__table__).values(event_id=batch.event_id).on_conflict_do_nothing())
    feed_batches(ACTOR, batch.id)
    return count


def _row(item, desk_id):
    if hasattr(item, 'text'):
        return {'registration_id': None, 'person': '', 'purpose': Job.PURPOSE_SEPARATOR, 'facts': {'text': item.text},
                'reprint_of_id': None, 'desk_id': desk_id}
    return {'registration_id': item.registration_id, 'person': item.person, 'purpose': Job.PURPOSE_BADGE,
            'facts': None, 'reprint_of_id': item.reprint_of_id, 'desk_id': desk_id}


def feed_batches(actor, batch_id=None):
    """Queue the next badges of all batches, or of one, at desks that have few of them under way. Return their ids.

    It waits for no lock: a pause of a batch, an event or a desk at the same moment is first.
    """
    # the switch of a form stops and starts its printing
    prints = db.session.query(FormSetup).filter(
        FormSetup.registration_form_id == Batch.registration_form_id, FormSetup.enabled).exists()
    batches = db.session.query(Batch.id, Batch.event_id).filter(
        ~Batch.paused, prints, _waiting(Job.batch_id == Batch.id).exists())
    if batch_id is not None:
        batches = batches.filter(Batch.id == batch_id)
    found = dict(batches.order_by(Batch.id).with_for_update(skip_locked=True).all())
    if not found:
        return []
    printing = [id_ for id_, in db.session.query(EventSetup.event_id)
                .filter(EventSetup.event_id.in_(found.values()), ~EventSetup.paused)
                .with_for_update(read=True, skip_locked=True)]
    desks = (db.session.query(Desk.id, Desk.webhook_id)
             .filter(Desk.event_id.in_(printing), ~Desk.paused,
                     _waiting(Job.desk_id == Desk.id, Job.batch_id.in_(found)).exists())
             .order_by(Desk.id).with_for_update(key_share=True, skip_locked=True))
    moved = []
    for desk_id, webhook_id in desks.all():
        next_ids = _next(found, desk_id, _room(desk_id, webhook_id))
        if not next_ids:
            continue
        # who has asked at a desk meanwhile needs no other one
        move([Job.id.in_(next_ids), in_batch_queue(), _has_another()], S.canceled, Reason.printed_before, actor)
        # those that are made ready now have a day: nobody has to stand there when they come out
        moved += move([Job.id.in_(next_ids), in_batch_queue()], S.queued, Reason.batch_turn, actor, attempts=0,
                      next_try_dt=now(), expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()), dispatched_dt=None)
    if moved:
        notify('queued')
    return moved


def _room(desk_id, webhook_id):
    """Return how many more badges of batches a desk takes."""
    under_way, most = Job.state.in_(UNDER_WAY), MAX_UNDER_WAY
    if webhook_id is not None:
        unanswered = db.and_(Job.state == S.sent, Job.changed_dt > now(-SILENT_RECEIVER_PRINTS_WITHIN))
        under_way, most = db.or_(under_way, unanswered), MAX_AT_RECEIVER
    return max(0, most - Job.query.filter(Job.desk_id == desk_id, Job.batch_id.isnot(None), under_way).count())


def _next(batch_ids, desk_id, count):
    """Return the ids of the badges that a desk gets next, at most so many, and lock whose they are.

    Nobody of them is checked in until the commit. Who is at this moment, or is changed, waits for the next time: to
    wait here for somebody who waits for another of these people would be a deadlock.
    """
    waiting = dict(_waiting(Job.batch_id.in_(batch_ids), Job.desk_id == desk_id)
                   .with_entities(Job.id, Job.registration_id)
                   .order_by(Job.queue_dt, Job.id).limit(count)
                   .with_for_update(key_share=True, skip_locked=True).all())
    free = {id_ for id_, in db.session.query(Registration.id).filter(Registration.id.in_(waiting.values()))
            .with_for_update(key_share=True, skip_locked=True)}
    # the sheets between the badges are nobody's
    return [id_ for id_, registration_id in waiting.items() if registration_id is None or registration_id in free]


def _has_another():
    """Return the condition for badges whose person has another one, besides the one that it repeats.

    That is one that is on its way or out, or one that came into a batch before.
    """
    other = db.aliased(Job)
    earlier = db.and_(other.state == S.held, other.reason == Reason.in_batch, other.id < Job.id)
    return (db.session.query(other.id)
            .filter(other.registration_id == Job.registration_id, other.person == Job.person,
                    other.purpose == Job.PURPOSE_BADGE, other.id != Job.id,
                    other.id > db.func.coalesce(Job.reprint_of_id, 0),
                    db.or_(other.state.in_(MAY_BE_OUT.union(STILL_HERE) - {S.held}), earlier))
            .exists())


def _waiting(*where):
    return Job.query.filter(in_batch_queue(), *where)


def pause_batch(batch, actor, *, paused):
    """Pause or resume a batch. What has no permission to print yet waits. Return whether that changed anything."""
    db.session.refresh(batch, with_for_update=True)
    if batch.paused == paused:
        return False
    batch.paused = paused
    db.session.flush()
    if paused:
        recall([Job.batch_id == batch.id, Job.state != S.held], S.held, Reason.in_batch, actor, **BACK)
    else:
        feed_batches(ACTOR, batch.id)
    return True


def cancel_batch(batch, actor):
    """Cancel what certainly has not come out: all that has no permission to print. Return the ids."""
    db.session.refresh(batch, with_for_update=True)
    canceled = recall([Job.batch_id == batch.id], S.canceled, Reason.batch_canceled, actor)
    # later than all permissions that were first, although this transaction may have begun before them
    clock = db.func.timezone('UTC', db.func.clock_timestamp())
    db.session.execute(db.update(Batch.__table__).where(Batch.id == batch.id).values(canceled_dt=clock))
    return canceled


def stop_returned(job_ids, actor, since=Job.dispatched_dt):
    """Cancel or hold those of some badges, which came back, whose batch was cancelled or paused in the meantime.

    :param since: When they had got permission to print.
    """
    batches = db.select(Job.batch_id).where(Job.id.in_(job_ids), Job.batch_id.isnot(None))
    # a pause or a cancellation of this moment, which does not find them here yet, is first
    if job_ids and db.session.query(Batch.id).filter(Batch.id.in_(batches)).with_for_update(read=True).all():
        recall([Job.id.in_(job_ids), batch_canceled(since)], S.canceled, Reason.batch_canceled, actor)
        recall([Job.id.in_(job_ids), batch_paused()], S.held, Reason.in_batch, actor, **BACK)

"""How jobs come into the ledger: by a check-in, or because a person asks for a badge or a message once more."""

import json
from dataclasses import dataclass

from indico.core.db import db

from indico_checkin_print.heartbeat import DRAWS
from indico_checkin_print.ledger.conditions import DATA_PURPOSES, may_have_arrived
from indico_checkin_print.ledger.desks import desks_for_jobs
from indico_checkin_print.ledger.states import (BADGE_DESK_EXPIRES_AFTER, DATA_EXPIRES_AFTER, EXPIRES_AFTER,
                                                HELD_EXPIRES_AFTER)
from indico_checkin_print.ledger.states import JobState as S
from indico_checkin_print.ledger.transition import fresh
from indico_checkin_print.models.choices import WebhookEvent
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import Function, cursor, notify


#: A check-in becomes rows in one statement, because it happens while a volunteer waits. A row that is there already
#: (a second scan, a bulk click) is left alone. A badge that was drawn ahead is ready at once; whether it shows what is
#: true is asked when permission to print is given, because that takes longer than all of this. Nobody waits here for
#: those who draw ahead.
_RECORD = Function('record_jobs', f"""
    WITH clock AS (
        SELECT now() AT TIME ZONE 'UTC' AS now,
               -- in a long request people are checked in after its transaction began
               greatest(now(), cast(%(checked_in_dt)s AS timestamptz)) AT TIME ZONE 'UTC' AS created
    ),
    prepared AS (
        SELECT p.person, p.document_id, p.drawn_from, p.losses, p.drawn_with FROM plugin_checkin_print.prepared p
        WHERE p.registration_id = %(registration_id)s AND p.document_id IS NOT NULL AND p.drawn_by IN (
            SELECT h.detail FROM plugin_checkin_print.{Heartbeat.__tablename__} h WHERE starts_with(h.name, '{DRAWS}'))
        FOR SHARE OF p SKIP LOCKED
    ),
    wanted AS (
        SELECT r.*, p.document_id, p.losses, p.drawn_with, coalesce(p.drawn_from, '') AS drawn_from,
               CASE WHEN p.document_id IS NULL THEN r.state ELSE %(ready)s END AS begins_as
        FROM jsonb_to_recordset(cast(%(rows)s AS jsonb)) AS r
            (person text, purpose text, facts jsonb, reprint_of_id bigint, desk_id int, webhook_id int, state int,
             reason text, expires_in float, detail text)
        -- not one that somebody changed for this print
        LEFT JOIN prepared p ON p.person = r.person AND r.state = %(queued)s
            AND (r.purpose = 'badge' OR starts_with(r.purpose, 'webhook:'))
            AND NOT coalesce(r.facts ?| ARRAY['template', 'edits'], false)
    ),
    created AS (
        INSERT INTO plugin_checkin_print.jobs
            (event_id, registration_id, person, checked_in_dt, purpose, facts, reprint_of_id, user_id, desk_id,
             webhook_id, state, reason, document_id, drawn_from, created_dt, changed_dt, queue_dt, next_try_dt,
             expires_dt)
        SELECT %(event_id)s, %(registration_id)s, r.person, cast(%(checked_in_dt)s AS timestamptz) AT TIME ZONE 'UTC',
               r.purpose,
               nullif(coalesce(r.facts, '{{}}')
                      || CASE WHEN r.losses IS NULL THEN '{{}}' ELSE jsonb_build_object('losses', r.losses) END
                      || CASE WHEN r.drawn_with IS NULL THEN '{{}}'
                         ELSE jsonb_build_object('drawn_with', r.drawn_with) END, '{{}}'),
               r.reprint_of_id, %(user_id)s, r.desk_id, r.webhook_id, r.begins_as,
               CASE WHEN r.document_id IS NULL THEN r.reason ELSE 'prepared' END, r.document_id, r.drawn_from,
               clock.created, clock.created, clock.now, clock.now, clock.now + make_interval(secs => r.expires_in)
        FROM clock, wanted r
        ON CONFLICT DO NOTHING
        RETURNING id, person, purpose, state, reason, desk_id, webhook_id, document_id
    ),
    history AS (
        INSERT INTO plugin_checkin_print.job_history (job_id, state, reason, detail, actor)
        SELECT c.id, c.state, w.reason, w.detail, %(actor)s
        FROM created c JOIN wanted w ON w.person = c.person AND w.purpose = c.purpose
        UNION ALL
        SELECT c.id, c.state, c.reason, '', %(actor)s FROM created c WHERE c.document_id IS NOT NULL
    )
    SELECT array_agg(id ORDER BY id),
           bool_or(state = %(ready)s AND (webhook_id IS NOT NULL OR desk_id IN (
               SELECT d.id FROM plugin_checkin_print.desks d WHERE d.webhook_id IS NOT NULL))),
           bool_or(state = %(queued)s),
           -- the agents of the desks
           (SELECT count(pg_notify('checkin_print', 'agent ' || p.agent_id))
            FROM created c JOIN plugin_checkin_print.desk_printers p ON p.desk_id = c.desk_id
            WHERE c.document_id IS NOT NULL) +
           -- the boards of the desks; they hear of what is queued when it is claimed, a moment later
           count(pg_notify('checkin_print', 'desk ' || desk_id))
               FILTER (WHERE desk_id IS NOT NULL AND state != %(queued)s)
    FROM created HAVING count(*) > 0
""", parameters={  # noqa: S608 - both are names of ours
    'event_id': 'int', 'registration_id': 'int', 'checked_in_dt': 'timestamptz', 'user_id': 'int', 'actor': 'text',
    'ready': 'int', 'queued': 'int', 'rows': 'text',
}, columns={'created': 'bigint[]', 'can_be_sent': 'boolean', 'must_be_drawn': 'boolean', 'notified': 'bigint'})


@dataclass(frozen=True)
class Entered:
    """What became of rows that were to be entered."""

    #: The ids of the new jobs
    ids: list[int]
    #: Whether a worker has something to do for them
    need_worker: bool


def record(rows, **kwargs):
    """Enter jobs as `enter` does. Return the ids of the new ones."""
    return enter(rows, **kwargs).ids


def enter(rows, *, event_id, registration_id=None, checked_in_dt=None, user_id=None, actor):
    """Enter jobs; those that are there already stay as they are. Return what was `Entered`.

    The relay hears of those that can be POSTed at once, and the agents of a desk of those that were drawn ahead. The
    others must be rendered first, for which Celery is woken.

    :param rows: what `new_row` returned, one for each job.
    """
    if not rows:
        return Entered([], need_worker=False)
    with cursor() as cur:
        _RECORD.run(cur, {
            'event_id': event_id, 'registration_id': registration_id, 'checked_in_dt': checked_in_dt,
            'user_id': user_id, 'actor': actor, 'ready': int(JobState.ready),
            'queued': int(JobState.queued), 'rows': json.dumps(rows),
        })
        created, can_be_sent, must_be_drawn, __ = cur.fetchone() or ([], False, False, 0)
    if can_be_sent:
        notify('queued')
    return Entered(created, need_worker=bool(can_be_sent or must_be_drawn))


def new_row(purpose, *, person='', desk_id=None, webhook_id=None, state=JobState.queued, reason=Reason.checked_in,
            reprint_of_id=None, detail='', facts=None):
    """Return one row for `record`. What it is decides how long it is good for.

    :param detail: What the history says besides the reason: why a badge goes to its desk (`DeskChoice.detail`).
    :param facts: See `Job.facts`.
    """
    if purpose.startswith(DATA_PURPOSES):
        expires_after = DATA_EXPIRES_AFTER
    elif reason == Reason.badge_desk:
        expires_after = BADGE_DESK_EXPIRES_AFTER
    else:
        expires_after = HELD_EXPIRES_AFTER if state == S.held else EXPIRES_AFTER
    return {'purpose': purpose, 'person': person, 'desk_id': desk_id, 'webhook_id': webhook_id, 'state': int(state),
            'reason': reason, 'reprint_of_id': reprint_of_id, 'expires_in': expires_after.total_seconds(),
            'detail': detail, 'facts': facts}


def check_in_row(job):
    """Return the row for `record` of what a check-in makes: a `routing.admission.NewJob`."""
    purpose = Job.PURPOSE_BADGE if job.webhook_id is None else f'{Job.PURPOSE_CHECKIN}{job.webhook_id}'
    return new_row(purpose, person=job.person, desk_id=job.desk_id, webhook_id=job.webhook_id, state=job.state,
                   reason=job.reason, detail=job.detail)


def announce_undone(registration, actor):
    """Queue the message that a check-in was undone, for each webhook that asks for it. Return the new ids.

    A webhook that gets check-ins hears of it if it may have heard of this one. One for each undone check-in, however
    often this is asked.
    """
    wants_it = [~Webhook.is_deleted, Webhook.enabled, Webhook.events.contains([WebhookEvent.undone])]
    heard = (db.session.query(Job.webhook_id, Job.checked_in_dt)
             .join(Webhook, Webhook.id == Job.webhook_id)
             .filter(Job.registration_id == registration.id, Job.purpose.startswith(Job.PURPOSE_CHECKIN),
                     Job.reprint_of_id.is_(None), *wants_it,
                     db.or_(Job.state.in_([S.dispatched, S.printing, S.sent, S.completed, S.unknown]),
                            may_have_arrived())))
    # the latest check-in of a form that prints is in the ledger, whatever became of its badge
    undone_dt = (db.select(db.func.max(Job.checked_in_dt))
                 .where(Job.registration_id == registration.id, Job.purpose == Job.PURPOSE_BADGE).scalar_subquery())
    others = (db.session.query(Webhook.id, undone_dt)
              .filter(Webhook.event_id == registration.event_id, *wants_it, undone_dt.isnot(None),
                      ~Webhook.events.contains([WebhookEvent.checked_in]),
                      db.or_(Webhook.form_ids.is_(None),
                             Webhook.form_ids.contains([registration.registration_form_id])),
                      ~db.session.query(Desk.id).filter(Desk.webhook_id == Webhook.id, ~Desk.is_deleted).exists()))
    created = []
    for webhook_id, checked_in_dt in [*heard.order_by(Job.id), *others.order_by(Webhook.id)]:
        row = new_row(f'{Job.PURPOSE_UNDO}{webhook_id}', webhook_id=webhook_id, state=S.ready,
                      reason=Reason.check_in_undone)
        created += record([row], event_id=registration.event_id, registration_id=registration.id,
                          checked_in_dt=checked_in_dt, user_id=None, actor=actor)
    return created


def reprint(job, user, reason, desk=None):
    """Make a new job that repeats one, because a person asked for another badge. Return it.

    :param desk: The `DeskChoice` where it comes out, if that is not where the first one did.

    It is the same badge: with another template, or with texts that were changed, if the first one has them. After the
    name was corrected it is as registered.
    """
    kept = ('template',) if reason == Reason.name_corrected else ('template', 'edits')
    desk = desk or desks_for_jobs([job.id]).get(job.id)
    row = new_row(job.purpose, person=job.person, desk_id=desk.desk_id if desk else None, webhook_id=job.webhook_id,
                  reason=reason, reprint_of_id=job.id, detail=desk.detail if desk else '',
                  facts={key: value for key, value in (job.facts or {}).items() if key in kept} or None)
    ids = record([row], event_id=job.event_id, registration_id=job.registration_id,
                 checked_in_dt=job.registration.checked_in_dt if job.registration else None, user_id=user.id,
                 actor=f'user:{user.id}')
    return fresh(ids[0])


def resend(job, user):
    """Make a new job that repeats a message to a webhook, under the same ``webhook-id``. Return it."""
    row = new_row(job.purpose, person=job.person, webhook_id=job.webhook_id, reason=Reason.resent,
                  reprint_of_id=job.reprint_of_id or job.id)
    ids = record([row], event_id=job.event_id, registration_id=job.registration_id, checked_in_dt=job.checked_in_dt,
                 user_id=user.id, actor=f'user:{user.id}')
    return fresh(ids[0])


def request_test(desk, user, name=('Test', 'Badge')):
    """Queue a test badge for a desk. Return the job.

    :param name: The first and last name on it; the ledger forgets them when it is drawn.
    """
    row = new_row(Job.PURPOSE_TEST, person='\n'.join(name), desk_id=desk.id, reason=Reason.test)
    ids = record([row], event_id=desk.event_id, user_id=user.id, actor=f'user:{user.id}')
    return fresh(ids[0])


def request_calibration_sheet(desk_printer, user, size):
    """Queue the calibration sheet of a desk's printer. Return the job.

    :param size: Width and height of the page, in mm.
    """
    desk = desk_printer.desk
    row = new_row(Job.PURPOSE_TEST, desk_id=desk.id, reason=Reason.test,
                  facts={'printer': [desk_printer.agent_id, desk_printer.printer], 'sheet': list(size)})
    ids = record([row], event_id=desk.event_id, user_id=user.id, actor=f'user:{user.id}')
    return fresh(ids[0])


def request_event_test(webhook, user):
    """Send a test event to a webhook. Return the job."""
    ids = record([new_row(Job.PURPOSE_TEST, webhook_id=webhook.id, reason=Reason.test, state=S.ready)],
                 event_id=webhook.event_id, user_id=user.id, actor=f'user:{user.id}')
    return fresh(ids[0])

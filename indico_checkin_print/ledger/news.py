"""News for webhooks: what happens becomes a message for each webhook that asked for it, in the same transaction."""

import json

from indico_checkin_print.ledger.states import DATA_EXPIRES_AFTER
from indico_checkin_print.models.choices import WebhookEvent
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import cursor, notify


#: The states of a badge that are news
BADGE_NEWS = {
    JobState.completed: WebhookEvent.printed, JobState.sent: WebhookEvent.printed, JobState.failed: WebhookEvent.failed,
    JobState.unknown: WebhookEvent.unknown, JobState.expired: WebhookEvent.expired,
}

# One statement, however many webhooks and people there are: nothing is read to be written back.
_ANNOUNCE = """
    WITH found AS ({found}),
    created AS (
        INSERT INTO plugin_checkin_print.jobs
            (event_id, registration_id, person, checked_in_dt, purpose, webhook_id, facts, state, reason, created_dt,
             changed_dt, queue_dt, next_try_dt, expires_dt)
        SELECT f.event_id, f.registration_id, f.person, f.checked_in_dt,
               concat_ws(':', 'news', %(type)s, f.webhook_id, f.key), f.webhook_id, f.facts, %(ready)s, %(reason)s,
               clock.now, clock.now, clock.now, clock.now, clock.now + make_interval(secs => %(expires_in)s)
        FROM found f, (SELECT now() AT TIME ZONE 'UTC' AS now) clock
        ORDER BY f.place, f.webhook_id
        ON CONFLICT DO NOTHING
        RETURNING id, state, reason
    ),
    history AS (
        INSERT INTO plugin_checkin_print.job_history (job_id, state, reason, detail, actor)
        SELECT id, state, reason, '', %(actor)s FROM created
    )
    SELECT count(*) FROM created
"""
_WANTED = """w.enabled AND NOT w.is_deleted AND %(type)s = ANY(w.events)"""
_OF_FORM = """AND (w.form_ids IS NULL OR r.registration_form_id = ANY(w.form_ids))"""
_BADGES = """
    SELECT w.id AS webhook_id, j.event_id, j.registration_id, j.person, j.checked_in_dt, h.id AS place,
           h.id::text AS key,
           jsonb_build_object('badge', j.id, 'state', cast(%(state)s AS text), 'reason', h.reason,
                              'desk', coalesce(d.name, ''), 'printer', j.printer) AS facts
    FROM plugin_checkin_print.job_history h
    JOIN plugin_checkin_print.jobs j ON j.id = h.job_id AND j.purpose = 'badge'
    JOIN event_registration.registrations r ON r.id = j.registration_id
    JOIN plugin_checkin_print.webhooks w ON w.event_id = j.event_id AND {wanted} {of_form}
    LEFT JOIN plugin_checkin_print.desks d ON d.id = j.desk_id
    WHERE h.id = ANY(%(ids)s)
"""
# A transaction may write one registration several times: its number makes one message of it.
_CHANGED = """
    SELECT w.id AS webhook_id, r.event_id, r.id AS registration_id, '' AS person, r.checked_in_dt, r.id AS place,
           concat_ws(':', r.id, txid_current()) AS key, cast(NULL AS jsonb) AS facts
    FROM event_registration.registrations r
    JOIN plugin_checkin_print.forms f ON f.registration_form_id = r.registration_form_id AND f.enabled
    JOIN plugin_checkin_print.webhooks w ON w.event_id = r.event_id AND {wanted} {of_form}
    WHERE r.id = ANY(%(ids)s) AND NOT r.is_deleted
"""
_EQUIPMENT = """
    SELECT w.id AS webhook_id, w.event_id, cast(NULL AS int) AS registration_id, '' AS person,
           cast(NULL AS timestamp) AS checked_in_dt, w.id AS place, %(key)s AS key, cast(%(facts)s AS jsonb) AS facts
    FROM plugin_checkin_print.webhooks w
    WHERE w.event_id = %(event_id)s AND {wanted}
"""


def announce_badges(history_ids, state, actor):
    """Announce what became of badges.

    :param history_ids: The lines of history that say so; lines of other jobs are left out.
    :param state: The `JobState` that they are in now.
    """
    if not history_ids or state not in BADGE_NEWS:
        return
    _announce(_BADGES, BADGE_NEWS[state], actor, ids=history_ids, state=state.name)


def announce_changed(registration_ids, actor):
    """Announce that registrations were changed, once in a transaction. Return how many messages are new."""
    if not registration_ids:
        return 0
    return _announce(_CHANGED, WebhookEvent.changed, actor, ids=sorted(registration_ids))


def announce_equipment(event, actor, *, event_id, equipment_id, since, facts):
    """Announce how a print agent or a printer is, once for each change.

    :param event: One of `EQUIPMENT_EVENTS`.
    :param since: Since when it has been so.
    :param facts: What the message says: see `messages.news`.
    """
    _announce(_EQUIPMENT, event, actor, event_id=event_id, key=f'{equipment_id}:{since.isoformat()}',
              facts=json.dumps(facts))


def _announce(found, event, actor, **values):
    with cursor() as cur:
        cur.execute(_ANNOUNCE.format(found=found.format(wanted=_WANTED, of_form=_OF_FORM)), {
            'type': str(event), 'ready': int(JobState.ready), 'reason': str(Reason.announced),
            'expires_in': DATA_EXPIRES_AFTER.total_seconds(), 'actor': actor, **values})
        count, = cur.fetchone()
    if count:
        notify('queued')
    return count

"""The trigger: a check-in becomes rows in the ledger, in the transaction of the check-in itself.

The signal comes from within the request of a volunteer's scan and before its commit. So whatever happens here happens
in a savepoint, is over in a few milliseconds, and never raises. Nothing is rendered and nothing is sent from here.
"""

from dataclasses import replace

from flask import g, has_app_context
from sqlalchemy import event, inspect

from indico.core import signals
from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print import kick, ledger, sql
from indico_checkin_print.badge.blocked import is_blocked
from indico_checkin_print.badge.persons import persons_of
from indico_checkin_print.certificates.forget import forget as forget_certificates
from indico_checkin_print.ledger.forget import forget
from indico_checkin_print.ledger.rule_facts import load_facts
from indico_checkin_print.ledger.states import MAY_BE_OUT, STILL_HERE
from indico_checkin_print.models.choices import (DEFAULT_BULK_LIMIT, DEFAULT_SOURCES, BadgeKind, ReprintPolicy,
                                                 UnpaidPolicy)
from indico_checkin_print.routing.admission import CheckIn, Hook, Setup, jobs_for
from indico_checkin_print.routing.desk import DeskFacts, choose_desk, needs_rule
from indico_checkin_print.routing.rules import first_match, parse
from indico_checkin_print.signals import origin
from indico_checkin_print.signals.savepoint import savepoint


_FLIP = 'checkin_print_flip'

# Two volunteers may scan one person at the same moment: both requests find somebody who is not checked in, and the
# later commit puts another time on the check-in. So the second one waits here for the first one's commit, and the
# second statement sees what that left behind.
_SETUP = sql.Function('check_in_setup', first="""
    1 FROM event_registration.registrations WHERE id = %(registration_id)s FOR NO KEY UPDATE
""", statement="""
    SELECT f.kind, f.desk_id,
           (SELECT array_agg(d.id) FROM plugin_checkin_print.desks d
            WHERE d.event_id = %(event_id)s AND NOT d.is_deleted) AS desks,
           (SELECT array_agg(ARRAY[w.id, w.send_badge::int] ORDER BY w.id) FROM plugin_checkin_print.webhooks w
            WHERE w.event_id = %(event_id)s AND w.enabled AND NOT w.is_deleted
            AND 'registration.checked_in' = ANY(w.events)
            AND (w.form_ids IS NULL OR %(form_id)s = ANY(w.form_ids)) AND NOT EXISTS (
                SELECT 1 FROM plugin_checkin_print.desks d WHERE d.webhook_id = w.id AND NOT d.is_deleted)) AS hooks,
           (SELECT array_agg(d.id) FROM plugin_checkin_print.desks d
            WHERE d.event_id = %(event_id)s AND d.paused) AS paused_desks,
           e.paused, e.unpaid, e.reprint, e.bulk_limit, e.sources, e.badge_desk, e.desk_rules,
           (SELECT ARRAY[d.id, d.desk_id] FROM plugin_checkin_print.devices d
            WHERE d.event_id = %(event_id)s AND d.token = %(token)s) AS device,
           (SELECT o.desk_id FROM plugin_checkin_print.own_desks o
            WHERE o.event_id = %(event_id)s AND o.user_id = %(user_id)s AND o.ends_dt > now() AT TIME ZONE 'UTC')
           AS own_desk,
           (SELECT array_agg(j.person) FROM plugin_checkin_print.jobs j
            WHERE j.registration_id = %(registration_id)s AND j.purpose = 'badge'
            AND (j.state = ANY(%(printed)s) AND j.checked_in_dt != %(checked_in_dt)s AT TIME ZONE 'UTC'
                 OR j.state = ANY(%(coming)s) AND j.checked_in_dt IS NULL)) AS already_printed,
           EXISTS (SELECT 1 FROM plugin_checkin_print.jobs j
                   WHERE j.registration_id = %(registration_id)s AND j.reprint_of_id IS NULL
                   AND j.checked_in_dt IS NOT NULL) AS known,
           (SELECT r.checked_in_dt AT TIME ZONE 'UTC' FROM event_registration.registrations r
            WHERE r.id = %(registration_id)s AND r.checked_in) AS stamped
    FROM plugin_checkin_print.forms f
    LEFT JOIN plugin_checkin_print.events e ON e.event_id = %(event_id)s
    WHERE f.registration_form_id = %(form_id)s AND f.enabled
""", parameters={
    'form_id': 'int', 'event_id': 'int', 'registration_id': 'int', 'checked_in_dt': 'timestamptz', 'user_id': 'int',
    'token': 'text', 'printed': 'int[]', 'coming': 'int[]',
}, columns={
    'kind': 'smallint', 'desk_id': 'int', 'desks': 'int[]', 'hooks': 'int[]', 'paused_desks': 'int[]',
    'paused': 'boolean', 'unpaid': 'smallint', 'reprint': 'smallint', 'bulk_limit': 'int', 'sources': 'varchar[]',
    'badge_desk': 'boolean', 'desk_rules': 'jsonb', 'device': 'int[]', 'own_desk': 'int',
    'already_printed': 'varchar[]', 'known': 'boolean', 'stamped': 'timestamptz',
})


def connect(plugin):
    """Begin to listen to Indico."""
    event.listen(Registration.checked_in_dt, 'set', note_flip)
    # Indico repeats a request that a deadlock ended, in the same context
    event.listen(db.session, 'after_rollback', lambda session: has_app_context() and begin_request())
    plugin.connect(signals.event.registration_checkin_updated, on_checkin_updated)
    plugin.connect(signals.event.registration_state_updated, on_state_updated)
    plugin.connect(signals.event.registration_deleted, on_deleted)


def note_flip(registration, checked_in_dt, *args):
    """Remember that a registration was really checked in just now (SQLAlchemy's ``set`` event of ``checked_in_dt``).

    Indico sends its signal for every request, also when nothing changed, and by then the change may be flushed.
    """
    inspect(registration).info[_FLIP] = checked_in_dt


def on_checkin_updated(registration, **kwargs):
    """Receive ``registration-checkin-updated``. Never raises, because the volunteer's check-in would fail with it."""
    flipped = inspect(registration).info.pop(_FLIP, False)
    if flipped is False:
        return
    if not registration.checked_in:
        with _savepoint(registration):
            if ledger.cancel_check_in(registration, origin.actor()):
                kick.after_commit()
        return
    with _savepoint(registration) as attempt:
        record(registration, origin.way(), origin.user_id(), origin.token(), origin.actor())
    if attempt.failed:
        # the sweep tries again
        with _savepoint(registration):
            _note_missed(registration)


def on_deleted(registration, permanent=False, **kwargs):
    """Receive ``registration_deleted``: nothing of it is printed or sent any more. Never raises.

    :param permanent: Whether Indico purges the registration: then nothing that may name the person stays either.
    """
    with _savepoint(registration):
        # Indico writes that it is deleted when the request ends. A request that prints badges of chosen people takes
        # their registrations first and their jobs then; the other way round one of the two requests would fail.
        with sql.cursor() as cursor:
            cursor.execute('SELECT 1 FROM event_registration.registrations WHERE id = %s FOR NO KEY UPDATE',
                           [registration.id])
        ledger.cancel_registration(registration, origin.actor())
    if permanent:
        with _savepoint(registration):
            forget(registration)
        with _savepoint(registration):
            forget_certificates(registration.id, origin.actor())


def on_state_updated(registration, **kwargs):
    """Receive ``registration_state_updated``: who has paid gets the badge that was held for it, and who may have none
    any more does not. Never raises.
    """
    with _savepoint(registration):
        if registration.state != RegistrationState.complete:
            ledger.follow_state(registration, origin.actor())
        elif ledger.release_paid(registration, origin.actor()):
            kick.after_commit()


def _savepoint(registration):
    return savepoint('Check-in of registration %d could not be recorded', registration.id)


def record(registration, way, user_id, token, actor, *, late=0):
    """Enter a check-in into the ledger: what its event and its form say about it. Return the ids of the new jobs.

    Celery is woken if there is something to draw or to POST.

    :param way: The `CheckinSource`.
    :param token: The token of the device that scanned, as `Device.token` has it; may be empty.
    :param late: For so many seconds its badges have waited already; they do not live longer for it.
    """
    loaded = load_setup(registration, user_id, token)
    if loaded is None:
        return []
    setup, desk_facts, rules, already_printed, known, stamped, new_device = loaded
    if new_device:
        with sql.cursor() as cursor:
            cursor.execute(_NOTE_DEVICE, {'event_id': registration.event_id, 'token': token})
    if (known and ledger.restamp(registration, stamped)) or stamped not in (None, registration.checked_in_dt):
        # somebody else's scan of a moment ago is already in the ledger, or was not to print
        return []
    persons = persons_of(registration) if setup.kind == BadgeKind.badge else ['']
    desks = desks_of(registration, persons, desk_facts, rules, way)
    checkin = CheckIn(source=way, state=registration.state, blocked=is_blocked(registration),
                      already_printed=already_printed)
    rows = [ledger.check_in_row(job) for job in jobs_for(setup, checkin, desks)]
    if late:
        rows = [row | {'expires_in': row['expires_in'] - late} for row in rows]
    entered = ledger.enter(rows, event_id=registration.event_id, registration_id=registration.id,
                           checked_in_dt=registration.checked_in_dt, user_id=user_id, actor=actor)
    if entered.ids:
        _hold_if_many(entered.ids, setup.bulk_limit, actor)
    if entered.need_worker:
        kick.after_commit()
    return entered.ids


# once for each device: another check-in with the same token may do it at the same moment
_NOTE_DEVICE = """
    INSERT INTO plugin_checkin_print.devices (event_id, token) VALUES (%(event_id)s, %(token)s) ON CONFLICT DO NOTHING
"""

_NOTE_MISSED = """
    INSERT INTO plugin_checkin_print.missed (registration_id, checked_in_dt, source, user_id, token)
    VALUES (%(registration_id)s, cast(%(checked_in_dt)s AS timestamptz) AT TIME ZONE 'UTC', %(source)s, %(user_id)s,
            %(token)s)
    ON CONFLICT (registration_id) DO UPDATE
    SET checked_in_dt = excluded.checked_in_dt, source = excluded.source, user_id = excluded.user_id,
        token = excluded.token, attempts = 0
"""


def _note_missed(registration):
    with sql.cursor() as cursor:
        cursor.execute(_NOTE_MISSED, {
            'registration_id': registration.id, 'source': origin.way(), 'user_id': origin.user_id(),
            'token': origin.token(), 'checked_in_dt': registration.checked_in_dt})


def begin_request():
    """Count no more what was checked in so far: what follows was not asked for together with it."""
    g.pop('checkin_print_batch', None)


def _hold_if_many(job_ids, limit, actor):
    """Hold all badges of a request that checks in more people than the event prints without asking."""
    batch = g.setdefault('checkin_print_batch', {'jobs': [], 'checkins': 0})
    batch['jobs'] += job_ids
    batch['checkins'] += 1
    if batch['checkins'] > limit:
        ledger.hold_bulk(batch['jobs'] if batch['checkins'] == limit + 1 else job_ids, actor)


def load_setup(registration, user_id, token):
    """Return what the event says about a check-in, or ``None`` if the form prints nothing.

    :param user_id: Who checks in, and `token` with which device; either may be missing.
    :return: The `Setup` of the form, the `DeskFacts`, the event's rules about desks, the persons of whom an
             earlier badge comes or may be out, whether the ledger knows the registration at all, the time of the
             check-in that is in the database by now, if there is one, and whether the device is a new one.
    """
    with sql.cursor() as cursor:
        _SETUP.run(cursor, {
            'form_id': registration.registration_form_id, 'event_id': registration.event_id,
            'registration_id': registration.id, 'checked_in_dt': registration.checked_in_dt,
            'user_id': user_id, 'token': token, 'printed': [int(state) for state in MAY_BE_OUT],
            # asked for before the check-in: it comes out, too
            'coming': [int(state) for state in MAY_BE_OUT.union(STILL_HERE)],
        })
        row = cursor.fetchone()
    if row is None:
        return None
    (kind, form_desk, desks, hooks, paused_desks, paused, unpaid, reprint, bulk_limit, sources, badge_desk, rules,
     device, own_desk, had, known, stamped) = row
    desk_facts = DeskFacts(frozenset(desks or ()), device_desk=device[1] if device else None, own_desk=own_desk,
                           form_desk=form_desk)
    return Setup(
        kind=BadgeKind(kind),
        hooks=tuple(Hook(id=id_, send_badge=bool(send_badge)) for id_, send_badge in hooks or ()),
        paused=bool(paused), paused_desks=frozenset(paused_desks or ()),
        unpaid=UnpaidPolicy(unpaid or UnpaidPolicy.hold), reprint=ReprintPolicy(reprint or ReprintPolicy.hold),
        bulk_limit=DEFAULT_BULK_LIMIT if bulk_limit is None else bulk_limit,
        sources=frozenset(DEFAULT_SOURCES if sources is None else sources), badge_desk=bool(badge_desk),
    ), desk_facts, parse(rules) if rules else (), frozenset(had or ()), known, stamped, bool(token) and device is None


def desks_of(registration, persons, facts, rules, way):
    """Return the `DeskChoice` for each person of a registration. What its rules do not ask is not loaded."""
    if not (rules and needs_rule(facts)):
        return dict.fromkeys(persons, choose_desk(facts))
    day = registration.checked_in_dt.astimezone(registration.event.tzinfo).date()
    asked = load_facts(rules, [(registration.id, registration.registration_form_id, registration.last_name)],
                       day=day, way=way)[registration.id]
    choices = {accompanies: choose_desk(replace(facts, rule=first_match(
        rules, replace(asked, accompanies=accompanies), facts.desks))) for accompanies in {bool(p) for p in persons}}
    return {person: choices[bool(person)] for person in persons}

"""The life of a job. Every change of a job's state in the whole product is made by a function of this module.

The ledger in PostgreSQL is the truth; Celery, NOTIFY and the relay's memory only wake someone up. Each function works
in the caller's transaction and each change writes one row of history. The clock is the database's.
"""

import json

from sqlalchemy.dialects.postgresql import ARRAY, insert

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.life import (AGENT_SILENT, DATA_EXPIRES_AFTER, EXPIRES_AFTER, GO_MARGIN, HELD_EXPIRES_AFTER,
                                       MAX_RENDERS, POST_LEASE, PRINT_WITHIN, RENDER_LEASE, TRANSITIONS)
from indico_checkin_print.life import JobState as S
from indico_checkin_print.models.agents import Agent
from indico_checkin_print.models.desks import DeskPrinter
from indico_checkin_print.models.jobs import Document, Job, JobHistory, JobState
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.passed_over import add_note, gave_back, not_there
from indico_checkin_print.printer_words import describe_reason
from indico_checkin_print.reasons import Reason
from indico_checkin_print.sql import CHANNEL, cursor, notify, notify_agents, now
from indico_checkin_print.waiting import (agents_away, desk_for_job, desk_of_form, due, for_receiver, for_webhooks,
                                          goes_to, may_have_arrived, paused)


#: A check-in becomes rows in one statement, because it happens while a volunteer waits. A row that is there already
#: (a second scan, a bulk click) is left alone.
_RECORD = """
    WITH clock AS (SELECT now() AT TIME ZONE 'UTC' AS now),
    born AS (
        INSERT INTO plugin_checkin_print.jobs
            (event_id, registration_id, person, checked_in_dt, purpose, reprint_of_id, user_id, desk_id, webhook_id,
             state, reason, created_dt, changed_dt, queue_dt, next_try_dt, expires_dt)
        SELECT %(event_id)s, %(registration_id)s, r.person, cast(%(checked_in_dt)s AS timestamptz) AT TIME ZONE 'UTC',
               r.purpose, r.reprint_of_id, %(user_id)s, r.desk_id, r.webhook_id, r.state, r.reason, now, now,
               now, now, now + make_interval(secs => r.expires_in)
        FROM clock, jsonb_to_recordset(cast(%(rows)s AS jsonb)) AS r
            (person text, purpose text, reprint_of_id bigint, desk_id int, webhook_id int, state int, reason text,
             expires_in float)
        ON CONFLICT DO NOTHING
        RETURNING id, state, reason
    ),
    told AS (
        INSERT INTO plugin_checkin_print.job_history (job_id, state, reason, detail, actor)
        SELECT id, state, reason, '', %(actor)s FROM born
    )
    SELECT array_agg(id ORDER BY id), pg_notify(%(channel)s, 'queued') FROM born HAVING count(*) > 0
"""


def record(rows, *, event_id, registration_id=None, checked_in_dt=None, user_id=None, actor):
    """Enter jobs; those that are there already stay as they are.

    :param rows: what `new_row` returned, one for each job.
    :return: The ids of the new jobs.
    """
    if not rows:
        return []
    with cursor() as cur:
        cur.execute(_RECORD, {
            'event_id': event_id, 'registration_id': registration_id, 'checked_in_dt': checked_in_dt,
            'user_id': user_id, 'actor': actor, 'channel': CHANNEL, 'rows': json.dumps(rows),
        })
        born = cur.fetchone()
    return born[0] if born else []


def new_row(purpose, *, person='', desk_id=None, webhook_id=None, state=JobState.queued, reason=Reason.checked_in,
            reprint_of_id=None, expires_after=EXPIRES_AFTER):
    """Return one row for `record`."""
    return {'purpose': purpose, 'person': person, 'desk_id': desk_id, 'webhook_id': webhook_id, 'state': int(state),
            'reason': reason, 'reprint_of_id': reprint_of_id, 'expires_in': expires_after.total_seconds()}


# -- rendering --------------------------------------------------------------------------------------------------------

def claim_render(actor, *, due_for=0):
    """Take the next queued job under a lease. Return it, or ``None``.

    The caller commits at once; nobody else then works on the job until the lease ends.

    :param due_for: Only take what has been due for so many seconds.
    """
    next_id = (db.session.query(Job.id)
               .filter(due(S.queued, due_for))
               .order_by(Job.queue_dt, Job.id)
               .limit(1).with_for_update(skip_locked=True).scalar_subquery())
    ids = _move([Job.id == next_id], S.rendering, Reason.claimed, actor,
                lease_dt=now(RENDER_LEASE), attempts=Job.attempts + 1)
    return _fresh(ids[0]) if ids else None


def rendered(job, pdf, actor):
    """Store the document of a claimed job, which is then ready for its desk.

    :param pdf: A `badge.render.BadgePDF`, or ``None`` for a job that needs no document.
    :return: Whether the claim still held; otherwise nothing was stored.
    """
    if not _move([Job.id == job.id, Job.attempts == job.attempts], S.ready, Reason.rendered, actor,
                 lease_dt=None, attempts=0, next_try_dt=now()):
        return False
    if pdf is None:
        return True
    values = {'job_id': job.id, 'kind': pdf.kind, 'content': pdf.content, 'length': len(pdf.content),
              'sha256': pdf.sha256, 'pages': pdf.pages, 'width_mm': pdf.width_mm, 'height_mm': pdf.height_mm,
              'created_dt': now()}
    db.session.execute(insert(Document.__table__).values(values)
                       .on_conflict_do_update(index_elements=['job_id'], set_=values))
    notify_desks([job.desk_id])
    return True


def fail_render(job, reason, detail, actor, *, final):
    """Note that a claimed job could not be rendered: for good, or until the next try."""
    if final or job.attempts >= MAX_RENDERS:
        return _move([Job.id == job.id], S.failed, reason, actor, detail, lease_dt=None)
    return _move([Job.id == job.id], S.queued, Reason.try_again, actor, detail, lease_dt=None,
                 next_try_dt=now(5 * job.attempts))


# -- delivery by webhook ----------------------------------------------------------------------------------------------

def claim_post(actor, *, due_for=0):
    """Take the next job that is due at a webhook under a lease; one at a time for each webhook.

    :param due_for: Only take what has been due for so many seconds.
    """
    # The webhook is locked, so that no two workers find it free at the same moment; and whether it is free is asked
    # once more under the lock. The queue's order is for receivers that work: probes take turns, so that one message
    # that a receiver cannot bear does not keep it shut.
    turn = db.case([(Webhook.opened_dt.isnot(None), Job.next_try_dt)], else_=Job.queue_dt)
    next_id = (for_receiver(db.session.query(Job.id))
               .filter(due(S.ready, due_for), for_webhooks())
               .order_by(turn, Job.id)
               .limit(1).with_for_update(skip_locked=True, key_share=True, of=[Job, Webhook]).scalar())
    if next_id is None:
        return None
    still_free = for_receiver(db.session.query(Job.id)).filter(Job.id == next_id, for_webhooks()).scalar_subquery()
    ids = _move([Job.id == still_free], S.dispatched, Reason.pushed, actor, lease_dt=now(POST_LEASE),
                dispatched_dt=now(), attempts=Job.attempts + 1, dispatch=db.func.greatest(Job.dispatch, 1))
    return _fresh(ids[0]) if ids else None


def delivered(job, detail, actor):
    """The receiver took the POST. What it says later about the print is welcome, but not needed."""
    return _move([Job.id == job.id, Job.state == S.dispatched], S.sent, Reason.delivered, actor, detail, lease_dt=None)


def undelivered(job, reason, detail, actor, *, retry_in, was_probe=False):
    """The POST did not work: try again after `retry_in` seconds, or never if that is ``None``.

    :param was_probe: Whether it was the probe of an open breaker, which costs the job no attempt.
    """
    here = [Job.id == job.id, Job.state == S.dispatched]
    if retry_in is None:
        unsure = _move([*here, Job.purpose == Job.PURPOSE_BADGE, may_have_arrived()], S.unknown,
                       Reason.no_answer, actor, detail, lease_dt=None)
        return unsure or _move(here, S.failed, reason, actor, detail, lease_dt=None)
    return _move(here, S.ready, reason, actor, detail, lease_dt=None, next_try_dt=now(retry_in),
                 attempts=Job.attempts - 1 if was_probe else Job.attempts)


def due_at_once(webhook):
    """Let all that waits for a webhook be tried as soon as the webhook may be: it works again, or others say when."""
    db.session.execute(db.update(Job.__table__)
                       .where(Job.state == S.ready, Job.agent_id.is_(None), goes_to(webhook))
                       .values(next_try_dt=now()))
    notify('queued')


# -- delivery by an agent ---------------------------------------------------------------------------------------------

def give(job, agent, printer, actor, *, go, passed_over=None):
    """Give a ready job, which the caller has locked, to an agent's printer. Return the number of this dispatch.

    :param go: Whether that is permission to print, or only a prefetch.
    :param passed_over: The notes of the job from now on (see `Job.passed_over`), if they changed.
    """
    notes = job.passed_over if passed_over is None else passed_over
    values = {'agent_id': agent.id, 'printer': printer, 'dispatch': job.dispatch + 1}
    if passed_over is not None:
        values['passed_over'] = passed_over
    if go:
        _move([Job.id == job.id], S.dispatched, actor=actor, dispatched_dt=now(),
              **_where_to(agent.id, printer, notes), **values)
    else:
        db.session.execute(db.update(Job.__table__).where(Job.id == job.id).values(**values))
    return values['dispatch']


def go(job, actor):
    """Give permission to print a job that an agent holds already."""
    return _move([Job.id == job.id, Job.state == S.ready, Job.agent_id.isnot(None), Job.dispatch == job.dispatch],
                 S.dispatched, actor=actor, dispatched_dt=now(),
                 **_where_to(job.agent_id, job.printer, job.passed_over))


def _where_to(agent_id, printer, notes):
    """Return reason and detail of a go: which printer, and which others did not print it, why."""
    others = [f'{x["printer"]}: {describe_reason(x["reason"])}' for x in notes
              if (x['agent_id'], x['printer']) != (agent_id, printer)]
    return {'reason': Reason.other_printer if others else Reason.pushed, 'detail': '; '.join([printer, *others])}


def report(job, state, reason, detail, actor):
    """Enter what became of a job according to whoever has it. Nothing happens if that is no news."""
    if state == S.ready:
        return _given_back(job, reason, detail, actor)
    return _move([Job.id == job.id], state, reason, actor, detail, lease_dt=None)


def _given_back(job, reason, detail, actor):
    values = dict(_UNASSIGNED, dispatched_dt=None, next_try_dt=now(2))
    if job.agent_id is not None:
        # another printer may take it at once; to the same one it should not go back and forth
        again = gave_back(job.passed_over, job.agent_id, job.printer)
        note = not_there(job.agent_id, job.agent.name, job.printer, str(reason), gave_back=True)
        values |= {'next_try_dt': now(2 if again else 0), 'passed_over': add_note(job.passed_over, note)}
    # the next dispatch has another number: whoever gave it back would only repeat that about the same one
    moved = _move([Job.id == job.id], S.ready, reason, actor, detail, dispatch=Job.dispatch + 1, **values)
    if moved:
        notify_desks([job.desk_id])
    return moved


def move_on(job, reason):
    """Free a job that an agent holds without permission to print, because its printer cannot print it now."""
    note = not_there(job.agent_id, job.agent.name, job.printer, reason, gave_back=False)
    db.session.execute(db.update(Job.__table__)
                       .where(Job.id == job.id, Job.state == S.ready, Job.dispatch == job.dispatch)
                       .values(next_try_dt=now(), passed_over=add_note(job.passed_over, note), **_UNASSIGNED))


def take_back(job):
    """Free a job that an agent dropped, or will drop, before it had permission to print."""
    db.session.execute(db.update(Job.__table__)
                       .where(Job.id == job.id, Job.state == S.ready, Job.dispatch == job.dispatch)
                       .values(next_try_dt=now(2), **_UNASSIGNED))


def free_waiting(agent):
    """Free what an agent holds without permission to print: it stops, or lost its memory."""
    _unassign(Job.agent_id == agent.id)


def spool_lost(agent):
    """An agent came back without its memory: what it had permission to print may have come out or not."""
    free_waiting(agent)
    # nor can it say any more what became of what it left without a word
    db.session.execute(db.update(Job.__table__)
                       .where(Job.agent_id == agent.id, Job.state == S.unknown,
                              Job.reason.in_([Reason.no_word, Reason.agent_silent]))
                       .values(reason=str(Reason.spool_lost)))
    return _move([Job.agent_id == agent.id, Job.state.in_([S.dispatched, S.printing])], S.unknown, Reason.spool_lost,
                 f'agent:{agent.id}')


# -- what people do ---------------------------------------------------------------------------------------------------

def cancel_check_in(registration, actor):
    """Cancel what was not yet on its way to paper when a check-in is undone."""
    return _recall([Job.registration_id == registration.id, Job.purpose == Job.PURPOSE_BADGE], S.canceled,
                   Reason.check_in_undone, actor)


def cancel_registration(registration, actor):
    """Cancel all that was not yet on its way when a registration is deleted: badges, and data for webhooks."""
    return _recall([Job.registration_id == registration.id], S.canceled, Reason.registration_gone, actor)


def cancel_event(event, actor):
    """Cancel all that was not yet on its way when an event is deleted."""
    return _recall([Job.event_id == event.id], S.canceled, Reason.event_gone, actor)


def cancel_form(registration_form, actor):
    """Cancel all that was not yet on its way when a registration form is deleted."""
    of_form = db.session.query(Registration.id).filter_by(registration_form_id=registration_form.id)
    return _recall([Job.registration_id.in_(of_form.scalar_subquery())], S.canceled, Reason.form_gone, actor)


def restamp(registration, stamped):
    """Let the jobs of a check-in follow it when a second scan at the same moment put another time on it.

    Those of `stamped` (the time before, if known) and those that wait: undoing a check-in would have canceled them.
    Return their ids.
    """
    same = db.or_(Job.checked_in_dt == stamped, Job.state.in_([S.held, S.queued, S.rendering, S.ready]))
    return db.session.execute(
        db.update(Job.__table__)
        .where(Job.registration_id == registration.id, Job.checked_in_dt != registration.checked_in_dt,
               Job.reprint_of_id.is_(None), same)
        .values(checked_in_dt=registration.checked_in_dt).returning(Job.id)).scalars().all()


def cancel(job, reason, actor):
    """Cancel a job that turned out to be pointless."""
    return _move([Job.id == job.id], S.canceled, reason, actor, lease_dt=None)


def release(jobs, actor, reason=Reason.released):
    """Queue jobs that are held, or ended without paper, in the order in which they are given.

    They get a new time to live, a new dispatch, and a desk if they had none. Return the ids of those that were.
    """
    ids = [job.id for job in jobs]
    place = db.func.array_position(db.cast(ids, ARRAY(db.BigInteger)), Job.id)
    lives = db.case([(Job.purpose.startswith('webhook:'), now(DATA_EXPIRES_AFTER.total_seconds()))],
                    else_=now(EXPIRES_AFTER.total_seconds()))
    moved = _move([Job.id.in_(ids)], S.queued, reason, actor, attempts=0, dispatched_dt=None,
                  queue_dt=now() + db.func.make_interval(0, 0, 0, 0, 0, 0, place / 1000.), next_try_dt=now(),
                  dispatch=Job.dispatch + 1, expires_dt=lives, desk_id=desk_for_job(), passed_over=[],
                  **_UNASSIGNED)
    if moved:
        notify('queued')
    return sorted(moved, key=ids.index)


def retry(job, user):
    """Queue a job again that is held, failed, expired or was canceled, because a person asked for it."""
    return release([job], f'user:{user.id}', Reason.retried)


def release_paid(registration, actor):
    """Queue what was held until a registration was paid, unless its desk is paused."""
    moved = release(Job.query.filter(Job.registration_id == registration.id, Job.state == S.held,
                                     Job.reason == Reason.unpaid).order_by(Job.id), actor, Reason.paid)
    hold_paused(registration.event_id, actor)
    return moved


def release_paused(event_id, actor, *, desk_id=None):
    """Queue what was held while the event, or one desk of it, was paused."""
    jobs = Job.query.filter(Job.event_id == event_id, Job.state == S.held, Job.reason == Reason.paused)
    return release((jobs.filter(Job.desk_id == desk_id) if desk_id else jobs).order_by(Job.queue_dt, Job.id), actor)


def hold_paused(event_id, actor):
    """Hold the badges of an event that wait while it, or their desk, is paused. Return their ids."""
    return _recall([Job.event_id == event_id, Job.purpose == Job.PURPOSE_BADGE, Job.state != S.held, paused()], S.held,
                   Reason.paused, actor, expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()), **_UNASSIGNED)


def hold_bulk(job_ids, actor):
    """Hold badges of which too many were asked for at once."""
    return _move([Job.id.in_(job_ids), Job.state == S.queued, Job.purpose == Job.PURPOSE_BADGE], S.held, Reason.bulk,
                 actor, expires_dt=now(HELD_EXPIRES_AFTER.total_seconds()))


def print_again(job, user, reason):
    """Make a new job that repeats one, because a person asked for another badge. Return it."""
    row = new_row(job.purpose, person=job.person, desk_id=job.desk_id, webhook_id=job.webhook_id, reason=reason,
                  reprint_of_id=job.id)
    ids = record([row], event_id=job.event_id, registration_id=job.registration_id,
                 checked_in_dt=job.registration.checked_in_dt if job.registration else None, user_id=user.id,
                 actor=f'user:{user.id}')
    return _fresh(ids[0])


def send_again(job, user):
    """Make a new job that repeats a message to a webhook, under the same ``webhook-id``. Return it."""
    lives = DATA_EXPIRES_AFTER if job.purpose != Job.PURPOSE_TEST else EXPIRES_AFTER
    row = new_row(job.purpose, person=job.person, webhook_id=job.webhook_id, reason=Reason.resent,
                  reprint_of_id=job.reprint_of_id or job.id, expires_after=lives)
    ids = record([row], event_id=job.event_id, registration_id=job.registration_id, checked_in_dt=job.checked_in_dt,
                 user_id=user.id, actor=f'user:{user.id}')
    return _fresh(ids[0])


def settle(job, user, *, came_out):
    """Enter what a person saw about a job of which nobody knew whether it came out. Return whether that was open.

    A badge that did not come out goes on under another uuid: its agent never prints again what it may have printed.
    """
    state, reason = (S.completed, Reason.person_saw_it) if came_out else (S.failed, Reason.person_missed_it)
    values = {} if came_out else {'uuid': db.func.gen_random_uuid()}
    return bool(_move([Job.id == job.id, Job.state == S.unknown], state, reason, f'user:{user.id}', **values))


def discard(job, user):
    """End a job that nobody wants any more, unless it is on its way to paper."""
    return _move([Job.id == job.id, Job.state.in_([S.held, S.queued, S.ready, S.failed])], S.canceled,
                 Reason.discarded, f'user:{user.id}', lease_dt=None)


def request_test(desk, user):
    """Queue a test badge for a desk. Return the job."""
    ids = record([new_row(Job.PURPOSE_TEST, desk_id=desk.id, reason=Reason.test)], event_id=desk.event_id,
                 user_id=user.id, actor=f'user:{user.id}')
    return _fresh(ids[0])


def request_event_test(webhook, user):
    """Send a test event to a webhook. Return the job."""
    ids = record([new_row(Job.PURPOSE_TEST, webhook_id=webhook.id, reason=Reason.test, state=S.ready)],
                 event_id=webhook.event_id, user_id=user.id, actor=f'user:{user.id}')
    return _fresh(ids[0])


# -- the sweep --------------------------------------------------------------------------------------------------------

def sweep(actor='sweep'):
    """Put right what dead processes and silent agents left. Return how many jobs were touched."""
    silent = db.session.query(Agent.id).filter(Agent.seen_dt < now(-AGENT_SILENT)).scalar_subquery()
    _unassign(Job.agent_id.in_(agents_away()))
    desk_id = desk_of_form()
    moved = [
        *_move([Job.state == S.held, Job.reason == Reason.no_desk, desk_id.isnot(None)], S.queued, Reason.desk_found,
               actor, desk_id=desk_id, next_try_dt=now(), expires_dt=now(EXPIRES_AFTER.total_seconds())),
        *_move([Job.state == S.ready, Job.expires_dt <= now(), Job.purpose == Job.PURPOSE_BADGE, may_have_arrived()],
               S.unknown, Reason.no_answer, actor),
        *_move([Job.state.in_([S.held, S.queued, S.ready, S.rendering]), Job.expires_dt <= now()], S.expired,
               Reason.too_old, actor, lease_dt=None),
        *_move([Job.state == S.rendering, Job.lease_dt < now(), Job.attempts >= MAX_RENDERS], S.failed,
               Reason.render_failed, actor, lease_dt=None),
        *_move([Job.state == S.rendering, Job.lease_dt < now()], S.queued, Reason.worker_died, actor,
               lease_dt=None, next_try_dt=now()),
        *_move([Job.state == S.dispatched, Job.agent_id.is_(None), Job.lease_dt < now()], S.ready,
               Reason.worker_died, actor, lease_dt=None, next_try_dt=now()),
        *_move([Job.state == S.dispatched, Job.agent_id.isnot(None),
                Job.dispatched_dt < now(-PRINT_WITHIN - GO_MARGIN)], S.unknown, Reason.no_word, actor),
        *_move([Job.state == S.printing, Job.agent_id.in_(silent)], S.unknown, Reason.agent_silent, actor),
    ]
    return len(moved)


# -- how it is done ---------------------------------------------------------------------------------------------------

_UNASSIGNED = {'agent_id': None, 'printer': ''}


def notify_desks(desk_ids):
    """Wake, on commit, all agents that have a printer at one of these desks."""
    notify_agents(x for x, in db.session.query(DeskPrinter.agent_id.distinct())
                  .filter(DeskPrinter.desk_id.in_({x for x in desk_ids if x is not None})))


def _unassign(whose):
    """Free what agents hold without permission to print, and wake the others at its desk."""
    freed = db.session.execute(db.update(Job.__table__).where(Job.state == S.ready, whose)
                               .values(**_UNASSIGNED).returning(Job.__table__.c.desk_id)).scalars().all()
    if freed:
        notify_desks(freed)


def _recall(where, to, reason, actor, **values):
    """End or hold what was not yet on its way to paper; agents that hold it drop it."""
    where = [*where, Job.state.in_([S.held, S.queued, S.rendering, S.ready])]
    agents = [x for x, in db.session.query(Job.agent_id.distinct()).filter(*where, Job.agent_id.isnot(None))]
    moved = _move(where, to, reason, actor, lease_dt=None, **values)
    notify_agents(agents)
    return moved


def _fresh(job_id):
    return Job.query.populate_existing().filter_by(id=job_id).one()


def _move(where, to, reason, actor, detail='', **values):
    """Change the state of all jobs that match and may change so; write their history. Return their ids."""
    allowed = [state for state, following in TRANSITIONS.items() if to in following]
    moved = (db.update(Job.__table__)
             .where(Job.state.in_(allowed), *where)
             .values(state=to, reason=str(reason), detail=detail[:2000], changed_dt=now(), **values)
             .returning(Job.__table__.c.id)
             .cte('moved'))
    told = (db.insert(JobHistory.__table__)
            .from_select(['job_id', 'state', 'reason', 'detail', 'actor'],
                         db.select(moved.c.id, db.literal(to, JobHistory.state.type), db.literal(str(reason)),
                                   db.literal(detail[:2000]), db.literal(actor)))
            .returning(JobHistory.__table__.c.job_id))
    return db.session.execute(told).scalars().all()

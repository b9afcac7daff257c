"""What a worker does with the ledger: render what is queued, POST what is due. The relay helps to render."""

import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from sqlalchemy.orm import joinedload

from indico.core.db import db
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.events.registration.models.registrations import RegistrationState

from indico_checkin_print import _, heartbeat, kick, ledger, sql
from indico_checkin_print.badge.calibration import render_calibration_sheet
from indico_checkin_print.badge.drawing_version import drawing_version
from indico_checkin_print.badge.render import accepted_by, drawing_choices, render
from indico_checkin_print.badge.sample import sample_registration, setup_for_test
from indico_checkin_print.badge.separator import render_separator
from indico_checkin_print.delivery.deliver import begin, enter, send
from indico_checkin_print.errors import CannotRender, MustHold
from indico_checkin_print.ledger.conditions import still_wanted
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.signals import missed_checkins


#: POSTs of one Celery worker at once, and how many of them may be data for other systems: a badge finds a place free.
POSTS_AT_ONCE, DATA_AT_ONCE = 16, 12
#: How often new messages are claimed while POSTs are under way.
CLAIM_INTERVAL = 0.5  # seconds


def recover_stalled(actor, process='', detail=''):
    """Recover what dead processes left stalled and what a check-in could not record, and queue more of batches.

    Return how many jobs that changed.

    :param process: The name of the process's heartbeat (see ``heartbeat.py``), if it has one.
    :param detail: More about the process, e.g. where it listens.
    """
    moved = ledger.sweep(actor) + missed_checkins.recover(actor)
    if fed := ledger.feed_batches(actor):
        # the relay would draw them itself otherwise, beside the links of its agents
        kick.after_commit()
    moved += len(fed)
    if process:
        heartbeat.beat(process, detail)
        heartbeat.draws(process, drawing_version())
    return moved


def render_waiting(actor, *, seconds=30, due_for=0):
    """Render what is queued until nothing is or the time is up. Return how many jobs were looked at.

    :param due_for: Leave to others what became due less than so many seconds ago.
    """
    done = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        # losing a claim in a crash of the database is harmless: the job is queued again when its lease ends
        sql.commit_without_waiting()
        job = ledger.claim_render(actor, due_for=due_for)
        job_id = job and job.id
        db.session.commit()
        if job_id is None:
            break
        render_one(job_id, actor)
        done += 1
    return done


def render_if_queued(actor, *, seconds):
    """Render what is queued. Where nothing is, the transaction of the caller stays open, with all that it has read."""
    return render_waiting(actor, seconds=seconds) if ledger.is_any_queued() else 0


#: What rendering reads, in one query
_TO_RENDER = (joinedload('event'), joinedload('desk'), joinedload('webhook'), joinedload('prepared'),
              joinedload('registration').joinedload('registration_form').joinedload('checkin_print_setup')
              .joinedload('template'))


def render_one(job_id, actor):
    """Render a claimed job and commit what came of it."""
    job = Job.query.options(*_TO_RENDER).filter_by(id=job_id).one()
    attempts = job.attempts
    try:
        stale = _pointless(job)
        if stale:
            ledger.cancel(job, stale, actor)
        else:
            # a message without a badge was queued if a person asked for another try
            _render_or_hold(job, actor, only_data=not job.needs_document)
        # it would be drawn once more
        sql.commit_without_waiting()
        db.session.commit()
    except CannotRender as exc:
        db.session.rollback()
        ledger.fail_render(Job.get(job_id), exc.reason, exc.detail, actor, final=True)
        db.session.commit()
    except Exception as exc:
        # a fault of ours or of the database: noted on the job and tried again
        db.session.rollback()
        log_failure(logger, exc, 'Job %d could not be rendered (attempt %d)', job_id, attempts)
        ledger.fail_render(Job.get(job_id), Reason.render_failed, str(_('The log of the server says more.')), actor,
                           final=False)
        db.session.commit()


def _pointless(job):
    """Return why a job is no longer wanted: Indico can undo a check-in without a signal."""
    if job.event.is_deleted:
        return Reason.event_gone
    if job.purpose == Job.PURPOSE_SEPARATOR and job.facts is None:
        # what stood on it has been deleted, see `retention`
        return Reason.too_old
    if not job.is_about_person:
        return None
    if job.registration is None or job.registration.is_deleted:
        return Reason.registration_gone
    if job.registration.registration_form.is_deleted:
        return Reason.form_gone
    if (job.purpose == Job.PURPOSE_BADGE
            and job.registration.state not in (RegistrationState.complete, RegistrationState.unpaid)):
        return Reason.not_complete
    if (job.checked_in_dt is not None and job.registration.checked_in_dt != job.checked_in_dt
            and not job.purpose.startswith((Job.PURPOSE_UNDO, Job.PURPOSE_NEWS))):
        # read in one statement: a second scan may have changed both between the two reads
        wanted = db.session.query(Job.query.filter(Job.id == job.id, still_wanted()).exists()).scalar()
        return None if wanted else Reason.check_in_undone
    return None


def _render_or_hold(job, actor, *, only_data):
    rules = EventSetup.query.get(job.event_id)
    choices = drawing_choices(rules)
    accepted = accepted_by(rules)
    if not only_data and _is_prepared(job):
        ledger.use_prepared(job, actor)
        return
    while True:
        try:
            pdf = None if only_data else _render(job, accepted, choices)
        except MustHold as exc:
            if ledger.hold_claimed(job, exc.reason, exc.detail, actor):
                return
            # somebody has released it
            accepted = {*accepted, exc.reason}
        else:
            ledger.rendered(job, pdf, actor)
            return


def _is_prepared(job):
    """Return whether a claimed job would be drawn just as it was drawn ahead."""
    ahead = job.prepared
    return (ahead is not None and ahead.document_id is not None and ahead.drawn_from == job.drawn_from
            and ahead.drawn_by == drawing_version() and not {'template', 'edits'}.intersection(job.facts or ()))


def _render(job, accepted, choices):
    """Render what a job prints.

    :param choices: What `drawing_choices` returns.
    """
    if sheet := (job.facts or {}).get('sheet'):
        return render_calibration_sheet(job.facts['printer'][1], *sheet)
    if job.purpose == Job.PURPOSE_TEST:
        setup = setup_for_test(job.event_id, job.desk_id)
        if setup is None:
            raise CannotRender(Reason.no_sample)
        with sample_registration(setup.registration_form, job.person) as registration:
            return render(registration, setup, accepted=accepted, **choices)
    is_sheet = job.purpose == Job.PURPOSE_SEPARATOR
    setup = FormSetup.get((job.batch if is_sheet else job.registration).registration_form_id)
    if setup is None or not setup.enabled:
        raise CannotRender(Reason.form_off)
    if is_sheet:
        return render_separator(job.batch.registration_form, job.facts['text'])
    template_id = (job.facts or {}).get('template') if job.purpose == Job.PURPOSE_BADGE else None
    template = DesignerTemplate.get(template_id) if template_id else None
    if template_id and template is None:
        raise CannotRender(Reason.template_missing)
    return render(job.registration, setup, job.person, template=template, accepted=accepted,
                  edits=(job.facts or {}).get('edits'), **choices)


def post_waiting(actor, *, seconds=30, may_claim=None, meanwhile=None):
    """POST what is due at webhooks until nothing is or the time is up. The relay has a way of its own (``posts.py``).

    This thread alone uses the database. Others make the POSTs, so that slow receivers hold up no quick ones.

    :param seconds: For how long to begin POSTs; those under way then are waited for.
    :param may_claim: Asked before each claim whether the caller may still make POSTs.
    :param meanwhile: Called now and then while POSTs are under way.
    :return: How many POSTs were made, and after how many seconds the next is due, or ``None``.
    """
    done, delays, under_way = 0, [], {}
    until = time.monotonic() + seconds
    with ThreadPoolExecutor(POSTS_AT_ONCE, thread_name_prefix='checkin-print-post') as pool:
        while True:
            while len(under_way) < POSTS_AT_ONCE and time.monotonic() < until and (may_claim is None or may_claim()):
                ready = begin(actor, only_badges=sum(d.is_data for d in under_way.values()) >= DATA_AT_ONCE)
                if ready is None:
                    break
                done += 1
                if ready.request is None:
                    delays.append(ready.delay)
                else:
                    under_way[pool.submit(send, ready)] = ready
            if not under_way:
                break
            delays += [enter(under_way.pop(future), future.result(), actor)
                       for future in wait(under_way, CLAIM_INTERVAL, FIRST_COMPLETED).done]
            if meanwhile is not None:
                meanwhile()
    return done, min((d for d in delays if d is not None), default=None)

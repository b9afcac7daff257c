"""Celery's part: wake-ups for work whose truth is in the ledger."""

import os
from functools import lru_cache
from uuid import uuid4

from celery.schedules import crontab, schedule
from celery.signals import worker_process_init

from indico.core.celery import celery
from indico.core.db import db

from indico_checkin_print import heartbeat
from indico_checkin_print.badge.warm_up import warm_up
from indico_checkin_print.certificates import generate, runs
from indico_checkin_print.certificates.sweep import sweep as sweep_certificates
from indico_checkin_print.diagnostics import attention_email, equipment, standstill_email
from indico_checkin_print.errors import CannotSign
from indico_checkin_print.ledger import examined, prepared
from indico_checkin_print.ledger.conditions import post_is_due
from indico_checkin_print.logs import logger
from indico_checkin_print.work import preflight
from indico_checkin_print.work import prepare as ahead
from indico_checkin_print.work import retention
from indico_checkin_print.work.worker import post_waiting, recover_stalled, render_if_queued, render_waiting


#: Between two sweeps, in seconds.
SWEEP_INTERVAL = 15
#: For how long a worker begins POSTs before other tasks have a turn, in seconds.
POST_DURATION = 10
#: For how long a task draws badges ahead, and how long other tasks have a turn then, in seconds.
PREPARE_DURATION, PREPARE_PAUSE = 2, 0.5
#: The same for certificates.
CERTIFICATES_DURATION, CERTIFICATES_PAUSE = 5, 0.5
#: The same for e-mails with certificates.
SEND_DURATION, SEND_PAUSE = 5, 0.2
#: Between two searches for documents that are not needed any more, in seconds.
DOCUMENT_PURGE_INTERVAL = 300


worker_process_init.connect(warm_up)


@celery.task(name='checkin_print_work', plugin='checkin_print', ignore_result=True)
def work():
    """Render what is queued, and see to it that what is due is POSTed."""
    render_waiting(f'celery:{os.getpid()}')
    _want_posts()


@celery.task(name='checkin_print_post', plugin='checkin_print', ignore_result=True)
def post():
    """POST what is due, where no relay does: in one worker at a time, for some seconds, so that others have a turn."""
    actor = f'celery:{os.getpid()}'
    holder = f'{heartbeat.machine()} {os.getpid()}'

    def _may_claim():
        mine = heartbeat.take_turn(holder)
        db.session.commit()
        return mine

    if not _may_claim():
        return
    # badges do not wait until slow receivers have answered, not even where there is only one worker
    __, next_try = post_waiting(actor, seconds=POST_DURATION, may_claim=_may_claim,
                                meanwhile=lambda: render_waiting(actor, seconds=2))
    heartbeat.forget(heartbeat.TURN, detail=holder)
    db.session.commit()
    # what others could not send because it was not their turn, they left to this one
    if not _want_posts() and next_try is not None and next_try < SWEEP_INTERVAL:
        post.apply_async(countdown=next_try)


@celery.task(name='checkin_print_prepare', plugin='checkin_print', ignore_result=True)
def prepare(chain=None):
    """Draw badges ahead, or examine them, for a moment, then again after a pause, as long as there are any.

    In one worker at a time.

    :param chain: Names the tasks that follow each other; a new one begins only where none is.
    """
    chain = chain or uuid4().hex
    is_first = heartbeat.take(heartbeat.PREPARES, chain)
    db.session.commit()
    if not is_first:
        return
    actor = f'celery:{os.getpid()}'
    # who is checked in does not wait for it, not even where there is only one worker
    work = {'seconds': PREPARE_DURATION, 'meanwhile': lambda: render_if_queued(actor, seconds=2)}
    # what is drawn ahead is examined on the way
    if ahead.prepare(heartbeat.CELERY, **work) or preflight.examine(**work):
        prepare.apply_async((chain,), countdown=PREPARE_PAUSE)
    else:
        heartbeat.forget(heartbeat.PREPARES, detail=chain)
        db.session.commit()


@celery.task(name='checkin_print_certificates', plugin='checkin_print', ignore_result=True)
def make_certificates(chain=None):
    """Make certificates for a moment, then again after a pause, as long as there are any: in one worker at a time.

    :param chain: Names the tasks that follow each other; a new one begins only where none is.
    """
    chain = chain or uuid4().hex
    is_first = heartbeat.take(heartbeat.CERTIFICATES, chain)
    db.session.commit()
    if not is_first:
        return
    actor = f'celery:{os.getpid()}'
    try:
        # badges do not wait for certificates, not even where there is only one worker
        __, more = generate.make_waiting(actor, seconds=CERTIFICATES_DURATION,
                                         meanwhile=lambda: render_waiting(actor, seconds=2))
    except CannotSign as exc:
        _warn_once(exc.detail)
        more = False
    if more:
        make_certificates.apply_async((chain,), countdown=CERTIFICATES_PAUSE)
    else:
        heartbeat.forget(heartbeat.CERTIFICATES, detail=chain)
        db.session.commit()
        _want_emails()


@celery.task(name='checkin_print_send_certificates', plugin='checkin_print', ignore_result=True)
def send_certificates():
    """Send e-mails with certificates for a moment, then again after a pause, as long as some are to be sent.

    After the certificates that wait to be made, and in one worker at a time.
    """
    if heartbeat.is_taken(heartbeat.CERTIFICATES):
        # who makes the last one asks once more
        return
    actor = f'celery:{os.getpid()}'
    if runs.send_due(actor, seconds=SEND_DURATION, meanwhile=lambda: render_waiting(actor, seconds=2)):
        send_certificates.apply_async(countdown=SEND_PAUSE)


def _want_emails():
    """Ask for e-mails to be sent if there are any."""
    if runs.anything_waits():
        send_certificates.delay()
    db.session.commit()


@lru_cache(maxsize=16)
def _warn_once(detail):
    """Log why certificates wait, once for each process: every sweep finds it, and so does the doctor."""
    logger.warning('Certificates wait: %s', detail)


def _want_posts():
    """Ask for POSTs if some are due: at once, or when the relay that should make them proves to be gone."""
    wanted = post_is_due()
    if wanted:
        post.apply_async(countdown=heartbeat.POSTS_TIMEOUT + 0.5 if heartbeat.relay_posts() else 0)
    db.session.commit()
    return wanted


@celery.periodic_task(name='checkin_print_sweep', plugin='checkin_print', locked=False,
                      run_every=schedule(run_every=SWEEP_INTERVAL))
def sweep():
    """Find what no wake-up reached, recover what dead processes left, and retry what is due."""
    recover_stalled('sweep', heartbeat.CELERY)
    db.session.commit()
    work()
    # after the badges of those who stand at a desk
    sweep_certificates('sweep')
    db.session.commit()
    if generate.anything_waits():
        make_certificates.delay()
    _want_emails()
    if prepared.wanted() or examined.wanted():
        prepare.delay()
    equipment.check()
    # last, because a mail server may hang
    standstill_email.check()
    attention_email.check()


@celery.periodic_task(name='checkin_print_documents', plugin='checkin_print',
                      run_every=schedule(run_every=DOCUMENT_PURGE_INTERVAL))
def purge_documents():
    """Delete the documents of jobs that have ended."""
    retention.purge_documents()


@celery.periodic_task(name='checkin_print_purge', plugin='checkin_print', run_every=crontab(minute='40', hour='3'))
def purge():
    """Delete what was kept long enough; after Indico's own retention tasks, which run at 3:00 and 3:30."""
    done = retention.purge()
    logger.info('Purged: %s', ', '.join(f'{name} {count}' for name, count in done.items()))

"""Celery's part: wake-ups for work whose truth is in the ledger."""

import os

from celery.schedules import crontab, schedule

from indico.core.celery import celery
from indico.core.db import db

from indico_checkin_print import marks, retention, standstill_mail
from indico_checkin_print.plugin import CheckinPrintPlugin
from indico_checkin_print.work import post_waiting, put_right, render_waiting


#: Between two sweeps, in seconds.
SWEEP_EVERY = 15
#: Between two looks for documents that are not needed any more, in seconds.
DOCUMENTS_EVERY = 300


@celery.task(name='checkin_print_work', plugin='checkin_print', ignore_result=True)
def work():
    """Render what is queued and POST what is due."""
    actor = f'celery:{os.getpid()}'
    render_waiting(actor)
    posted, next_try = post_waiting(actor)
    if posted:
        # a hanging receiver took time in which badges may have come in
        render_waiting(actor)
    if next_try is not None and next_try < SWEEP_EVERY:
        work.apply_async(countdown=next_try)


@celery.periodic_task(name='checkin_print_sweep', plugin='checkin_print', locked=False,
                      run_every=schedule(run_every=SWEEP_EVERY))
def sweep():
    """Find what no wake-up reached, put right what dead processes left, and try again what is due."""
    put_right('sweep', marks.CELERY)
    db.session.commit()
    work()
    # last, because a mail server may hang
    standstill_mail.check()


@celery.periodic_task(name='checkin_print_documents', plugin='checkin_print',
                      run_every=schedule(run_every=DOCUMENTS_EVERY))
def purge_documents():
    """Delete the documents of jobs that have ended."""
    retention.purge_documents()


@celery.periodic_task(name='checkin_print_purge', plugin='checkin_print', run_every=crontab(minute='40', hour='3'))
def purge():
    """Delete what was kept long enough; after Indico's own retention tasks, which run at 3:00 and 3:30."""
    done = retention.purge()
    CheckinPrintPlugin.logger.info('Purged: %s', ', '.join(f'{name} {count}' for name, count in done.items()))

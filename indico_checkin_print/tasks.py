"""Celery's part: wake-ups for work whose truth is in the ledger."""

import os

from celery.schedules import schedule

from indico.core.celery import celery
from indico.core.db import db

from indico_checkin_print import marks
from indico_checkin_print.work import post_waiting, put_right, render_waiting


#: Between two sweeps, in seconds.
SWEEP_EVERY = 15


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

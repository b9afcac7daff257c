"""Celery's part: wake-ups for work whose truth is in the ledger."""

import os

from celery.schedules import schedule

from indico.core.celery import celery
from indico.core.db import db

from indico_checkin_print import ledger
from indico_checkin_print.work import post_waiting, render_waiting


@celery.task(name='checkin_print_work', plugin='checkin_print', ignore_result=True)
def work():
    """Render what is queued and POST what is due."""
    actor = f'celery:{os.getpid()}'
    render_waiting(actor)
    if post_waiting(actor):
        # a hanging receiver took time in which badges may have come in
        render_waiting(actor)


@celery.periodic_task(name='checkin_print_sweep', plugin='checkin_print', run_every=schedule(run_every=15), locked=False)
def sweep():
    """Find what no wake-up reached, put right what dead processes left, and try again what is due."""
    ledger.sweep()
    db.session.commit()
    work()

"""Wakes Celery after a check-in has been committed. Only a kick: what it misses, NOTIFY and the sweep find.

The kick goes to the broker from a thread of its own. A request never waits for the broker (a dead one took 0.6 s to
say so), and a burst of check-ins makes one kick. In a request it goes when the response has been sent: what it sets in
motion wants the same processors. Where a request has no response (a task of Celery, a shell) it goes at its end.
"""

import threading
import time

from flask import after_this_request, g, has_request_context, request_tearing_down
from sqlalchemy import event

from indico.core.celery import celery
from indico.core.db import db

from indico_checkin_print.logs import logger


#: After a kick that failed, none is tried for so long.
PAUSE_AFTER_FAILURE = 5  # seconds


class Kicker:
    """Runs `kick` in a daemon thread, once for all calls that came while the last one ran."""

    def __init__(self, kick, on_error, pause=PAUSE_AFTER_FAILURE):
        self._kick = kick
        self._on_error = on_error
        self._pause = pause
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._thread = None
        self._quiet_until = 0

    def want(self):
        """Ask for a kick. Returns at once and never raises."""
        if time.monotonic() < self._quiet_until:
            return
        self._wanted.set()
        with self._lock:
            # started late, because a thread does not survive the fork of a web worker
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name='checkin-print-kick', daemon=True)
                self._thread.start()

    def _run(self):
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._kick()
            except Exception as exc:  # whatever the broker's client raises, the sweep carries on
                self._quiet_until = time.monotonic() + self._pause
                self._on_error(exc)


def _kick():
    # by name: calling the task itself needs an app context, which this thread does not have
    celery.send_task('checkin_print_work', retry=False, ignore_result=True)


def _kick_to_prepare():
    celery.send_task('checkin_print_prepare', retry=False, ignore_result=True)


def _kick_to_send():
    celery.send_task('checkin_print_send_certificates', retry=False, ignore_result=True)


def _kick_to_make_certificates():
    celery.send_task('checkin_print_certificates', retry=False, ignore_result=True)


def _complain(exc):
    logger.warning('Celery could not be notified (%s); the relay or the sweep will find what there is to do', exc)


kicker = Kicker(_kick, _complain)
prepare_kicker = Kicker(_kick_to_prepare, _complain)
send_kicker = Kicker(_kick_to_send, _complain)
certificates_kicker = Kicker(_kick_to_make_certificates, _complain)


def prepare_after_response():
    """Ask for badges to be drawn ahead, when the request has committed and is answered; the sweep asks otherwise."""
    _after_response(prepare_kicker)


def send_after_response():
    """Ask for e-mails with certificates to be sent, in the same way; outside a request only the sweep asks."""
    if has_request_context():
        _after_response(send_kicker)


def make_certificates_after_response():
    """Ask for certificates to be made, in the same way."""
    _after_response(certificates_kicker)


def _after_response(kicker):
    @after_this_request
    def _kick_when_sent(response):
        response.call_on_close(kicker.want)
        return response


def after_commit():
    """Kick once the current transaction of the main session is committed, and not if it is rolled back."""
    session = db.session()
    if _WANTED not in session.info:
        event.listen(session, 'after_commit', _committed)
        event.listen(session, 'after_rollback', _rolled_back)
    session.info[_WANTED] = True


_WANTED = 'checkin_print_kick'
#: In `flask.g`: no response carries the kick yet.
_UNSENT = 'checkin_print_unsent_kick'


# SQLAlchemy calls both for savepoints as well


def _committed(session):
    if session.info[_WANTED] and not session.in_nested_transaction():
        session.info[_WANTED] = False
        if has_request_context():
            setattr(g, _UNSENT, True)
            after_this_request(_kick_when_sent)
        else:
            kicker.want()


def _rolled_back(session):
    if not session.in_nested_transaction():
        session.info[_WANTED] = False


def _kick_when_sent(response):
    # a WSGI server closes a response when its last byte is out
    response.call_on_close(kicker.want)
    g.pop(_UNSENT, None)
    return response


@request_tearing_down.connect
def _kick_at_the_end(app, **kwargs):
    if g.pop(_UNSENT, False):
        kicker.want()

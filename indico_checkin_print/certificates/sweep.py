"""Recovers certificates whose process died: what it left half done is done once more, unless it may be done already."""

from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import MAX_MAKES, C, M
from indico_checkin_print.certificates.transition import move, move_sending
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.sql import now


def sweep(actor='sweep'):
    """Recover what dead processes left stalled. Return how many certificates that were."""
    stalled = [Certificate.state == C.making, Certificate.lease_dt < now()]
    sending = [Certificate.send_state == M.sending, Certificate.send_lease_dt < now()]
    return len([
        *move([*stalled, Certificate.attempts >= MAX_MAKES], C.failed, R.workers_died, actor, lease_dt=None,
              attempts=0),
        *move(stalled, C.queued, R.worker_died, actor, lease_dt=None, next_try_dt=now()),
        # nobody gets an e-mail twice: a person says whether it is sent once more
        *move_sending([*sending, Certificate.handed_dt.isnot(None)], M.failed, R.uncertain, actor, send_lease_dt=None,
                      send_failed_dt=now(), send_attempts=0),
        *move_sending(sending, None, R.worker_died, actor, send_lease_dt=None, send_next_dt=None),
    ])

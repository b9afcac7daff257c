"""What a person changes about one certificate: its name, or whether it is valid. Its numbers and URLs stay.

The name is corrected on the certificate; the registration stays as it is.
"""

import unicodedata
import uuid as uuids

from indico.core.db import db

from indico_checkin_print import _
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.certificates.transition import fresh, move, move_sending
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.sql import now


#: Most characters of a name, and of a reason for the public
MAX_NAME, MAX_WHY = 200, 500


def find(uuid):
    """Return the certificate with a UUID as somebody typed it; ``None`` if there is none."""
    try:
        return Certificate.query.filter_by(uuid=str(uuids.UUID(uuid))).first()
    except ValueError:
        return None


def correction_of(full_name, first_name=''):
    """Return a correction as `Certificate.correction` has it.

    :param first_name: If it is not given, the first word of the full name.
    :raises ValueError: if the name is empty or too long, or has a character that cannot be drawn.
    """
    full_name, first_name = ' '.join(full_name.split()), ' '.join(first_name.split())
    if not full_name or len(full_name) > MAX_NAME or len(first_name) > MAX_NAME:
        raise ValueError(_('A name has 1 to {max} characters.').format(max=MAX_NAME))
    if any(unicodedata.category(char) in {'Cc', 'Cs'} for char in full_name + first_name):
        raise ValueError(_('There is a character in the name that cannot be drawn.'))
    return {'full_name': full_name, 'first_name': first_name or full_name.split()[0]}


def correct(certificate, correction, actor):
    """Queue an issued certificate with another name, and its e-mail to be sent once more. Return whether that was done.

    What is known of the e-mail that was sent before stays: its message-id and when it was sent.

    :param correction: What `correction_of` returned.
    """
    one = [Certificate.id == certificate.id]
    issued = [Certificate.sha256.isnot(None), Certificate.state.in_([C.ready, C.failed])]
    if not move([*one, *issued], C.queued, R.corrected, actor, correction=correction, attempts=0, next_try_dt=now()):
        return False
    move_sending([*one, Certificate.send_state.in_([M.sent, M.failed])], None, R.reissued, actor, send_next_dt=None)
    return True


def revoke(certificate, why, actor):
    """Revoke a certificate that was issued. Return whether that was done.

    :param why: In words, for the public.
    """
    return bool(move([Certificate.id == certificate.id, Certificate.sha256.isnot(None)], C.revoked, R.revoked, actor,
                     lease_dt=None, revoked_dt=now(), revoked_why=why[:MAX_WHY]))


def restore(certificate, actor):
    """Let a revoked certificate be valid once more, unless its registration was purged. Return whether that was done.

    It is queued: what shows what is true is not made anew.
    """
    return bool(move([Certificate.id == certificate.id, Certificate.state == C.revoked, Certificate.full_name != ''],
                     C.queued, R.restored, actor, revoked_dt=None, revoked_why='', attempts=0, next_try_dt=now()))


def has_drifted(certificate_id, uuid, serial, name):
    """Return what of a certificate that was made anew is not as it must be; empty if all is well."""
    db.session.expire_all()
    certificate = fresh(certificate_id)
    found = {'uuid': certificate.uuid == uuid, 'serial': certificate.serial == serial,
             'name': certificate.name == name, 'state': certificate.state == C.ready}
    return ', '.join(key for key, is_right in found.items() if not is_right)

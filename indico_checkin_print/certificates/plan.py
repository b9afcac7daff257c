"""Enters who gets a certificate: new ones are queued, and those that have to show something else than they do.

A plan can be repeated at any time, and while certificates are made; what is right already is left alone.
"""

from dataclasses import dataclass

from sqlalchemy.orm import joinedload, subqueryload

from indico.core.config import config
from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.badge.context import in_event
from indico_checkin_print.certificates.context import Shown
from indico_checkin_print.certificates.identity import MAX_SERIAL_LENGTH, SERIAL_LENGTH, first_free, identify
from indico_checkin_print.certificates.inputs import inputs_of
from indico_checkin_print.certificates.people import select
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C
from indico_checkin_print.certificates.template import check_template, template_of
from indico_checkin_print.certificates.transition import create, move
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.sql import now


#: Certificates that are entered in one transaction
ROWS_PER_BATCH = 100


@dataclass
class Planned:
    """What a plan did."""

    recipients: int = 0
    skipped: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    canceled: int = 0
    #: Issued to somebody who is no recipient any more: a person may revoke them
    no_recipient: int = 0


def plan(type_, actor):
    """Enter the recipients of a type. Commits after each batch. Return what was `Planned`.

    :raises CannotMake: if the document template asks for what does not exist; nothing is entered then.
    """
    template, selection = template_of(type_), select(type_)
    done = Planned(len(selection.recipients), len(selection.skips))
    for start in range(0, len(selection.recipients), ROWS_PER_BATCH):
        batch = selection.recipients[start:start + ROWS_PER_BATCH]
        _enter(type_, template, batch, actor, done)
        db.session.commit()
    keys = [recipient.subject_key for recipient in selection.recipients]
    gone = [Certificate.type_id == type_.id, Certificate.subject_key.notin_(keys)]
    done.canceled = len(move([*gone, Certificate.sha256.is_(None)], C.canceled, R.no_recipient, actor, lease_dt=None))
    done.no_recipient = Certificate.query.filter(*gone, Certificate.sha256.isnot(None),
                                                 Certificate.state != C.revoked).count()
    db.session.commit()
    return done


def _enter(type_, template, recipients, actor, done):
    known = {one.subject_key: one for one in Certificate.query.populate_existing().filter(
        Certificate.type_id == type_.id, Certificate.subject_key.in_([one.subject_key for one in recipients]))}
    registrations = {one.id: one for one in Registration.query
                     .filter(Registration.id.in_([one.registration_id for one in recipients]))
                     .options(joinedload('registration_form'), subqueryload('data').joinedload('field_data'))}
    numbers = {one.subject_key: identify(_secret(), type_.event_id, type_.name, one.subject_key)
               for one in recipients if one.subject_key not in known}
    taken = _taken([serial for __, serial in numbers.values()])
    for recipient in recipients:
        certificate = known.get(recipient.subject_key)
        if certificate is None:
            uuid, longest = numbers[recipient.subject_key]
            uuid, serial = str(uuid), first_free(longest, taken)
            taken.add(serial)
        else:
            uuid, serial = certificate.uuid, certificate.serial
        shown = _shown(recipient, certificate, serial, uuid)
        with in_event(type_.event, lambda locale=recipient.locale: locale):
            context, input_hash = inputs_of(shown, type_, template, registrations.get(recipient.registration_id))
            if not done.new + done.changed + done.unchanged:
                check_template(template, context)
        values = {'first_name': recipient.first_name, 'full_name': recipient.full_name, 'email': recipient.email,
                  'locale': recipient.locale, 'facts': _facts(recipient), 'input_hash': input_hash}
        if certificate is None:
            done.new += create(actor, uuid=uuid, serial=serial, event_id=type_.event_id, type_id=type_.id,
                               subject_key=recipient.subject_key, registration_id=recipient.registration_id, **values)
        else:
            _update(certificate, values, actor, done)


def _update(certificate, values, actor, done):
    """Let a certificate have to show what is true now, unless it is revoked, and queue it if it does not."""
    one = [Certificate.id == certificate.id]
    if certificate.state != C.revoked and any(getattr(certificate, key) != value for key, value in values.items()):
        db.session.execute(db.update(Certificate.__table__).where(*one, Certificate.state != C.revoked)
                           .values(**values))
    if certificate.state == C.canceled:
        reason = R.planned
    elif certificate.state == C.failed:
        reason = R.asked
    elif certificate.state == C.ready and certificate.made_from != values['input_hash']:
        reason = R.changed
    elif certificate.state == C.making and certificate.input_hash != values['input_hash']:
        # what is being made shows what was true before
        reason = R.changed
    else:
        done.unchanged += 1
        return
    done.changed += len(move([*one, Certificate.state == certificate.state], C.queued, reason, actor, lease_dt=None,
                             attempts=0, next_try_dt=now()))


def _secret():
    key = config.SECRET_KEY
    return key.encode() if isinstance(key, str) else key


def _taken(serials):
    """Return those of all beginnings of some serials that certificates have."""
    beginnings = [serial[:length] for serial in serials for length in range(SERIAL_LENGTH, MAX_SERIAL_LENGTH + 1)]
    return {serial for serial, in db.session.query(Certificate.serial).filter(Certificate.serial.in_(beginnings))}


def _facts(recipient):
    facts = {'topic': recipient.topic, 'attended_how': recipient.attended_how, 'minutes': recipient.minutes}
    return {key: value for key, value in facts.items() if value not in ('', None)}


def _shown(recipient, certificate, serial, uuid):
    """Return what is on the certificate of a recipient; a corrected name stays."""
    correction = certificate.correction if certificate is not None else None
    return Shown(serial, uuid, (correction or {}).get('full_name', recipient.full_name),
                 (correction or {}).get('first_name', recipient.first_name), recipient.email, recipient.topic,
                 recipient.attended_how, recipient.minutes, is_corrected=correction is not None)

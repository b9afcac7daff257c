"""Sends the e-mail of one certificate, at most once, and notes what became of it; or of some to one address, to try."""

import time

from indico.core.db import db
from indico.core.storage import StorageError
from indico.modules.logs.models.entries import EventLogRealm, LogKind
from indico.util.date_time import now_utc
from indico.util.string import validate_email

from indico_checkin_print import _
from indico_checkin_print.certificates import claims
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.mail import compose, new_message_id
from indico_checkin_print.certificates.mail_server import Server
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.errors import CannotSend, ClaimLost, MailRefused
from indico_checkin_print.logs import logger


#: E-mails in a second
RATE = 5


def send_claimed(server, certificate, actor, bcc=None):
    """Send the e-mail of a certificate that was claimed, and commit what became of it.

    :param server: A `Server` that is connected.
    :param bcc: An address that gets a copy; what becomes of the copy changes nothing.
    """
    message_id, to = certificate.message_id, certificate.email
    handed_over = False

    def _hand_over():
        nonlocal handed_over
        if not claims.hand_over(certificate):
            raise ClaimLost
        db.session.commit()
        handed_over = True

    def _not_sent(reason, error, *, final):
        db.session.rollback()
        if certificate.message_id != message_id:
            # somebody else has taken it meanwhile
            return
        if final:
            _log(certificate, None, error)
        claims.not_sent(certificate, reason, str(error), actor, final=final)
        db.session.commit()

    try:
        if not validate_email(to, check_dns=False):
            _not_sent(R.bad_address, '', final=True)
            return
        composed = compose(certificate)
        server.send(composed.message(to, message_id), to, _hand_over)
    except ClaimLost:
        db.session.rollback()
        server.reset()
    except MailRefused as exc:
        server.reset()
        _not_sent(R.refused, str(exc).replace(to, '…'), final=exc.is_final)
    except StorageError as exc:
        _not_sent(R.storage, exc, final=True)
    except CannotSend as exc:
        _not_sent(R.error, exc.detail, final=True)
    except OSError as exc:
        # the connection has ended: without an answer the server may have it
        _not_sent(R.uncertain if handed_over else R.refused, exc, final=handed_over)
    except Exception as exc:
        logger.exception('The e-mail of certificate %d cannot be sent', certificate.id)
        _not_sent(R.uncertain if handed_over else R.error, type(exc).__name__, final=handed_over)
    else:
        claims.sent(certificate, actor)
        _log(certificate, composed)
        db.session.commit()
        if bcc:
            _copy(server, composed.message(to, message_id), bcc, certificate)


def _copy(server, message, bcc, certificate):
    try:
        server.send(message, bcc)
    except (MailRefused, OSError) as exc:
        # the person has it, and that is what counts
        logger.warning('The copy of the e-mail of certificate %d was not sent: %s', certificate.id, exc)
        server.reset()


def _log(certificate, composed, error=None):
    """Enter an e-mail in the event's log."""
    data = {'content_type': 'text/plain', 'from': composed.sender if composed else '', 'to': [certificate.email],
            'cc': [], 'bcc': [], 'reply_to': composed.reply_to if composed else [], 'alternatives': [],
            'subject': composed.subject if composed else str(certificate.type.title),
            'body': composed.text if composed else str(error), 'state': 'sent' if composed else 'failed',
            'sent_dt': now_utc(False).isoformat() if composed else None,
            'attachments': [composed.file_name] if composed else []}
    certificate.event.log(EventLogRealm.emails, LogKind.other if composed else LogKind.negative, 'Certificates',
                          f'Certificate {written(certificate.serial)}: {data["subject"]}', type_='email', data=data,
                          meta={'certificate_id': certificate.id})


def smoke(certificates, to, *, rate=RATE):
    """Send the e-mails of certificates to one address instead; nothing is noted anywhere. Return how many.

    :raises CannotSend: if one cannot be sent.
    """
    if not validate_email(to, check_dns=False):
        raise CannotSend(_('That is no e-mail address.'))
    with Server() as server:
        for certificate in certificates:
            try:
                server.send(compose(certificate).message(to, new_message_id()), to)
            except (MailRefused, OSError, StorageError) as exc:
                raise CannotSend(_('Certificate {serial} cannot be sent: {error}').format(
                    serial=written(certificate.serial), error=exc)) from exc
            time.sleep(1 / rate)
    return len(certificates)

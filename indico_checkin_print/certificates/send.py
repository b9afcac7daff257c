"""Sends the e-mails with certificates: one at a time, paced, each at most once. A run that is repeated takes the rest.

It speaks to the mail server itself, with the connection and the settings of Indico (``SMTP_…``): Indico's own task says
neither what the server answered nor which message-id the e-mail had.
"""

import smtplib
import time
from dataclasses import dataclass, field

from indico.core.db import db
from indico.core.storage import StorageError
from indico.modules.logs.models.entries import EventLogRealm, LogKind
from indico.util.date_time import now_utc
from indico.util.string import validate_email
from indico.vendor.django_mail import get_connection
from indico.vendor.django_mail.backends.smtp import EmailBackend
from indico.vendor.django_mail.message import sanitize_address

from indico_checkin_print import _
from indico_checkin_print.certificates import claims
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.mail import compose, new_message_id
from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C, M
from indico_checkin_print.certificates.transition import fresh
from indico_checkin_print.errors import CannotSend, ClaimLost, MailRefused
from indico_checkin_print.logs import logger
from indico_checkin_print.models.certificates import Certificate


#: E-mails in a second
RATE = 5


@dataclass
class Outcome:
    """What a run did, by the serials of the certificates."""

    sent: list = field(default_factory=list)
    #: Tried without success: another run takes them
    later: list = field(default_factory=list)
    failed: list = field(default_factory=list)


class Server:
    """The connection to the mail server that Indico uses, to be used in a ``with``.

    :raises CannotSend: if there is none.
    """

    def __init__(self):
        self._backend = get_connection()
        if not isinstance(self._backend, EmailBackend):
            raise CannotSend('EMAIL_BACKEND in indico.conf is none that speaks to a mail server.')

    def __enter__(self):
        self.connect()
        return self

    def __exit__(self, *args):
        self._close()

    def connect(self):
        """Have a connection that the server answers on."""
        smtp = self._backend.connection
        try:
            if smtp is not None and smtp.noop()[0] != 250:
                self._close()
        except (OSError, smtplib.SMTPException):
            # servers end a connection that had a pause
            self._close()
        try:
            self._backend.open()
        except (OSError, smtplib.SMTPException) as exc:
            host, port = self._backend.host, self._backend.port
            raise CannotSend(_('The mail server {server} cannot be used: {error}').format(
                server=f'{host}:{port}', error=exc)) from exc

    def send(self, message, to, before_data=lambda: None):
        """Hand an e-mail over for one address.

        :param before_data: Called just before the server gets the text: until then it cannot have the e-mail.
        :raises MailRefused: if the server does not take it.
        :raises OSError: if the connection ends (`SMTPServerDisconnected` as well).
        """
        smtp = self._backend.connection
        smtp.ehlo_or_helo_if_needed()
        content = message.message().as_bytes(linesep='\r\n')
        try:
            self._expect({250}, *smtp.mail(sanitize_address(message.from_email, 'utf-8')))
            self._expect({250, 251}, *smtp.rcpt(sanitize_address(to, 'utf-8')))
            before_data()
            self._expect({250}, *smtp.data(content))
        except smtplib.SMTPDataError as exc:
            # the server did not want the text
            raise MailRefused(exc.smtp_code, exc.smtp_error) from exc

    def reset(self):
        """Forget an e-mail that the server did not take."""
        try:
            self._backend.connection.rset()
        except (OSError, smtplib.SMTPException):
            # `connect` makes another one
            self._close()

    @staticmethod
    def _expect(codes, code, answer):
        if code not in codes:
            raise MailRefused(code, answer)

    def _close(self):
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            # a connection that has ended cannot be ended
            self._backend.connection = None


def send(type_, actor, *, limit=None, only=(), bcc=None, rate=RATE, news=lambda outcome: None):
    """Send the e-mails of a type that are to be sent; commits after each step. Return the `Outcome`.

    :param limit: Most e-mails of this run.
    :param only: The ids of certificates that are sent although they were before.
    :param bcc: An address that gets a copy of each; what becomes of the copy changes nothing.
    :param news: Called after each e-mail.
    :raises CannotSend: if the mail server cannot be used; what is not sent then is as it was.
    """
    mine = [Certificate.type_id == type_.id, Certificate.state == C.ready, Certificate.published_dt.isnot(None)]
    # what fails is not tried twice in one run
    wanted = Certificate.id.in_(only) if only else claims.may_be_sent()
    ids = [id_ for id_, in db.session.query(Certificate.id).filter(*mine, wanted).order_by(Certificate.id).limit(limit)]
    outcome = Outcome()
    if not ids:
        return outcome
    with Server() as server:
        for id_ in ids:
            began = time.monotonic()
            server.connect()
            # what it asks may have changed since; nobody else may be sending it
            is_free = db.or_(Certificate.send_state.is_(None), Certificate.send_state != M.sending)
            certificate = claims.claim_sending(new_message_id(), actor, Certificate.id == id_, *mine,
                                               is_free if only else claims.may_be_sent())
            db.session.commit()
            if certificate is None:
                continue
            _send_claimed(server, certificate, actor, bcc, outcome)
            news(outcome)
            time.sleep(max(0, 1 / rate - (time.monotonic() - began)))
    return outcome


def _send_claimed(server, certificate, actor, bcc, outcome):
    serial, message_id, to = certificate.serial, certificate.message_id, certificate.email
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
        has_failed = fresh(certificate.id).send_state == M.failed
        (outcome.failed if has_failed else outcome.later).append(serial)

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
        outcome.sent.append(serial)
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

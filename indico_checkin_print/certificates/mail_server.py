"""The mail server that Indico uses, spoken to directly.

Indico's own task says neither what the server answered nor which message-id the e-mail had.
"""

import smtplib

from indico.vendor.django_mail import get_connection
from indico.vendor.django_mail.backends.smtp import EmailBackend
from indico.vendor.django_mail.message import sanitize_address

from indico_checkin_print import _
from indico_checkin_print.errors import CannotSend, MailRefused


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

"""The e-mail with a certificate: text, HTML with the event's logo inside, the PDF attached. Sends nothing."""

from dataclasses import dataclass, field
from email.mime.image import MIMEImage
from email.utils import make_msgid
from urllib.parse import urlsplit

from flask import render_template
from markupsafe import Markup

from indico.core.config import config
from indico.core.emails import get_actual_sender_address
from indico.util.date_time import format_date, format_interval
from indico.util.i18n import get_current_locale
from indico.vendor.django_mail.message import EmailMultiAlternatives, SafeMIMEMultipart

from indico_checkin_print.badge.context import in_event
from indico_checkin_print.certificates import words
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.urls import download_url, validation_url


#: What the logo is called inside the e-mail
LOGO_CID = 'logo@checkin-print'
#: Most bytes of a logo that goes with each e-mail; a larger one is left out
MAX_LOGO = 500_000
#: Pictures that e-mail programs show
_LOGO_TYPES = {'image/png', 'image/jpeg', 'image/gif'}


class Message(EmailMultiAlternatives):
    """An e-mail of Indico whose HTML has pictures inside (``multipart/related``, RFC 2387)."""

    def __init__(self, *args, pictures=(), **kwargs):
        super().__init__(*args, **kwargs)
        self._pictures = pictures

    def _create_mime_attachment(self, content, mimetype):
        part = super()._create_mime_attachment(content, mimetype)
        if mimetype != 'text/html' or not self._pictures:
            return part
        related = SafeMIMEMultipart('related')
        for one in (part, *self._pictures):
            related.attach(one)
        return related


@dataclass(frozen=True)
class Composed:
    """What is in one e-mail, before it is addressed."""

    subject: str
    text: str
    html: str
    sender: str
    reply_to: tuple[str, ...]
    #: The logo: its subtype (``png``) and its bytes
    logo: tuple[str, bytes] | None = field(repr=False)
    pdf: bytes = field(repr=False)
    file_name: str

    def message(self, to, message_id, connection=None):
        """Return it as a `Message` for one address."""
        pictures = []
        if self.logo is not None:
            subtype, content = self.logo
            picture = MIMEImage(content, subtype)
            picture.add_header('Content-ID', f'<{LOGO_CID}>')
            picture.add_header('Content-Disposition', 'inline', filename=f'logo.{subtype}')
            pictures.append(picture)
        return Message(self.subject, self.text, self.sender, [to], reply_to=self.reply_to, pictures=pictures,
                       attachments=[(self.file_name, self.pdf, 'application/pdf')],
                       alternatives=[(self.html, 'text/html')], headers={'message-id': message_id},
                       connection=connection)


def new_message_id():
    """Return a message-id that no other e-mail has."""
    return make_msgid(domain=urlsplit(config.BASE_URL).hostname)


def compose(certificate, pdf=None):
    """Return the e-mail with a certificate that is ready, as `Composed`, in the certificate's language.

    :param pdf: What is attached, if not the certificate's own PDF.
    :raises CannotSend: if its words ask for what does not exist.
    :raises StorageError: if the PDF cannot be read.
    """
    event = certificate.event
    if pdf is None:
        with certificate.file.open() as file:
            pdf = file.read()
    with in_event(event, lambda: certificate.locale):
        subject, blocks = words.merged(certificate.type)
        words.check(subject, blocks)
        values = _values(certificate)
        locale = get_current_locale()
        sender, reply_to = get_actual_sender_address(None, set(event.contact_emails))
        html = render_template(
            'checkin_print:emails/certificate.html', subject=words.line(subject, values), title=event.title,
            blocks={name: [Markup(paragraph) for paragraph in words.html(text, values)]  # noqa: S704 escaped there
                    for name, text in blocks.items()},
            button=words.line(blocks['cta_label'], values), download_url=values['download_url'],
            language=locale.language, direction=locale.text_direction,
            logo=f'cid:{LOGO_CID}' if _logo(event) else None)
        text = '\n\n'.join(filter(None, (_plain(name, blocks[name], values) for name in words.BLOCKS))) + '\n'
        return Composed(words.line(subject, values), text, html, sender, tuple(sorted(reply_to)), _logo(event), pdf,
                        f'{written(certificate.serial)}.pdf')


def _plain(name, text, values):
    text = words.plain(text, values)
    return f'{text} ({values["download_url"]})' if text and name == 'cta_label' else text


def _values(certificate):
    facts, event = certificate.facts, certificate.event
    start, end = event.start_dt.astimezone(event.tzinfo).date(), event.end_dt.astimezone(event.tzinfo).date()
    topic = facts.get('topic', '')
    return {'event_full_name': event.title, 'first_name': certificate.given_name, 'full_name': certificate.name,
            'event_dates': format_date(start, 'long') if start == end else format_interval(start, end, 'yMMMMd'),
            'serial': written(certificate.serial), 'uuid': certificate.uuid, 'topic': topic, 'masterclass': topic,
            'talk_title': topic, 'attended_how': facts.get('attended_how', ''),
            'download_url': download_url(certificate.uuid),
            'validation_url': validation_url(certificate.serial) if certificate.type.validated else ''}


def _logo(event):
    if not event.has_logo or event.logo_metadata['content_type'] not in _LOGO_TYPES or len(event.logo) > MAX_LOGO:
        return None
    return event.logo_metadata['content_type'].partition('/')[2], event.logo

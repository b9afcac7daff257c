"""What a document template of a certificate can show: Indico's own placeholders, and ``certificate``.

To be called in the context of the event and the language (`badge.context.in_event`).
"""

from dataclasses import dataclass

from indico.util.date_time import format_date, format_interval, now_utc
from indico.util.i18n import get_current_locale

from indico_checkin_print import _
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.qr import qr_svg
from indico_checkin_print.certificates.urls import validation_url


#: Passes Indico's check of addresses; nothing is drawn or sent with it
_ANY_ADDRESS = 'nobody@example.org'


@dataclass(frozen=True)
class Shown:
    """What is on one certificate, besides what its template and its event say."""

    serial: str
    uuid: str
    full_name: str
    first_name: str
    email: str
    topic: str = ''
    attended_how: str = ''
    minutes: int | None = None
    is_corrected: bool = False


def shown_of(certificate):
    """Return what is on a `Certificate`."""
    facts = certificate.facts
    return Shown(certificate.serial, certificate.uuid, certificate.name, certificate.given_name, certificate.email,
                 facts.get('topic', ''), facts.get('attended_how', ''), facts.get('minutes'),
                 certificate.correction is not None)


def build_context(shown, type_, registration, custom_fields, issued_dt=None):
    """Return the context of a document template.

    :param shown: A `Shown`.
    :param registration: The `Registration`; ``None`` of a speaker.
    :param custom_fields: The values of the template's own fields.
    :param issued_dt: When it was first made; if not set, that is today.
    """
    event = type_.event
    context = _safe_context(event, registration if registration is not None else _no_registration(event),
                            custom_fields, shown)
    if registration is None or shown.is_corrected:
        context['registration']['personal_data'] |= {'first_name': shown.first_name, 'last_name': _rest(shown),
                                                     'email': shown.email}
    start, end = (dt.astimezone(event.tzinfo) for dt in (event.start_dt, event.end_dt))
    # Indico's filter for dates leaves moments in the zone in which they are, which is UTC
    context['event'] |= {'start_dt': start, 'end_dt': end}
    context['certificate'] = {
        'serial': written(shown.serial), 'uuid': shown.uuid, 'url': validation_url(shown.serial),
        'qr': qr_svg(validation_url(shown.serial)), 'is_validated': type_.validated, 'type': type_.name,
        'name': shown.full_name, 'first_name': shown.first_name, 'topic': shown.topic,
        'attended_how': shown.attended_how, 'minutes': shown.minutes, 'hours': _hours(shown.minutes),
        'start_date': start.date(), 'end_date': end.date(), 'dates': _dates(start.date(), end.date()),
        'has_logo': event.has_logo, 'language': get_current_locale().language,
        'is_right_to_left': get_current_locale().text_direction == 'rtl',
        'issued_on': (issued_dt or now_utc()).astimezone(event.tzinfo).date(),
        'words': _words(type_, shown, event)}
    return context


def _safe_context(event, registration, custom_fields, shown):
    """Return what Indico's `get_safe_template_context` does, also for somebody whose address is none."""
    # its classes need all models of Indico, which are not there yet when plugins are loaded
    from indico.modules.receipts.schemas import TemplateDataSchema
    schema = TemplateDataSchema()
    dumped = schema.dump({'event': event, 'registration': registration, 'custom_fields': custom_fields})
    data = dumped['registration']['personal_data']
    # one address that Indico would not accept must not keep all others from their certificates
    email, data['email'] = data.get('email', shown.email), _ANY_ADDRESS
    context = schema.load(dumped)
    context['registration']['personal_data']['email'] = email
    return context


def _no_registration(event):
    """Return what stands for the registration of a speaker."""
    return {'id': 0, 'friendly_id': 0, 'submitted_dt': event.start_dt, 'base_price': 0, 'total_price': 0,
            'currency': '', 'formatted_price': '', 'state': 'complete', 'field_data': [],
            'personal_data': {'first_name': '', 'last_name': ''}, 'transaction': None}


def _rest(shown):
    """Return a full name without the first name."""
    return shown.full_name.removeprefix(shown.first_name).strip()


def _dates(first, last):
    return format_date(first, 'long') if first == last else format_interval(first, last, 'yMMMMd')


def _hours(minutes):
    """Return a time in hours, without needless digits: ``7.5``; empty if it is not known."""
    return '' if minutes is None else f'{minutes / 60:.2f}'.rstrip('0').rstrip('.')


def title_of(type_):
    """Return what a certificate of a type is called by the product's own template."""
    titles = {'masterclass': _('Masterclass certificate'), 'speaker': _('Speaker certificate'),
              'volunteer': _('Certificate of appreciation')}
    return str(titles.get(type_.name, _('Certificate of attendance')))


def _words(type_, shown, event):
    """Return the sentences of the product's own template, in the language of the certificate."""
    named = {'event': event.title, 'topic': shown.topic, 'how': shown.attended_how}
    sentences = {
        'masterclass': _('has taken part in the masterclass “{topic}” at {event}.'),
        'speaker': _('has given the contribution “{topic}” at {event}.'),
        'volunteer': _('has helped as a volunteer at {event}.'),
    }
    if shown.topic:
        sentence = sentences.get(type_.name, _('has taken part in “{topic}” at {event}.'))
    elif shown.attended_how:
        sentence = sentences.get(type_.name, _('has attended {event} {how}.'))
    else:
        sentence = sentences.get(type_.name, _('has attended {event}.'))
    return {
        'title': title_of(type_),
        'certifies': str(_('This is to certify that')),
        'sentence': str(sentence).format(**named),
        'hours': str(_('Hours: {hours}')).format(hours=_hours(shown.minutes)) if shown.minutes else '',
        'number': str(_('Certificate no.')),
        'issued': str(_('Issued on')),
        'check': str(_('Scan the code, or see {url}')).format(url=validation_url(shown.serial)),
    }

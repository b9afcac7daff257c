"""A certificate as it would be, of which nothing is stored: for previews, and to check a template."""

from sqlalchemy.orm.attributes import set_committed_value

from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.badge.context import in_event
from indico_checkin_print.certificates.context import Shown, build_context, shown_of
from indico_checkin_print.certificates.draw import draw
from indico_checkin_print.certificates.identity import SERIAL_LENGTH
from indico_checkin_print.certificates.inputs import inputs_of
from indico_checkin_print.certificates.template import check_template, template_of
from indico_checkin_print.models.certificates import Certificate


#: The numbers of what is none
SAMPLE_SERIAL, SAMPLE_UUID = '0' * SERIAL_LENGTH, '00000000-0000-0000-0000-000000000000'


def sample(type_, recipient):
    """Return the certificate of a `Recipient`; of somebody who has none yet, one that is in no session.

    :param recipient: A `selection.Recipient`.
    """
    known = Certificate.query.filter_by(type_id=type_.id, subject_key=recipient.subject_key).first()
    if known is not None:
        return known
    facts = {'topic': recipient.topic, 'attended_how': recipient.attended_how, 'minutes': recipient.minutes}
    certificate = Certificate(uuid=SAMPLE_UUID, serial=SAMPLE_SERIAL, first_name=recipient.first_name,
                              full_name=recipient.full_name, email=recipient.email, locale=recipient.locale,
                              facts={key: value for key, value in facts.items() if value not in {'', None}})
    registration = Registration.get(recipient.registration_id) if recipient.registration_id is not None else None
    # as if they had been loaded: what is assigned would be stored
    for name, value in (('type', type_), ('event', type_.event), ('registration', registration)):
        set_committed_value(certificate, name, value)
    return certificate


def draw_sample(certificate, template=None):
    """Return the PDF of a certificate as it would be made now, without a signature.

    :param template: A `template.Template`, if not that of the type.
    :raises CannotMake: if the template asks for what does not exist, or cannot be drawn.
    """
    type_ = certificate.type
    template = template or template_of(type_)
    with in_event(type_.event, lambda: certificate.locale):
        context, __ = inputs_of(shown_of(certificate), type_, template, certificate.registration,
                                certificate.issued_dt)
        check_template(template, context)
        return draw(template, context, type_.event, title=type_.title, pdf_a=type_.pdf_a)


def check_choice(type_, template):
    """Check that all that a template asks for exists, before it is chosen for a type.

    :param template: A `template.Template`.
    :raises CannotMake: says what is wrong.
    """
    nobody = Shown(SAMPLE_SERIAL, SAMPLE_UUID, 'Ada Lovelace', 'Ada', 'ada@example.org')
    with in_event(type_.event, lambda: type_.event.get_forced_event_locale(always=True)):
        check_template(template, build_context(nobody, type_, None, template.values))

"""The dialogs about one type: what it is, the values of its template's own fields, and what its e-mail says."""

from wtforms.fields import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, Regexp, ValidationError

from indico.modules.receipts.util import get_event_attachment_images, get_inherited_templates
from indico.web.forms.fields import IndicoEnumRadioField, IndicoEnumSelectField
from indico.web.forms.widgets import SwitchWidget

from indico_checkin_print import _
from indico_checkin_print.certificates import words
from indico_checkin_print.certificates.sample import check_choice
from indico_checkin_print.certificates.template import default_of, default_template, filled
from indico_checkin_print.errors import CannotMake, CannotSend
from indico_checkin_print.management.base import DialogForm
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.choices import CertificateLanguage, CertificateSource, TopicSource


#: Most characters of the title of a type, and of the values of a template's own field
MAX_TITLE, MAX_VALUE = 100, 2000
#: The fields of registrations that can say what a certificate is about
TOPIC_INPUTS = ('single_choice', 'multi_choice', 'sessions')
#: Fields that only registrants have an answer to
_OF_REGISTRANTS = ('everybody', 'checked_in_only', 'topic', 'topic_field_id', 'hours_field_id', 'how_else')


class AddTypeForm(DialogForm):
    """An own type of the event."""

    title = StringField(_('Title'), [DataRequired(), Length(max=MAX_TITLE)])
    name = StringField(_('Short name'), [DataRequired(), Regexp(
        r'[a-z][a-z0-9-]{0,39}\Z', message=_('Small letters, digits and hyphens, at most 40; a letter first.'))],
        description=_('What the command line calls it, such as "workshop-leader". It stays as it is.'))
    source = IndicoEnumRadioField(_('For'), [DataRequired()], enum=CertificateSource,
                                  default=CertificateSource.registrations)

    def validate_name(self, field):
        if CertificateType.query.filter_by(event_id=self.event.id, name=field.data).has_rows():
            raise ValidationError(_('There is such a type already.'))


class TypeForm(DialogForm):
    """What a type is."""

    title = StringField(_('Title'), [DataRequired(), Length(max=MAX_TITLE)])
    everybody = BooleanField(_('For everybody'), widget=SwitchWidget(), description=_(
        'If off, it is for the groups of people on the page of the type. To switch it on removes them.'))
    checked_in_only = BooleanField(_('Only who was checked in'), widget=SwitchWidget())
    topic = IndicoEnumSelectField(_('What it is about'), enum=TopicSource, description=_(
        'Besides the event, such as the title of a masterclass.'))
    topic_field_id = SelectField(_('The field'), coerce=int, description=_(
        'If the answer to a field says what it is about. Of a field with sessions there is one certificate for each '
        'session.'))
    hours_field_id = SelectField(_('Hours'), coerce=int, description=_(
        'The field with the sessions that somebody attended. What overlaps counts once.'))
    how_else = StringField(_('How people attended'), [Length(max=100)], description=_(
        'Those whom no rule on the page of the type fits, such as "on site". May be empty.'))
    template_id = SelectField(_('Document template'), coerce=int, description=_(
        'How it looks. Templates of the event and its categories are changed on Indico\'s page "Document Templates".'))
    language = IndicoEnumSelectField(_('Language'), enum=CertificateLanguage)
    signed = BooleanField(_('Signed'), widget=SwitchWidget(), description=_(
        'If off, nobody can see whether a PDF was changed, and the page says so as long as the type is on.'))
    pdf_a = BooleanField(_('For archives (PDF/A)'), widget=SwitchWidget())
    validated = BooleanField(_('Can be checked by the public'), widget=SwitchWidget(), description=_(
        'A code and an address stand on it, where anybody who has it can check it. They show no full name.'))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.target.source == CertificateSource.speakers:
            for name in _OF_REGISTRANTS:
                del self[name]
        else:
            fields = fields_of(self.event)
            self.topic_field_id.choices = _titles({id_: field for id_, field in fields.items()
                                                   if field.input_type in TOPIC_INPUTS})
            self.hours_field_id.choices = _titles({id_: field for id_, field in fields.items()
                                                   if field.input_type == 'sessions'})
        self.templates = templates_of(self.event)
        self.template_id.choices = [(0, _("The product's own")), *((template.id, title_of(template))
                                                                   for template in self.templates.values())]

    def validate_topic_field_id(self, field):
        if self.topic.data == TopicSource.field and not field.data:
            raise ValidationError(_('Choose the field.'))

    def validate_template_id(self, field):
        template = self.templates.get(field.data) or default_template()
        try:
            check_choice(self.target, filled(template, {}))
        except CannotMake as exc:
            raise ValidationError(exc.detail)


def fields_form(event, template):
    """Return the class of the form with a template's own fields, ``field_0`` and so on in their order.

    :param template: The `ReceiptTemplate`.
    """
    fields = {}
    for number, field in enumerate(template.custom_fields):
        attributes, kind = field['attributes'], field['type']
        required = [DataRequired()] if field.get('validations', {}).get('required') else [Optional()]
        common = {'description': _description(attributes), 'default': default_of(field)}
        title = attributes.get('label') or field['name']
        if kind == 'checkbox':
            made = BooleanField(title, widget=SwitchWidget(), **common)
        elif kind == 'dropdown':
            made = SelectField(title, choices=[(option, option) for option in attributes['options']], **common)
        elif kind == 'image':
            made = SelectField(title, required, choices=[('', _('None')), *_images(event).items()], **common)
        else:
            made = (TextAreaField if kind == 'textarea' else StringField)(title, [*required, Length(max=MAX_VALUE)],
                                                                          **common)
        fields[f'field_{number}'] = made
    return type('FieldsForm', (DialogForm,), fields)


def _description(attributes):
    names = ', '.join(f'{{{name}}}: {words_}' for name, words_ in (attributes.get('placeholders') or {}).items())
    return ' '.join(filter(None, ((attributes.get('description') or '').strip(), names))) or None


class TextForm(DialogForm):
    """What the e-mail says. A block that is as that of the product follows it, also in other languages."""

    subject = StringField(_('Subject'), [DataRequired(), Length(max=words.MAX_SUBJECT)])
    greeting = TextAreaField(_('Greeting'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 2})
    intro = TextAreaField(_('Text'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 5})
    download_intro = TextAreaField(_('Above the button'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 2})
    cta_label = StringField(_('Button'), [Length(max=words.MAX_BLOCK)],
                            description=_('It downloads the certificate. If empty, there is none.'))
    post_cta = TextAreaField(_('Below the button'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 2})
    closing = TextAreaField(_('Closing'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 3})
    signature = TextAreaField(_('Regards'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 2})
    sign_off = TextAreaField(_('Who writes'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 2})
    footer = TextAreaField(_('Footer'), [Length(max=words.MAX_BLOCK)], render_kw={'rows': 2}, description=_(
        'Each part may be empty, and may have **bold**, *italic*, [a label](https://…) and placeholders: {}').format(
            ', '.join(f'${{{name}}}' for name in words.PLACEHOLDERS)))

    def validate(self, *args, **kwargs):
        is_valid = super().validate(*args, **kwargs)
        for name in ('subject', *words.BLOCKS):
            text = self[name].data or ''
            try:
                words.check(text if name == 'subject' else '', {} if name == 'subject' else {name: _lines(text)})
            except CannotSend as exc:
                self[name].errors = [*self[name].errors, exc.detail]
                is_valid = False
        return is_valid

    @property
    def blocks(self):
        """The blocks as they are stored, by name."""
        return {name: _lines(self[name].data or '') for name in words.BLOCKS}


def fields_of(event):
    """Return the fields of the registration forms of an event by id, in order."""
    return {field.id: field for regform in event.registration_forms if not regform.is_deleted
            for field in regform.active_fields}


def templates_of(event):
    """Return the document templates that an event can use by id: its own, and those of its categories."""
    found = [*event.receipt_templates, *get_inherited_templates(event)]
    return {template.id: template for template in sorted(found, key=lambda template: (template.event_id is None,
                                                                                      template.title, template.id))}


def title_of(template):
    """Return the title of a document template in a list."""
    return template.title if template.event_id is not None else _('{title} (category)').format(title=template.title)


def _titles(fields):
    return [(0, _('None')), *((id_, f'{field.registration_form.title}: {field.title}') for id_, field in
                              fields.items())]


def _images(event):
    """Return what a field with an image can show, as titles by the URL that the template gets."""
    images = {'event://logo': _('Logo of the event')} if event.has_logo else {}
    images |= {f'event://images/{image.id}': image.filename for image in event.layout_images}
    return images | {f'event://attachments/{id_}': attachment.title
                     for id_, attachment in get_event_attachment_images(event).items()}


def _lines(text):
    return text.replace('\r\n', '\n').strip()

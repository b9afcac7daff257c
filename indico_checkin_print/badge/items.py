"""What the items of a designer template are called, by programs and by people."""

import hashlib

from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.designer.util import is_regform_field_placeholder
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.util.placeholders import get_placeholders

from indico_checkin_print import _


#: So begin the keys of a template's own texts, and of a template as a whole
_FIXED, _TEMPLATE = 'fixed:', 'template:'


def key_of(item):
    """Return what the text of an item is named by: its kind, or the text itself if it belongs to the template."""
    if item['type'] != 'fixed':
        return item['type']
    return _FIXED + hashlib.sha256(item.get('text', '').encode()).hexdigest()[:16]


def key_of_template(template_id):
    """Return what a template as a whole is named by."""
    return f'{_TEMPLATE}{template_id}'


def is_personal(key):
    """Return whether what stands there is about a person, and not about the event or the template."""
    return not key.startswith(('event_', 'category_', 'fixed', _TEMPLATE))


def title_of(key):
    """Return in words what a text is."""
    if key.startswith(_FIXED):
        return str(_('Text of the template'))
    if key.startswith(_TEMPLATE):
        template = DesignerTemplate.get(int(key.removeprefix(_TEMPLATE)))
        return template.title if template is not None else str(_('Deleted template'))
    if is_regform_field_placeholder({'type': key}):
        id_ = key.removeprefix('field-')
        field = RegistrationFormField.query.get(int(id_)) if id_.isdigit() else None
        return field.title if field is not None else str(_('Deleted field'))
    placeholder = get_placeholders('designer-fields').get(key)
    return str(placeholder.description) if placeholder is not None else key

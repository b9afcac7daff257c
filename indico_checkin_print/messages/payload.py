"""What a webhook may get of a registration, field by field. Never the secret of its ticket."""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import UNSET

from indico.modules.events.registration.models.form_fields import RegistrationFormPersonalDataField
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.items import PersonalDataType
from indico.util.string import natural_sort_key

from indico_checkin_print import _
from indico_checkin_print.messages.webhook import Form, FormField, Registration


@dataclass(frozen=True)
class Field:
    """A field of every registration."""

    #: What a manager reads
    title: str
    read: Callable


#: By their names in `webhook.Registration`
FIELDS = {
    'friendly_id': Field(_('Registration number'), lambda reg: reg.friendly_id),
    'first_name': Field(_('First name'), lambda reg: reg.first_name),
    'last_name': Field(_('Last name'), lambda reg: reg.last_name),
    'full_name': Field(_('Full name'), lambda reg: reg.full_name),
    'email': Field(_('E-mail'), lambda reg: reg.email),
    'affiliation': Field(_('Affiliation'), lambda reg: reg.get_personal_data().get('affiliation') or ''),
    'tags': Field(_('Tags'), lambda reg: sorted(tag.title for tag in reg.tags)),
}
#: Begins the key of a form's own field; its id follows.
OWN = 'field:'
#: These are above already, under one name for all forms
_ABOVE = {PersonalDataType.first_name, PersonalDataType.last_name, PersonalDataType.email,
          PersonalDataType.affiliation}


def own_fields(event):
    """Return the fields of an event's own registration forms that can be chosen: key -> form and field in words."""
    forms = RegistrationForm.query.with_parent(event).filter_by(is_deleted=False).all()
    return {f'{OWN}{field.id}': f'{form.title}: {field.title}'
            for form in sorted(forms, key=lambda x: natural_sort_key(x.title))
            for field in form.active_fields if not _is_above(field)}


def registration_data(job, fields):
    """Return the `Registration` of a job for a webhook: its ids, the time of the check-in, and the chosen fields.

    :param fields: Keys of `FIELDS` and `own_fields`; one that no longer exists, or belongs to another form, is left
                   out.
    """
    registration = job.registration
    own = [FormField(id=field.id, title=field.title, value=_value(registration, field))
           for field in registration.registration_form.active_fields
           if f'{OWN}{field.id}' in fields and not _is_above(field)]
    return Registration(
        id=registration.id,
        form=Form(id=registration.registration_form_id, title=registration.registration_form.title),
        checked_in_dt=job.checked_in_dt.isoformat() if job.checked_in_dt else None,
        fields=own if any(key.startswith(OWN) for key in fields) else UNSET,
        **{key: FIELDS[key].read(registration) for key in fields if key in FIELDS},
    )


def _is_above(field):
    return isinstance(field, RegistrationFormPersonalDataField) and field.personal_data_type in _ABOVE


def _value(registration, field):
    """Return the value of a form's own field for programs: nothing in it depends on a language that we choose."""
    entry = registration.data_by_field.get(field.id)
    if entry is None or entry.data is None:
        return None
    if isinstance(entry.data, bool | int | float):
        return entry.data
    value = entry.get_friendly_data()
    if isinstance(value, dict):
        # an accommodation with its dates: the choice in words
        value = entry.get_friendly_data(for_humans=True)
    return [str(x) for x in value] if isinstance(value, list | tuple) else str(value)

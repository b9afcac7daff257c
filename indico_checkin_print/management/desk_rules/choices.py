"""What the desk rules of an event can ask about: its forms, tags, roles, groups, and the fields with their choices."""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import joinedload

from indico.modules.categories.models.roles import CategoryRole
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.items import PersonalDataType
from indico.modules.groups.models.groups import LocalGroup
from indico.util.countries import get_countries
from indico.util.string import natural_sort_key

from indico_checkin_print import _
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.routing.collation import text_key
from indico_checkin_print.routing.rule_lint import Field, Known
from indico_checkin_print.routing.rules import NO, YES, HasRole


#: Fields with choices, of which some may have a price
_CHOICE_FIELDS = ('single_choice', 'multi_choice', 'accommodation')
_YES_NO_FIELDS = ('checkbox', 'bool')
#: Fields whose answer is compared as a text
_TEXT_FIELDS = ('text', 'number', 'affiliation', 'country')
#: The name is asked by the family name, and an address belongs to one person
_NAMES = {PersonalDataType.first_name, PersonalDataType.last_name, PersonalDataType.email}


@dataclass(frozen=True)
class FieldChoice:
    """A field of a registration form."""

    form_id: int
    title: str
    #: What it can be answered with, as titles by key; ``None`` if it is a text
    values: dict[str, str] | None = None
    #: Countries are written as names and stored as codes
    is_country: bool = False


class RuleChoices:
    """All of it, each as titles by id, in the order of the page. Loaded once for a request."""

    def __init__(self, event):
        self.event = event

    @cached_property
    def desks(self):
        return {desk.id: desk.name
                for desk in Desk.query.filter_by(event_id=self.event.id, is_deleted=False).order_by(Desk.id)}

    @cached_property
    def forms(self):
        forms = RegistrationForm.query.with_parent(self.event).filter_by(is_deleted=False).all()
        return {form.id: form.title for form in sorted(forms, key=lambda form: natural_sort_key(form.title))}

    @cached_property
    def tags(self):
        return {tag.id: tag.title
                for tag in sorted(self.event.registration_tags, key=lambda tag: natural_sort_key(tag.title))}

    @cached_property
    def event_roles(self):
        return {role.id: role.name for role in sorted(self.event.roles, key=lambda role: natural_sort_key(role.name))}

    @cached_property
    def category_roles(self):
        roles = CategoryRole.get_category_roles(self.event.category) if self.event.category else ()
        return {role.id: role.name for role in sorted(roles, key=lambda role: natural_sort_key(role.name))}

    @cached_property
    def groups(self):
        """The groups of this Indico that have rights in the event. Others are none of a manager's business."""
        ids = {entry.local_group_id for entry in self.event.acl_entries if entry.local_group_id is not None}
        groups = LocalGroup.query.filter(LocalGroup.id.in_(ids)).order_by(LocalGroup.name) if ids else ()
        return {group.id: group.name for group in groups}

    @cached_property
    def fields(self):
        """`FieldChoice` by id."""
        query = (RegistrationFormField.query
                 .filter(RegistrationFormField.registration_form_id.in_(self.forms),
                         RegistrationFormField.input_type.in_((*_CHOICE_FIELDS, *_YES_NO_FIELDS, *_TEXT_FIELDS)),
                         ~RegistrationFormField.is_deleted)
                 .options(joinedload('current_data'))) if self.forms else ()
        order = list(self.forms)
        fields = [field for field in query
                  if not field.parent.is_deleted and field.personal_data_type not in _NAMES]
        fields.sort(key=lambda field: (order.index(field.registration_form_id), field.parent.position, field.position))
        return {field.id: self._field(field) for field in fields}

    def _field(self, field):
        title = field.title if len(self.forms) == 1 else f'{self.forms[field.registration_form_id]}: {field.title}'
        values = None
        if field.input_type in _CHOICE_FIELDS:
            values = _titles(field)
        elif field.input_type in _YES_NO_FIELDS:
            values = {YES: _('Yes'), NO: _('No')}
        return FieldChoice(field.registration_form_id, title, values, field.input_type == 'country')

    @cached_property
    def known(self):
        """The ids of all that, as the lint of rules compares them: a `Known`."""
        return Known(desks=frozenset(self.desks), forms=frozenset(self.forms), tags=frozenset(self.tags),
                     event_roles=frozenset(self.event_roles), category_roles=frozenset(self.category_roles),
                     groups=frozenset(self.groups),
                     fields={id_: Field(field.form_id, None if field.values is None else
                                        frozenset(map(text_key, field.values))) for id_, field in self.fields.items()})

    @cached_property
    def roles(self):
        """Titles of roles and groups by one key for all of them."""
        return {**{f'event-{id_}': name for id_, name in self.event_roles.items()},
                **{f'category-{id_}': _('{role} (category)').format(role=name)
                   for id_, name in self.category_roles.items()},
                **{f'group-{id_}': _('{group} (group)').format(group=name) for id_, name in self.groups.items()}}

    @cached_property
    def answers(self):
        """Titles of all choices by the key ``<field>-<value>``."""
        return {f'{id_}-{value}': f'{field.title}: {title}' for id_, field in self.fields.items()
                if field.values is not None for value, title in field.values.items()}

    @cached_property
    def texts(self):
        """Titles of the fields that are answered with a text."""
        return {id_: field.title for id_, field in self.fields.items() if field.values is None}


def role_keys(condition):
    """Return the keys of `RuleChoices.roles` that a `HasRole` has."""
    return [*(f'event-{id_}' for id_ in condition.event_roles),
            *(f'category-{id_}' for id_ in condition.category_roles),
            *(f'group-{id_}' for id_ in condition.groups)]


def has_role(keys):
    """Return the `HasRole` with some keys."""
    ids = {kind: tuple(int(key.partition('-')[2]) for key in keys if key.startswith(f'{kind}-'))
           for kind in ('event', 'category', 'group')}
    return HasRole(ids['event'], ids['category'], ids['group'])


def country_codes(names):
    """Return the codes of countries that are given by name or code; ``None`` for one that there is not."""
    countries = {text_key(name): code for code, name in get_countries().items()}
    countries |= {text_key(code): code for code in get_countries()}
    return [countries.get(text_key(name)) for name in names]


def _titles(field):
    """Return what one can choose, or somebody has chosen before it was taken from the list, with its price."""
    prices = {choice['id']: choice.get('price') for choice in field.current_data.versioned_data.get('choices', ())}
    currency = field.registration_form.currency
    captions = (field.data['captions'] if field.input_type == 'accommodation' else field.field_impl.filter_choices)
    return {id_: f'{caption} ({prices[id_]:g} {currency})' if prices.get(id_) else caption
            for id_, caption in captions.items()}

"""The conditions of a rule in a dialog: a field for each kind of condition, of which empty ones ask nothing."""

from datetime import date, timedelta

from wtforms.fields import SelectField, StringField
from wtforms.validators import Length, Optional, ValidationError

from indico.util.countries import get_country
from indico.util.date_time import format_date
from indico.web.forms.fields import IndicoSelectMultipleCheckboxField, TextListField

from indico_checkin_print import _
from indico_checkin_print.management.base import DialogForm
from indico_checkin_print.management.desk_rules.choices import country_codes, has_role, role_keys
from indico_checkin_print.management.setup.when import SOURCE_TITLES
from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.routing.rules import (MAX_LENGTH, MAX_VALUES, Accompanies, CheckedInBy, FormIs, HasAnswer,
                                                HasRole, HasTag, OnDay, SurnameIn)


#: Most days of an event that the dialog lists
MAX_DAYS = 31
_REGISTRANT, _ACCOMPANYING = 'registrant', 'accompanying'


class ConditionsForm(DialogForm):
    """The conditions of a rule. A class for rules that ask for less sets the fields that it has not to ``None``."""

    forms = IndicoSelectMultipleCheckboxField(_('Registration form'), coerce=int)
    tags = IndicoSelectMultipleCheckboxField(_('Tag'), coerce=int, description=_('One of the chosen ones is enough.'))
    roles = IndicoSelectMultipleCheckboxField(
        _('Role or group'), description=_('Of the user who registered. One of the chosen ones is enough.'))
    answers = IndicoSelectMultipleCheckboxField(
        _('Choices'), description=_('Choices, accommodation and items with a price. Of one field, one of the chosen '
                                    'answers is enough; of several fields, each must have one.'))
    text_field = SelectField(_('Text field'), [Optional()], coerce=int)
    text_values = TextListField(_('Its text'), description=_('One answer per line; one of them is enough. It must be '
                                                             'the whole text. Capital letters and accents do not '
                                                             'matter.'))
    surname_first = StringField(_('Last name from'), [Length(max=MAX_LENGTH)])
    surname_last = StringField(_('Last name up to'), [Length(max=MAX_LENGTH)],
                               description=_('Names or their first letters, both included: from "A" up to "K" includes '
                                             'Kowalski and Ångström. Of accompanying persons, it is the last name '
                                             'of the person who registered.'))
    days = IndicoSelectMultipleCheckboxField(_('Day of the check-in'))
    person = SelectField(_('Person'), choices=[('', _('Everybody')),
                                               (_REGISTRANT, _('Those who registered')),
                                               (_ACCOMPANYING, _('Accompanying persons'))])
    ways = IndicoSelectMultipleCheckboxField(
        _('Way of check-in'), choices=[(str(way), title) for way, title in SOURCE_TITLES.items()])

    def __init__(self, *args, choices, target=None, **kwargs):
        super().__init__(*args, event=choices.event, target=target, **kwargs)
        self.rule_choices = choices
        # what there is nothing of is not asked
        for name in ('forms', 'tags', 'roles', 'answers'):
            if name in self:
                self[name].choices = list(getattr(choices, name).items())
                if not self[name].choices:
                    del self[name]
        self.text_field.choices = [(0, _('None')), *choices.texts.items()]
        if not choices.texts:
            del self.text_field
            del self.text_values
        if 'days' in self:
            self.days.choices = [(day.isoformat(), format_date(day, 'full')) for day in _days(choices.event, target)]

    def validate_text_values(self, field):
        if not self.text_field.data:
            if field.data:
                raise ValidationError(_('Choose the field that has this text.'))
            return
        if not field.data:
            raise ValidationError(_('Write the text that the field has.'))
        if len(field.data) > MAX_VALUES or max(map(len, field.data)) > MAX_LENGTH:
            raise ValidationError(_('At most {values} lines of {length} characters, please.').format(
                values=MAX_VALUES, length=MAX_LENGTH))
        if (self.rule_choices.fields[self.text_field.data].is_country
                and (unknown := [name for name, code in zip(field.data, country_codes(field.data), strict=True)
                                 if code is None])):
            raise ValidationError(_('There is no such country: {}').format('; '.join(unknown)))

    def validate_surname_last(self, field):
        if (self.surname_first.data or field.data) and SurnameIn(self.surname_first.data, field.data).is_empty:
            raise ValidationError(_('No name is in this range: the first name is after the last one.'))

    def conditions(self):
        """Return what the dialog asks, as `routing.rules.Condition` objects."""
        data = {name: self[name].data for name in self._fields}
        conditions = []
        for name, kind in (('forms', FormIs), ('tags', HasTag)):
            if data.get(name):
                conditions.append(kind(tuple(data[name])))
        if data.get('roles'):
            conditions.append(has_role(data['roles']))
        by_field = {}
        for key in data.get('answers') or ():
            field_id, __, value = key.partition('-')
            by_field.setdefault(int(field_id), []).append(value)
        conditions += [HasAnswer(id_, tuple(values)) for id_, values in by_field.items()]
        if data.get('text_field') and data.get('text_values'):
            is_country = self.rule_choices.fields[data['text_field']].is_country
            values = country_codes(data['text_values']) if is_country else data['text_values']
            conditions.append(HasAnswer(data['text_field'], tuple(filter(None, values))))
        if data.get('surname_first') or data.get('surname_last'):
            conditions.append(SurnameIn(data['surname_first'] or '', data['surname_last'] or ''))
        if data.get('days'):
            conditions.append(OnDay(tuple(date.fromisoformat(day) for day in data['days'])))
        if data.get('person'):
            conditions.append(Accompanies(data['person'] == _ACCOMPANYING))
        if data.get('ways'):
            conditions.append(CheckedInBy(tuple(CheckinSource(way) for way in data['ways'])))
        return conditions


def _days(event, rule):
    """Return the days of the event, and those of a rule."""
    first, last = (dt.astimezone(event.tzinfo).date() for dt in (event.start_dt, event.end_dt))
    days = {first + timedelta(days=n) for n in range(min((last - first).days + 1, MAX_DAYS))}
    days |= {day for condition in (rule.when if rule else ()) if isinstance(condition, OnDay) for day in condition.days}
    return sorted(days)


def defaults_of(rule, choices):
    """Return the fields for the conditions of a rule, without what was deleted; of no rule, those of a new one."""
    values = {'person': '', 'text_field': 0}
    for condition in rule.when if rule is not None else ():
        match condition:
            case FormIs(forms):
                values['forms'] = [id_ for id_ in forms if id_ in choices.forms]
            case HasTag(tags):
                values['tags'] = [id_ for id_ in tags if id_ in choices.tags]
            case HasRole():
                values['roles'] = [key for key in role_keys(condition) if key in choices.roles]
            case HasAnswer(id_, answers) if id_ in choices.texts:
                is_country = choices.fields[id_].is_country
                values |= {'text_field': id_, 'text_values': [get_country(code) or code for code in answers]
                           if is_country else list(answers)}
            case HasAnswer(id_, answers):
                values.setdefault('answers', []).extend(
                    key for value in answers if (key := f'{id_}-{value}') in choices.answers)
            case SurnameIn(first, last):
                values |= {'surname_first': first, 'surname_last': last}
            case OnDay(days):
                values['days'] = [day.isoformat() for day in days]
            case Accompanies(wanted):
                values['person'] = _ACCOMPANYING if wanted else _REGISTRANT
            case CheckedInBy(ways):
                values['ways'] = [str(way) for way in ways]
    return values

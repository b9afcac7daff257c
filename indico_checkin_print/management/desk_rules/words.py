"""Desk rules as sentences: what they ask, and why one is never reached."""

from indico.util.countries import get_country
from indico.util.date_time import format_date

from indico_checkin_print import _
from indico_checkin_print.management.desk_rules.choices import role_keys
from indico_checkin_print.management.setup.when import SOURCE_TITLES
from indico_checkin_print.reasons.desk import describe_detail
from indico_checkin_print.routing.rule_lint import Why
from indico_checkin_print.routing.rules import (Accompanies, CheckedInBy, FormIs, HasAnswer, HasRole, HasTag, OnDay,
                                                SurnameIn)


#: What stands for something that was deleted
_GONE = _('(deleted)')
_WHY = {
    Why.desk_gone: _('Its desk was deleted. Choose another one.'),
    Why.form_gone: _('Its registration form was deleted.'),
    Why.tag_gone: _('Its tag was deleted.'),
    Why.role_gone: _('Its role was deleted, or its group has no rights in this event any more.'),
    Why.field_gone: _('The field that it asks about was deleted.'),
    Why.choice_gone: _('The choice that it asks about was deleted, and nobody has chosen it.'),
    Why.empty_range: _('No name is in its range: the first name is after the last one.'),
    Why.other_form: _('No registration form has all that it asks about.'),
}


def in_words(rule, choices):
    """Return what a rule asks, as one phrase for each condition.

    :param choices: The `RuleChoices` of the event.
    """
    return [_phrase(condition, choices) for condition in rule.when]


def sentence(rule, choices):
    """Return what a rule asks as one sentence."""
    return '; '.join(str(phrase) for phrase in in_words(rule, choices))


def why_unreachable(unreachable):
    """Return why no registration reaches a rule."""
    if unreachable.why == Why.shadowed:
        return _('Rule {} comes first and already decides about everybody whom this one asks for.').format(
            unreachable.by)
    return _WHY[unreachable.why]


def why_there(choice):
    """Return why a badge goes to its desk."""
    return describe_detail(choice.detail)


def _phrase(condition, choices):
    match condition:
        case FormIs(forms):
            return _('form {}').format(_any(forms, choices.forms))
        case HasTag(tags):
            return _('tag {}').format(_any(tags, choices.tags))
        case HasRole():
            return _('role or group {}').format(_any(role_keys(condition), choices.roles))
        case HasAnswer(id_, values):
            return _answer(choices.fields.get(id_), values)
        case SurnameIn(first, last):
            return _surname(first, last)
        case OnDay(days):
            return _('checked in on {}').format(_or(format_date(day, 'd MMM') for day in days))
        case Accompanies(wanted):
            return _('accompanying persons') if wanted else _('registrants, no accompanying persons')
        case CheckedInBy(ways):
            return _('way of check-in: {}').format(_or(SOURCE_TITLES[way] for way in ways))


def _answer(field, values):
    if field is None:
        return _('field {}').format(_GONE)
    if field.is_country:
        titles = [get_country(value) or value for value in values]
    else:
        titles = values if field.values is None else [field.values.get(value, _GONE) for value in values]
    return _('{field}: {values}').format(field=field.title, values=_or(titles))


def _surname(first, last):
    if first and last:
        return _('last name {first} – {last}').format(first=first, last=last)
    return _('last name from {} on').format(first) if first else _('last name up to {}').format(last)


def _any(keys, titles):
    return _or(titles.get(key, _GONE) for key in keys)


def _or(words):
    # a comma is part of many titles
    return _(' or ').join(str(word) for word in words)

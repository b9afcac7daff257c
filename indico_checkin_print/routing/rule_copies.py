"""Rules about desks and templates for the clone of an event, which has forms, tags, roles and fields of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from indico_checkin_print.routing.rules import FormIs, HasAnswer, HasRole, HasTag, OnDay


@dataclass(frozen=True)
class Copies:
    """What the clone has, by the ids of the old event."""

    forms: Mapping[int, int]
    fields: Mapping[int, int]
    tags: Mapping[int, int]
    event_roles: Mapping[int, int]
    #: How much later the clone begins
    days: timedelta


def rules_for_clone(rules, desks, copies):
    """Return the desk rules of the clone.

    One with a condition that nothing is left of stays behind: it would fit others.

    :param desks: The ids of the clone's desks by the old ones.
    """
    return tuple(replace(rule, desk=desks[rule.desk], when=when) for rule, when in _conditions(rules, copies)
                 if rule.desk in desks)


def template_rules_for_clone(rules, templates, copies):
    """Return the template rules of the clone; what stays behind is as with `rules_for_clone`.

    :param templates: The ids of the clone's templates by the old ones.
    """
    return tuple(replace(rule, template=templates[rule.template], when=when)
                 for rule, when in _conditions(rules, copies) if rule.template in templates)


def conditional_for_clone(rules, copies):
    """Return for the clone whatever else has conditions in ``when``; what stays behind is as with `rules_for_clone`."""
    return tuple(replace(rule, when=when) for rule, when in _conditions(rules, copies))


def _conditions(rules, copies):
    """Yield the rules of which something is left of each condition, with the conditions for the clone."""
    for rule in rules:
        when = tuple(_copy(condition, copies) for condition in rule.when)
        if None not in when:
            yield rule, when


def _copy(condition, copies):
    """Return a condition with the ids of the clone, or ``None`` if it would have no values any more."""
    match condition:
        case FormIs(forms):
            ids = _ids(forms, copies.forms)
            return FormIs(ids) if ids else None
        case HasTag(tags):
            ids = _ids(tags, copies.tags)
            return HasTag(ids) if ids else None
        case HasRole(event_roles, category_roles, groups):
            # those of a category and of Indico are the same ones
            ids = _ids(event_roles, copies.event_roles)
            return HasRole(ids, category_roles, groups) if ids or category_roles or groups else None
        case HasAnswer(field, values):
            # the choices of a copied field keep their ids
            return HasAnswer(copies.fields[field], values) if field in copies.fields else None
        case OnDay(days):
            return OnDay(tuple(day + copies.days for day in days))
        case _:
            return condition


def _ids(ids, copies):
    return tuple(copies[id_] for id_ in ids if id_ in copies)

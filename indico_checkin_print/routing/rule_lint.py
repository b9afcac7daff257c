"""Which rules no registration can reach, and why.

What this says is always so. It does not find everything: a rule that several earlier ones cover together, such as *A-M*
and *N-Z* before *Miller*, looks reachable to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from indico_checkin_print.routing.collation import text_key
from indico_checkin_print.routing.rules import FormIs, HasAnswer, HasRole, HasTag, SurnameIn


class Why(StrEnum):
    """Why no registration can reach a rule."""

    desk_gone = 'desk_gone'
    form_gone = 'form_gone'
    tag_gone = 'tag_gone'
    role_gone = 'role_gone'
    field_gone = 'field_gone'
    choice_gone = 'choice_gone'
    empty_range = 'empty_range'
    #: A field of one form, and another form
    other_form = 'other_form'
    #: An earlier rule gets all that this one would
    shadowed = 'shadowed'


@dataclass(frozen=True)
class Field:
    """A field that a rule may ask about."""

    form_id: int
    #: The keys of all answers that a registration may have; ``None`` if it is any text
    values: frozenset[str] | None = None


@dataclass(frozen=True)
class Known:
    """What an event has that rules may ask about, by ids."""

    desks: frozenset[int] = frozenset()
    forms: frozenset[int] = frozenset()
    tags: frozenset[int] = frozenset()
    event_roles: frozenset[int] = frozenset()
    category_roles: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    fields: Mapping[int, Field] = field(default_factory=dict)


@dataclass(frozen=True)
class Unreachable:
    """Why a rule is never reached."""

    why: Why
    #: The number of the earlier rule, counted from 1
    by: int | None = None


def lint(rules, known):
    """Return an `Unreachable` for each rule that no registration can reach, by the id of the rule."""
    found = {}
    earlier = []
    for number, rule in enumerate(rules, 1):
        forms = _forms(rule, known)
        problem = _alone(rule, forms, known)
        if problem is None:
            by = next((n for n, other in earlier if _covers(other, rule, forms)), None)
            problem = Unreachable(Why.shadowed, by) if by is not None else None
        if problem is None:
            earlier.append((number, rule))
        else:
            found[rule.id] = problem
    return found


def _alone(rule, forms, known):
    """Return why a rule could not even be reached if it were the only one."""
    if rule.desk not in known.desks:
        return Unreachable(Why.desk_gone)
    for condition in rule.when:
        if why := _gone(condition, known):
            return Unreachable(why)
    return Unreachable(Why.other_form) if not forms else None


def _gone(condition, known):
    match condition:
        case FormIs(forms) if known.forms.isdisjoint(forms):
            return Why.form_gone
        case HasTag(tags) if known.tags.isdisjoint(tags):
            return Why.tag_gone
        case HasRole() if (known.event_roles.isdisjoint(condition.event_roles)
                           and known.category_roles.isdisjoint(condition.category_roles)
                           and known.groups.isdisjoint(condition.groups)):
            return Why.role_gone
        case HasAnswer(field) if field not in known.fields or known.fields[field].form_id not in known.forms:
            return Why.field_gone
        case HasAnswer(field, values) if (possible := known.fields[field].values) is not None:
            return Why.choice_gone if possible.isdisjoint(map(text_key, values)) else None
        case SurnameIn() if condition.is_empty:
            return Why.empty_range
    return None


def _forms(rule, known):
    """Return the forms whose registrations a rule may fit: a field belongs to one form."""
    forms = known.forms
    for condition in rule.when:
        if isinstance(condition, FormIs):
            forms = forms.intersection(condition.forms)
        elif isinstance(condition, HasAnswer) and condition.field in known.fields:
            forms = forms & {known.fields[condition.field].form_id}
    return forms


def _covers(earlier, rule, forms):
    """Return whether an earlier rule fits every badge that a rule fits."""
    return all(forms.issubset(wanted.forms) if isinstance(wanted, FormIs) else
               any(type(condition) is type(wanted) and condition.implies(wanted) for condition in rule.when)
               for wanted in earlier.when)

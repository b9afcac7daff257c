"""Rules about where badges come out: each has conditions, all of which must hold, and a desk. The first that fits wins.

An event stores them in order, as JSON. What is stored is never trusted: a rule that cannot be read is skipped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.routing.collation import LAST, name_key, text_key


#: Most rules of an event
MAX_RULES = 50
#: Most values of one condition
MAX_VALUES = 200
#: Most characters of a value
MAX_LENGTH = 250
#: Answers to a question with yes or no
YES, NO = 'yes', 'no'

_Id = Annotated[int, Meta(gt=0, lt=2**31)]
_Ids = Annotated[tuple[_Id, ...], Meta(max_length=MAX_VALUES)]
_SomeIds = Annotated[tuple[_Id, ...], Meta(min_length=1, max_length=MAX_VALUES)]
_Text = Annotated[str, Meta(max_length=MAX_LENGTH)]


@dataclass(frozen=True)
class Facts:
    """What rules ask about one person's badge. A registration and those who come along share all but the last one."""

    form_id: int
    surname: str = ''
    tags: frozenset[int] = frozenset()
    #: Of the user who registered
    event_roles: frozenset[int] = frozenset()
    category_roles: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    #: By the id of the field: what `answer` returned
    answers: Mapping[int, frozenset[str]] = field(default_factory=dict)
    #: Of the check-in, in the event's time zone
    day: date | None = None
    way: CheckinSource = CheckinSource.app
    #: Whether it is the badge of an accompanying person
    accompanies: bool = False


class Condition(Struct, frozen=True, tag_field='about'):
    """Something that must be so. Within one condition any of its values is enough."""

    def holds(self, facts):
        raise NotImplementedError

    def implies(self, other):
        """Return whether a condition of the same kind holds whenever this one does."""
        raise NotImplementedError


class FormIs(Condition, frozen=True, tag='form'):
    """The registration form."""

    forms: _SomeIds

    def holds(self, facts):
        return facts.form_id in self.forms

    def implies(self, other):
        return set(self.forms) <= set(other.forms)


class HasTag(Condition, frozen=True, tag='tag'):
    """A tag of the registration."""

    tags: _SomeIds

    def holds(self, facts):
        return not facts.tags.isdisjoint(self.tags)

    def implies(self, other):
        return set(self.tags) <= set(other.tags)


class HasRole(Condition, frozen=True, tag='role'):
    """The user who registered has a role in the event or a category above it, or is in a group of Indico."""

    event_roles: _Ids = ()
    category_roles: _Ids = ()
    groups: _Ids = ()

    def holds(self, facts):
        return not (facts.event_roles.isdisjoint(self.event_roles) and facts.groups.isdisjoint(self.groups)
                    and facts.category_roles.isdisjoint(self.category_roles))

    def implies(self, other):
        return (set(self.event_roles) <= set(other.event_roles) and set(self.groups) <= set(other.groups)
                and set(self.category_roles) <= set(other.category_roles))


class HasAnswer(Condition, frozen=True, tag='answer'):
    """The answer to a field: a choice (also an accommodation or anything with a price), *yes* or *no*, or a text."""

    field: _Id
    values: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=MAX_VALUES)]

    @property
    def keys(self):
        return {text_key(value) for value in self.values}

    def holds(self, facts):
        return not facts.answers.get(self.field, frozenset()).isdisjoint(self.keys)

    def implies(self, other):
        return self.field == other.field and self.keys <= other.keys


class SurnameIn(Condition, frozen=True, tag='surname'):
    """The registrant's family name is between two names or beginnings of names, both included. An empty end is open."""

    first: _Text = ''
    last: _Text = ''

    @property
    def range(self):
        return name_key(self.first), (name_key(self.last) if self.last else '') + LAST

    def holds(self, facts):
        first, last = self.range
        return first <= name_key(facts.surname) <= last

    def implies(self, other):
        (first, last), (other_first, other_last) = self.range, other.range
        return other_first <= first and last <= other_last

    @property
    def is_empty(self):
        first, last = self.range
        return first > last


class OnDay(Condition, frozen=True, tag='day'):
    """The day of the check-in, in the event's time zone."""

    days: Annotated[tuple[date, ...], Meta(min_length=1, max_length=MAX_VALUES)]

    def holds(self, facts):
        return facts.day in self.days

    def implies(self, other):
        return set(self.days) <= set(other.days)


class Accompanies(Condition, frozen=True, tag='accompanying'):
    """It is the badge of an accompanying person, or it is not."""

    wanted: bool = True

    def holds(self, facts):
        return facts.accompanies == self.wanted

    def implies(self, other):
        return self.wanted == other.wanted


class CheckedInBy(Condition, frozen=True, tag='way'):
    """The way of check-in."""

    ways: Annotated[tuple[CheckinSource, ...], Meta(min_length=1, max_length=MAX_VALUES)]

    def holds(self, facts):
        return facts.way in self.ways

    def implies(self, other):
        return set(self.ways) <= set(other.ways)


class Rule(Struct, frozen=True):
    """Where a badge comes out if all conditions hold."""

    #: Names it within its event
    id: _Id
    desk: _Id
    when: Annotated[tuple[FormIs | HasTag | HasRole | HasAnswer | SurnameIn | OnDay | Accompanies | CheckedInBy, ...],
                    Meta(min_length=1, max_length=20)]
    #: The conditions as a sentence, from when the rule was saved; stands in the history of badges
    words: Annotated[str, Meta(max_length=2000)] = ''

    def fits(self, facts):
        return all(condition.holds(facts) for condition in self.when)


@dataclass(frozen=True)
class Match:
    """The rule that decides about a badge, and which one of the event's it is, counted from 1."""

    rule: Rule
    number: int


@dataclass(frozen=True)
class Needs:
    """What some rules ask that is not at hand when somebody is checked in. Empty if nothing has to be loaded."""

    tags: bool = False
    event_roles: frozenset[int] = frozenset()
    category_roles: frozenset[int] = frozenset()
    groups: frozenset[int] = frozenset()
    fields: frozenset[int] = frozenset()

    def __bool__(self):
        return self != Needs()


def parse(stored, kind=Rule):
    """Return the rules that an event has stored, in order, without those that cannot be read.

    :param stored: What the database has: a list of dicts, if all is well.
    :param kind: The class of the rules.
    """
    rules = (_read(raw, kind) for raw in (stored if isinstance(stored, list) else [])[:MAX_RULES])
    return tuple(rule for rule in rules if rule is not None)


def unreadable(stored, kind=Rule):
    """Return what is stored and is no rule."""
    if not isinstance(stored, list):
        return [] if stored is None else [stored]
    return [raw for number, raw in enumerate(stored) if number >= MAX_RULES or _read(raw, kind) is None]


def _read(raw, kind):
    try:
        return msgspec.convert(raw, kind)
    except (msgspec.ValidationError, RecursionError, ValueError):
        # it decides about no badge then; the page of the rules says how many cannot be read
        return None


def dump(rules):
    """Return rules as they are stored."""
    return [msgspec.to_builtins(rule) for rule in rules]


def check(rule):
    """Return a rule that was put together from a form if it keeps all limits.

    :raises msgspec.ValidationError: says which one it does not keep
    """
    return msgspec.convert(msgspec.to_builtins(rule), type(rule))


def needs_of(rules):
    """Return the `Needs` of some rules."""
    needs = Needs()
    for condition in (condition for rule in rules for condition in rule.when):
        match condition:
            case HasTag():
                needs = replace(needs, tags=True)
            case HasRole():
                needs = replace(needs, event_roles=needs.event_roles.union(condition.event_roles),
                                category_roles=needs.category_roles.union(condition.category_roles),
                                groups=needs.groups.union(condition.groups))
            case HasAnswer():
                needs = replace(needs, fields=needs.fields | {condition.field})
    return needs


def first_match(rules, facts, desks):
    """Return the `Match` for a badge, or ``None``. A rule whose desk does not exist any more fits nobody."""
    return next((Match(rule, number) for number, rule in enumerate(rules, 1)
                 if rule.desk in desks and rule.fits(facts)), None)


def answer(data):
    """Return what a field of a registration says, as rules compare it.

    :param data: What Indico has stored. Its shape says which kind of field it is: a choice is a dict of ids and numbers
                 of places, an accommodation has the key ``choice``, an affiliation ``text``.
    """
    match data:
        case bool():
            values = [YES if data else NO]
        case str() | int() | float():
            values = [str(data)]
        case {'choice': choice}:
            values = [choice]
        case {'text': text}:
            values = [text]
        case dict():
            values = [key for key, places in data.items() if places]
        case _:
            values = []
    return frozenset(text_key(value) for value in values if isinstance(value, str) and value)

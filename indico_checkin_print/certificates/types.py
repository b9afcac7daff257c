"""What a type of certificate says about its people, as it is stored, and the types that an event begins with. Pure."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from indico_checkin_print import _
from indico_checkin_print.models.choices import CertificateSource, TopicSource
from indico_checkin_print.routing.rules import FormIs, HasAnswer, HasRole, HasTag, parse


#: Most groups of conditions, or rules, of one type
MAX_RULES = 20

_Conditions = Annotated[tuple[FormIs | HasTag | HasRole | HasAnswer, ...], Meta(min_length=1, max_length=20)]


class Who(Struct, frozen=True):
    """People whom a type is for: those for whom all of these conditions hold."""

    when: _Conditions

    def fits(self, facts):
        return all(condition.holds(facts) for condition in self.when)


class HowRule(Struct, frozen=True):
    """How people attended if all conditions hold: *remotely*."""

    when: _Conditions
    how: Annotated[str, Meta(min_length=1, max_length=100)]

    def fits(self, facts):
        return all(condition.holds(facts) for condition in self.when)


@dataclass(frozen=True)
class TypeRules:
    """What decides who gets a certificate of a type, and what stands on it."""

    checked_in_only: bool = True
    #: Groups of which one must fit; ``None`` is everybody
    who: tuple[Who, ...] | None = None
    topic: TopicSource = TopicSource.none
    how_rules: tuple[HowRule, ...] = ()
    how_else: str = ''

    @property
    def asked(self):
        """All that have conditions."""
        return (*(self.who or ()), *self.how_rules)

    def is_for(self, facts):
        """Return whether the type is for somebody."""
        return self.who is None or any(group.fits(facts) for group in self.who)

    def how(self, facts):
        """Return how somebody attended, in words; empty if the type has no rules about it."""
        return next((rule.how for rule in self.how_rules if rule.fits(facts)), self.how_else)


def rules_of(type_):
    """Return the `TypeRules` of a `CertificateType`.

    Conditions that cannot be read fit nobody: a type whose conditions are lost is not for everybody.
    """
    return TypeRules(type_.checked_in_only, None if type_.who is None else parse(type_.who, Who), type_.topic,
                     parse(type_.how_rules, HowRule), type_.how_else)


@dataclass(frozen=True)
class Preset:
    """What a type of a known name begins with."""

    title: str
    source: CertificateSource = CertificateSource.registrations
    checked_in_only: bool = True
    topic: TopicSource = TopicSource.none
    #: Whether it is for everybody whom its manager has not excluded, or for nobody whom they have not chosen
    for_all: bool = True
    #: Whether it has a public page that says that it is genuine
    validated: bool = False


#: The types that every event has, until its manager changes them. An event may have others
PRESETS = {
    'attendee': Preset(_('Attendees'), validated=True),
    'masterclass': Preset(_('Masterclasses'), topic=TopicSource.form, for_all=False),
    'speaker': Preset(_('Speakers'), CertificateSource.speakers, checked_in_only=False),
    'volunteer': Preset(_('Volunteers'), for_all=False),
}

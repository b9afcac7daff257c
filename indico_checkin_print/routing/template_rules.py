"""Rules about which template a badge is drawn with. The conditions are those of the desk rules.

Only what the fingerprint of a badge covers can be asked (`badge.content`): a badge is drawn anew when its template is
another one, whatever the reason. So no rule asks for a role or the day, which change without it.
"""

from typing import Annotated

from msgspec import Meta, Struct

from indico_checkin_print.models.choices import Fold
from indico_checkin_print.routing.rules import Accompanies, FormIs, HasAnswer, HasTag


#: Most template rules of an event: each of their templates is part of each fingerprint
MAX_TEMPLATE_RULES = 20
#: Of what one rule prints
MAX_COPIES = 9

_Id = Annotated[int, Meta(gt=0, lt=2**31)]


class TemplateRule(Struct, frozen=True):
    """Which template a badge is drawn with if all conditions hold, or what is printed besides it."""

    #: Names it within its event
    id: _Id
    template: _Id
    when: Annotated[tuple[FormIs | HasTag | HasAnswer | Accompanies, ...], Meta(min_length=1, max_length=20)]
    #: If the backside of the template is printed as well, and where
    backside: bool = False
    fold: Fold = Fold.none
    #: Whether it is printed besides the badge, whatever decides about that one
    adds: bool = False
    copies: Annotated[int, Meta(ge=1, le=MAX_COPIES)] = 1

    def fits(self, facts):
        return all(condition.holds(facts) for condition in self.when)


def first_rule(rules, facts, templates):
    """Return the rule that decides, and its number, counted from 1; twice ``None`` if there is none.

    :param templates: The ids of the templates that exist. A rule whose template does not exist any more fits nobody.
    """
    return next(((rule, number) for number, rule in enumerate(rules, 1)
                 if not rule.adds and rule.template in templates and rule.fits(facts)), (None, None))


def added_by(rules, facts, templates):
    """Return each rule that adds something to the badge, in order; the parameters are those of `first_rule`."""
    return [rule for rule in rules if rule.adds and rule.template in templates and rule.fits(facts)]

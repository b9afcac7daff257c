"""The rules of a clone: ids of its own, and none that would fit people whom the old one did not."""

from datetime import date, timedelta

from indico_checkin_print.routing.rule_copies import Copies, rules_for_clone, template_rules_for_clone
from indico_checkin_print.routing.rules import Accompanies, FormIs, HasAnswer, HasRole, HasTag, OnDay, Rule, SurnameIn
from indico_checkin_print.routing.template_rules import TemplateRule


COPIES = Copies(forms={1: 11}, fields={5: 55}, tags={7: 77}, event_roles={3: 33}, days=timedelta(days=365))
DESKS = {1: 101}


def copied(*when, desk=1):
    """Return the conditions of the copy of a rule; ``None`` if it stays behind."""
    rules = rules_for_clone([Rule(id=1, desk=desk, when=when)], DESKS, COPIES)
    assert all(rule.desk == 101 for rule in rules)
    return rules[0].when if rules else None


def test_ids_are_those_of_the_clone():
    assert copied(FormIs((1, 2)), HasTag((7,)), HasAnswer(5, ('x',)), HasRole((3,), (8,), (9,))) == (
        FormIs((11,)), HasTag((77,)), HasAnswer(55, ('x',)), HasRole((33,), (8,), (9,)))


def test_days_move_with_the_event():
    assert copied(OnDay((date(2026, 8, 4),))) == (OnDay((date(2027, 8, 4),)),)


def test_what_names_nothing_of_the_event_stays():
    assert copied(SurnameIn('A', 'K'), Accompanies(False)) == (SurnameIn('A', 'K'), Accompanies(False))


def test_an_empty_condition_drops_its_rule():
    """A condition of which nothing is left keeps its rule behind."""
    for condition in (FormIs((2,)), HasTag((8,)), HasAnswer(6, ('x',)), HasRole(event_roles=(4,))):
        assert copied(condition, Accompanies(False)) is None
    # a role of a category and a group are the same ones in the clone
    assert copied(HasRole((4,), (8,), ())) == (HasRole((), (8,), ()),)


def test_a_rule_for_a_desk_that_is_gone_stays_behind():
    assert copied(Accompanies(False), desk=2) is None


def test_template_rules_go_along_with_their_templates():
    rules = [TemplateRule(1, 4, (HasTag((7,)),), True), TemplateRule(2, 5, (Accompanies(),)),
             TemplateRule(3, 4, (HasTag((8,)),))]
    assert template_rules_for_clone(rules, {4: 44}, COPIES) == (TemplateRule(1, 44, (HasTag((77,)),), True),)

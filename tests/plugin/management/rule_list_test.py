"""Where rules are in their list after one was moved, changed or added; `editor_test` and `pages_test` press buttons.
"""

import pytest

from indico_checkin_print.management.rule_list import moved, with_rule
from indico_checkin_print.routing.rules import FormIs, Rule


class Dialog:
    """What a dialog says."""

    def rule_with(self, id_):
        return Rule(id_, desk=9, when=(FormIs((1,)),))


def rules_of(*ids):
    return [Rule(id_, desk=1, when=(FormIs((1,)),)) for id_ in ids]


@pytest.mark.parametrize(('id_', 'position', 'expected'), [
    (1, 1, [1, 2, 3]), (1, 2, [2, 1, 3]), (1, 3, [2, 3, 1]), (3, 1, [3, 1, 2]), (2, 3, [1, 3, 2]),
    # somebody else has deleted it meanwhile
    (4, 1, [1, 2, 3])])
def test_moved(id_, position, expected):
    assert [rule.id for rule in moved(rules_of(1, 2, 3), id_, position)] == expected


def test_a_new_rule_is_the_last_and_has_a_number_of_its_own():
    assert [(rule.id, rule.desk) for rule in with_rule(rules_of(5, 2), None, Dialog())] == [(5, 1), (2, 1), (6, 9)]
    assert [rule.id for rule in with_rule([], None, Dialog())] == [1]


def test_a_changed_rule_keeps_its_place():
    rules = rules_of(5, 2)
    assert [(rule.id, rule.desk) for rule in with_rule(rules, rules[0], Dialog())] == [(5, 9), (2, 1)]

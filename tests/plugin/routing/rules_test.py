"""Rules about where a badge comes out: what they ask, what is stored, and which fits first."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.routing.rules import (MAX_RULES, Accompanies, CheckedInBy, Facts, FormIs, HasAnswer, HasRole,
                                                HasTag, Needs, OnDay, Rule, SurnameIn, answer, check, dump, first_match,
                                                needs_of, parse, unreadable)


CHOICE = '2b1f5c7e-0000-4000-8000-00000000000a'
PERSON = Facts(form_id=1, surname='Łukasiewicz', tags=frozenset({7}), event_roles=frozenset({1}),
               category_roles=frozenset({2}), groups=frozenset({3}),
               answers={5: answer({CHOICE: 1}), 6: answer(True), 8: answer('Zürich  HB')}, day=date(2026, 8, 4),
               way=CheckinSource.app)
#: One of each kind
CONDITIONS = (FormIs((1,)), HasTag((7, 9)), HasRole(groups=(3,)), HasAnswer(5, (CHOICE,)), SurnameIn('L', 'M'),
              OnDay((date(2026, 8, 4),)), Accompanies(False), CheckedInBy((CheckinSource.app,)))


@pytest.mark.parametrize(('condition', 'expected'), [
    (FormIs((1, 2)), True), (FormIs((2,)), False),
    (HasTag((7, 9)), True), (HasTag((9,)), False),
    (HasRole(event_roles=(1, 9)), True), (HasRole(category_roles=(2,)), True), (HasRole(groups=(3,)), True),
    (HasRole(event_roles=(2,), category_roles=(3,), groups=(1,)), False),
    (HasAnswer(5, (CHOICE, 'x')), True), (HasAnswer(5, ('x',)), False), (HasAnswer(99, (CHOICE,)), False),
    (HasAnswer(6, ('yes',)), True), (HasAnswer(6, ('no',)), False),
    (HasAnswer(8, ('zurich hb',)), True), (HasAnswer(8, ('zurich',)), False),
    (OnDay((date(2026, 8, 3), date(2026, 8, 4))), True), (OnDay((date(2026, 8, 3),)), False),
    (Accompanies(False), True), (Accompanies(True), False),
    (CheckedInBy((CheckinSource.app, CheckinSource.api)), True), (CheckedInBy((CheckinSource.bulk,)), False),
])
def test_condition(condition, expected):
    assert condition.holds(PERSON) is expected


@pytest.mark.parametrize(('first', 'last', 'inside', 'outside'), [
    ('A', 'K', ('Ångström', 'aalto', 'Kowalski', 'Ko', 'de la Cruz', 'Đorđević', 'Çelik', 'Æsir'),
     ('Łukasiewicz', 'Müller', 'Øersted', '王', 'Ωμέγα')),
    ('L', 'Z', ('Łukasiewicz', "O'Neill", 'Øersted', 'ß', 'Żak', 'van Dyck'), ('Kowalski', '', 'Ивано́в')),
    ('Ma', 'Mc', ('Mäkinen', 'McDonald', 'Mayer'), ('Meyer', 'Lutz', 'M')),
    ('', 'M', ('', 'Abel', 'Müller'), ('Nagy',)),
    ('N', '', ('Nagy', 'Иванов', '王'), ('Müller',)),
    ('А', 'М', ('Иванов', 'Йорданов', 'Ми́шин'), ('Чехов', 'Miller', '王')),
    ('Α', 'Λ', ('Ζωή', 'Έλενα'), ('Ωνάσης', 'Иванов')),
])
def test_surname(first, last, inside, outside):
    condition = SurnameIn(first, last)
    assert {name for name in (*inside, *outside) if condition.holds(Facts(1, surname=name))} == set(inside)


@pytest.mark.parametrize(('data', 'expected'), [
    ({'a1': 1, 'b2': 0}, {'a1'}), ({'choice': 'a1', 'isNoAccommodation': False}, {'a1'}), ({'choice': None}, set()),
    ({'id': 3, 'text': 'CERN'}, {'cern'}), (True, {'yes'}), (False, {'no'}), ('CH', {'ch'}), (12, {'12'}), ('', set()),
    (None, set()), ([], set()), ([{'id': 'x'}], set()), ({}, set()),
])
def test_answer(data, expected):
    assert answer(data) == expected


def test_first_match_in_order_and_only_to_desks_that_exist():
    rules = [Rule(1, 10, (HasTag((9,)),)), Rule(2, 99, (FormIs((1,)),)),
             Rule(3, 11, (FormIs((1,)), SurnameIn('L', 'L'))), Rule(4, 12, (FormIs((1,)),))]
    match = first_match(rules, PERSON, {10, 11, 12})
    assert (match.number, match.rule.id, match.rule.desk) == (3, 3, 11)
    assert first_match(rules[:2], PERSON, {10, 11}) is None
    assert first_match([], PERSON, {10}) is None


def test_what_is_stored_can_be_read():
    rules = (Rule(1, 10, CONDITIONS, 'words'), Rule(2, 11, (HasRole(event_roles=(4,)),)))
    stored = msgspec.json.decode(msgspec.json.encode(dump(rules)))
    assert parse(stored) == rules
    assert unreadable(stored) == []


@pytest.mark.parametrize('bad', [
    None, 1, 'x', [], {}, {'id': 1}, {'id': 1, 'desk': 1, 'when': []},
    {'id': 1, 'desk': -1, 'when': [{'about': 'tag', 'tags': [1]}]},
    {'id': 1, 'desk': 1, 'when': [{'about': 'moon'}]}, {'id': 1, 'desk': 1, 'when': [{'about': 'tag', 'tags': []}]},
    {'id': 1, 'desk': 1, 'when': [{'about': 'tag', 'tags': ['x']}]},
    {'id': 1, 'desk': 1, 'when': [{'about': 'day', 'days': ['2026-13-01']}]},
    {'id': 1, 'desk': 1, 'when': [{'about': 'surname', 'first': 'x' * 251}]},
    {'id': 1, 'desk': 1, 'when': [{'about': 'way', 'ways': ['by magic']}]},
    {'id': 2**40, 'desk': 1, 'when': [{'about': 'form', 'forms': [1]}]},
])
def test_what_cannot_be_read_is_skipped(bad):
    good = Rule(1, 10, (FormIs((1,)),))
    stored = [bad, *dump([good])]
    assert parse(stored) == (good,)
    assert unreadable(stored) == [bad]


@pytest.mark.parametrize('stored', [None, 'x', {}, 3, {'id': 1}])
def test_what_is_no_list_has_no_rules(stored):
    assert parse(stored) == ()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                    lambda x: st.lists(x) | st.dictionaries(st.sampled_from(['id', 'desk', 'when', 'about', 'tags']),
                                                            x)))
def test_nothing_that_is_stored_breaks_a_check_in(stored):
    first_match(parse(stored), PERSON, {1})
    first_match(parse([stored]), PERSON, {1})
    unreadable(stored)


def test_limits():
    rules = dump([Rule(n + 1, 1, (FormIs((1,)),)) for n in range(MAX_RULES + 2)])
    assert len(parse(rules)) == MAX_RULES
    assert len(unreadable(rules)) == 2
    with pytest.raises(msgspec.ValidationError):
        check(Rule(1, 1, (SurnameIn('x' * 300),)))
    assert check(Rule(1, 1, CONDITIONS)) == Rule(1, 1, CONDITIONS)


def test_needs():
    assert not needs_of([])
    assert not needs_of([Rule(1, 1, (FormIs((1,)), SurnameIn('A', 'B'), OnDay((date(2026, 1, 1),)), Accompanies(),
                                     CheckedInBy((CheckinSource.app,))))])
    needs = needs_of([Rule(1, 1, (HasTag((1,)), HasRole((1,), (2,), (3,)))), Rule(2, 1, (HasAnswer(5, ('x',)),)),
                      Rule(3, 1, (HasAnswer(6, ('x',)),))])
    assert needs == Needs(True, frozenset({1}), frozenset({2}), frozenset({3}), frozenset({5, 6}))

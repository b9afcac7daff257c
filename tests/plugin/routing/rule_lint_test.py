"""What the lint says of rules is so: no registration reaches a rule that it calls unreachable."""

from datetime import date

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.routing.rule_lint import Field, Known, Unreachable, Why, lint
from indico_checkin_print.routing.rules import (Accompanies, CheckedInBy, Facts, FormIs, HasAnswer, HasRole, HasTag,
                                                OnDay, Rule, SurnameIn, first_match)


KNOWN = Known(desks=frozenset({1, 2}), forms=frozenset({1, 2}), tags=frozenset({1, 2}), event_roles=frozenset({1}),
              category_roles=frozenset({1}), groups=frozenset({1}),
              fields={1: Field(1, frozenset({'a', 'b'})), 2: Field(2, frozenset({'yes', 'no'})), 3: Field(1)})
#: Small worlds, so that rules meet; 3 and 'c' are of what was deleted
_IDS = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
_MAYBE_IDS = st.lists(st.integers(1, 2), max_size=2).map(tuple)
_DAYS = [date(2026, 8, 3), date(2026, 8, 4)]
_NAMES = ['', 'A', 'Å', 'Al', 'B', 'Ba', 'Łu', 'M', 'Z', '王']
CONDITIONS = st.one_of(
    st.builds(FormIs, _IDS), st.builds(HasTag, _IDS), st.builds(HasRole, _MAYBE_IDS, _MAYBE_IDS, _MAYBE_IDS),
    st.builds(HasAnswer, st.integers(1, 4), st.lists(st.sampled_from(['a', 'b', 'c', 'yes', 'no']), min_size=1,
                                                     max_size=2).map(tuple)),
    st.builds(SurnameIn, st.sampled_from(_NAMES), st.sampled_from(_NAMES)),
    st.builds(OnDay, st.lists(st.sampled_from(_DAYS), min_size=1).map(tuple)), st.builds(Accompanies, st.booleans()),
    st.builds(CheckedInBy, st.lists(st.sampled_from(list(CheckinSource)), min_size=1, max_size=2).map(tuple)))
RULES = st.lists(st.tuples(st.integers(1, 3), st.lists(CONDITIONS, min_size=1, max_size=2).map(tuple)), min_size=1,
                 max_size=5).map(lambda rules: [Rule(n, *rule) for n, rule in enumerate(rules, 1)])


@st.composite
def people(draw):
    """Whom the event may have: nobody has what was deleted."""
    form_id = draw(st.sampled_from(sorted(KNOWN.forms)))
    answers = {}
    for id_, field in KNOWN.fields.items():
        if field.form_id == form_id:
            answers[id_] = draw(st.frozensets(st.sampled_from(sorted(field.values or {'a', 'c', 'yes'})), max_size=2))
    sets = st.frozensets(st.integers(1, 2))
    return Facts(form_id, draw(st.sampled_from(_NAMES)), draw(sets) & KNOWN.tags, draw(sets) & KNOWN.event_roles,
                 draw(sets) & KNOWN.category_roles, draw(sets) & KNOWN.groups, answers, draw(st.sampled_from(_DAYS)),
                 draw(st.sampled_from(list(CheckinSource))), draw(st.booleans()))


@settings(max_examples=300, deadline=None)
@given(RULES, st.lists(people(), min_size=1, max_size=8))
def test_what_is_unreachable_is_never_reached(rules, persons):
    unreachable = lint(rules, KNOWN)
    for person in persons:
        match = first_match(rules, person, KNOWN.desks)
        assert match is None or match.rule.id not in unreachable, (match, unreachable)
    event(f'{bool(unreachable)}')


@pytest.mark.parametrize(('rule', 'why'), [
    (Rule(9, 3, (FormIs((1,)),)), Why.desk_gone),
    (Rule(9, 1, (FormIs((3,)),)), Why.form_gone),
    (Rule(9, 1, (HasTag((3,)),)), Why.tag_gone),
    (Rule(9, 1, (HasRole((3,), (3,), (3,)),)), Why.role_gone),
    (Rule(9, 1, (HasAnswer(4, ('a',)),)), Why.field_gone),
    (Rule(9, 1, (HasAnswer(1, ('c',)),)), Why.choice_gone),
    (Rule(9, 1, (SurnameIn('M', 'A'),)), Why.empty_range),
    (Rule(9, 1, (FormIs((2,)), HasAnswer(1, ('a',)))), Why.other_form),
    (Rule(9, 1, (HasAnswer(2, ('yes',)), HasAnswer(1, ('a',)))), Why.other_form),
])
def test_unreachable_alone(rule, why):
    assert lint([rule], KNOWN) == {9: Unreachable(why)}


@pytest.mark.parametrize('rule', [
    Rule(9, 1, (FormIs((1, 3)),)), Rule(9, 1, (HasTag((2, 3)),)), Rule(9, 1, (HasRole(groups=(1, 3)),)),
    Rule(9, 1, (HasAnswer(1, ('A', 'c')),)), Rule(9, 1, (HasAnswer(3, ('anything',)),)),
    Rule(9, 1, (SurnameIn('Ma', 'M'),)), Rule(9, 1, (SurnameIn('Å', 'A'),)), Rule(9, 1, (SurnameIn('N'),)),
])
def test_reachable_alone(rule):
    assert lint([rule], KNOWN) == {}


@pytest.mark.parametrize(('earlier', 'later', 'shadowed'), [
    ((SurnameIn('A', 'M'),), (SurnameIn('B', 'K'), HasTag((1,))), True),
    ((SurnameIn('A', 'K'),), (SurnameIn('B', 'Kz'),), True),
    ((SurnameIn('A', 'Ka'),), (SurnameIn('B', 'K'),), False),
    ((FormIs((1, 2)),), (HasTag((1,)),), True),
    ((FormIs((1,)),), (HasAnswer(1, ('a',)),), True),
    ((FormIs((1,)),), (HasAnswer(2, ('yes',)),), False),
    ((HasTag((1,)),), (HasTag((1, 2)),), False),
    ((HasTag((1, 2)),), (HasTag((2,)),), True),
    ((HasTag((1,)), FormIs((1,))), (HasTag((1,)),), False),
    ((HasAnswer(1, ('a', 'b')),), (HasAnswer(1, ('B',)),), True),
    ((Accompanies(True),), (Accompanies(False),), False),
    ((OnDay((date(2026, 8, 3), date(2026, 8, 4))),), (OnDay((date(2026, 8, 3),)),), True),
])
def test_shadowed(earlier, later, shadowed):
    rules = [Rule(5, 2, (HasTag((2,)), SurnameIn('Z', 'Z'))), Rule(6, 1, earlier), Rule(7, 2, later)]
    assert lint(rules, KNOWN) == ({7: Unreachable(Why.shadowed, 2)} if shadowed else {})


def test_what_is_never_reached_shadows_nothing():
    assert lint([Rule(1, 3, (FormIs((1, 2)),)), Rule(2, 1, (HasTag((1,)),))], KNOWN) == {1: Unreachable(Why.desk_gone)}

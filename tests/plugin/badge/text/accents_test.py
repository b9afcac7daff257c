"""How many accents a letter bears."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.badge.text.accents import MAX_PLACED, MAX_STACKED, cap_accents
from tests.stack.scripts import names


@pytest.mark.parametrize(('text', 'kept', 'left_out'), [
    ('', '', 0), ('Zoë', 'Zoë', 0), ('e\u0301' * 9, 'e\u0301' * 9, 0),
    ('a' + '\u0301' * 500, 'a' + '\u0301' * MAX_STACKED, 500 - MAX_STACKED),
    ('\u0301' * 9, '\u0301' * MAX_STACKED, 5),
    # above and below have each their own
    ('a' + '\u0301\u0323' * 6, 'a' + '\u0301\u0323' * 4, 4),
    # a joiner is no letter
    ('a' + '\u0301\u200d' * 6, 'a' + '\u0301\u200d' * 4 + '\u200d' * 2, 2),
    ('1' + '\u20dd' * 3, '1\u20dd', 2), ('ก' + '\u0e47' * 20, 'ก' + '\u0e47' * MAX_PLACED, 20 - MAX_PLACED)])
def test_cap(text, kept, left_out):
    assert cap_accents(text) == (kept, left_out)


def test_no_name_in_any_language_loses_an_accent():
    written = [name for __, *both in names() for name in both]
    assert [name for name in written if cap_accents(name)[1]] == []


@given(st.text(st.sampled_from('aก\u0301\u0323\u0e47\u20dd\u200d '), max_size=60))
def test_nothing_else_is_lost(text):
    kept, left_out = cap_accents(text)
    assert len(kept) + left_out == len(text)
    assert cap_accents(kept) == (kept, 0)
    assert [char for char in kept if char in 'aก '] == [char for char in text if char in 'aก ']

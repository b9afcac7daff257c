"""Whether a template that shows names would show one for a person."""

import pytest

from indico_checkin_print.badge.names import is_blank, is_nameless


def items(*kinds):
    return [{'type': kind} for kind in kinds]


@pytest.mark.parametrize(('kinds', 'first', 'last', 'expected'), [
    (['full_name'], 'Ada', 'Lovelace', False),
    (['full_name'], '', 'Lovelace', False),
    (['full_name_no_title_d', 'title'], ' ', '', True),
    # only the half that the template shows counts
    (['first_name'], '', 'Lovelace', True),
    (['last_name_upper'], '', 'Lovelace', False),
    (['first_name', 'last_name'], '', 'Lovelace', False),
    # a label without a name is its designer's choice
    (['ticket_qr_code', 'title'], '', '', False),
    ([], '', '', False),
])
def test_is_nameless(kinds, first, last, expected):
    assert is_nameless(items(*kinds), first, last) == expected


@pytest.mark.parametrize('text', ['', None, ' \t', '\u200b\u00ad', '\u202e', '\u3000', '\u3164\uffa0'])
def test_blank(text):
    assert is_blank(text)


@pytest.mark.parametrize('text', ['-', 'é', '李', '\u0301'])
def test_ink(text):
    assert not is_blank(text)

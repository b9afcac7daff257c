"""Directions and places to break, as Pango knows them."""

import pytest

from indico_checkin_print.badge.text import pango


@pytest.mark.parametrize(('text', 'levels'), [
    ('Zoë', '000'), ('Zoe (1)', '0000000'), ('', ''),
    # Hebrew first: all of it goes from right to left, Latin letters and numbers in it from left to right
    ('אב ab', '11122'), ('אב 12', '11122'),
    # Latin first
    ('ab אב', '00011'), ('ab אב 12 cd', '00011122000'),
    # brackets go with what is in them (rule N0)
    ('אב (ab) ג', '111122111'),
    ('عمر ١٢', '111122'), ('א😀ב', '111')])
def test_levels(text, levels):
    assert ''.join(map(str, pango.levels(text))) == levels


@pytest.mark.parametrize(('text', 'places'), [
    ('ab cd', {3}), ('ab-cd', {3}), ('東京都', {1, 2}), ('東京。', {1}), ('a\u00a0b', set())])
def test_where_lines_may_end(text, places):
    assert {i for i in pango.breaks(text).lines if 0 < i < len(text)} == places


@pytest.mark.parametrize(('text', 'letters'), [
    ('abc', [0, 1, 2, 3]), ('e\u0301\u0323o', [0, 3, 4]), ('👩\u200d👧a', [0, 3, 4])])
def test_letters(text, letters):
    assert list(pango.breaks(text).letters) == letters


def test_no_library(mocker):
    with pytest.raises(OSError, match='no-such'):
        pango._load(('no-such-library.so', 'no-such-library.dylib'))

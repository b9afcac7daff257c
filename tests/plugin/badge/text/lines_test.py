"""Lines: the letters in them, their ink, and what is known of a text to say where they end."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indico_checkin_print.badge.text import fonts, pango
from indico_checkin_print.badge.text.fitting import Piece, Way, break_up
from indico_checkin_print.badge.text.lines import lines_of, measure
from indico_checkin_print.badge.text.literal import literal
from indico_checkin_print.badge.text.shaping import Style, Text
from tests.fakes.texts import SANS


FONT = fonts.at(SANS)


def broken(text, room, way=Way.letters, languages=tuple):
    text = Text(text, Style(FONT))
    pieces = break_up(measure(text, tuple(text.clusters()), FONT, languages), way, room)
    return lines_of(text, pieces, FONT)


def lines(*args, **kwargs):
    return [''.join(cluster.text for cluster in line.clusters) for line in broken(*args, **kwargs)]


@pytest.mark.parametrize(('text', 'room', 'expected'), [
    ('', 1000, []), ('Zoë Müller', 99_999, ['Zoë Müller']), ('Zoë Müller', 4000, ['Zoë', 'Müller']),
    ('Zoë  Müller', 3500, ['Zoë', 'Müller']), ('Jean-Luc', 2700, ['Jean-', 'Luc']),
    # a word that is too long; programs put together again what a soft hyphen separates
    ('Donaudampfschiff', 4000, ['Donaud\xad', 'ampfsc\xad', 'hiff']), ('iiii', 1, ['i', 'i', 'i', 'i']),
    ('東京都港区', 2100, ['東京', '都港', '区']), ('zoe@example.org', 4000, ['zoe@', 'example', '.org']),
    # the second line is read after the first one
    ('אב גד הו', 2000, ['בא', 'דג', 'וה']), ('אבגדהו', 1500, ['בא', 'דג', 'וה'])])
def test_where_lines_end(text, room, expected):
    assert lines(text, room) == expected


def test_letters_stay_whole():
    assert lines('e\u0301e\u0301e\u0301', 700) == ['e\u0301'] * 3


def test_the_last_line_does_not_continue():
    assert [line.continues for line in broken('Zoë Müller', 4000)] == [True, False]


def test_a_hyphen_is_drawn():
    line, *__ = broken('Donaudampfschiff', 4000)
    hyphen = line.clusters[-1]
    assert hyphen.text == '\xad'
    assert hyphen.glyphs[0][0] == FONT.shape('-', 'Latn')[0].id
    assert line.width <= 4000


def test_ink():
    plain, tall = broken('x', 9999)[0], broken('Ågy', 9999)[0]
    assert tall.ink.top > plain.ink.top > 0 > tall.ink.bottom
    assert 0 <= plain.ink.left < plain.ink.right <= plain.width
    assert tall.ink.right > plain.ink.right
    assert lines_of(Text(' ', Style(FONT)), [Piece(0, 1)], FONT)[0].ink is None


@settings(deadline=None, max_examples=100)
# a vowel sign without its letter
@example('\u093f😀 \u093fאकは😀 は', 857)
@example('-אבאבक \u093f-ב😀は', 1328)
@given(st.text(st.sampled_from('ab é\u0301אב 王は कि😀-'), max_size=30), st.integers(1, 8000))
def test_every_line_fits_or_is_one_letter(text, room):
    text = literal(text)
    found = broken(text, room)
    written = ''.join(cluster.text for line in found for cluster in line.clusters)
    assert sorted(written.replace(' ', '').replace('\xad', '')) == sorted(text.replace(' ', ''))
    for line in found:
        written = ''.join(cluster.text for cluster in sorted(line.clusters, key=lambda cluster: cluster.start))
        assert line.width <= room or pango.breaks(written).letters == (0, len(written))

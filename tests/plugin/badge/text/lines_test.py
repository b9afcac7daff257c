"""Lines: where they end."""

import pytest
from tests.fakes.texts import SANS
from hypothesis import given, settings
from hypothesis import strategies as st

from indico_checkin_print.badge.text import fonts, pango
from indico_checkin_print.badge.text.lines import size_that_fits, wrap
from indico_checkin_print.badge.text.shaping import Style, Text


STYLE = Style(fonts.at(SANS))


def lines(text, room):
    return [''.join(cluster.text for cluster in line.clusters) for line in wrap(Text(text, STYLE), room)]


@pytest.mark.parametrize(('text', 'room', 'expected'), [
    ('', 1000, []), ('Zoë Müller', 99_999, ['Zoë Müller']), ('Zoë Müller', 4000, ['Zoë', 'Müller']),
    ('Zoë  Müller', 3500, ['Zoë', 'Müller']), ('Jean-Luc', 2700, ['Jean-', 'Luc']),
    # a word that is too long
    ('Donaudampfschiff', 4000, ['Donaud', 'ampfsch', 'iff']), ('iiii', 1, ['i', 'i', 'i', 'i']),
    ('東京都港区', 2100, ['東京', '都港', '区']),
    # the second line is read after the first one
    ('אב גד הו', 2000, ['בא', 'דג', 'וה'])])
def test_where_lines_end(text, room, expected):
    assert lines(text, room) == expected


def test_letters_stay_whole():
    assert lines('e\u0301e\u0301e\u0301', 700) == ['e\u0301'] * 3


def test_the_last_line_does_not_continue():
    assert [line.continues for line in wrap(Text('Zoë Müller', STYLE), 4000)] == [True, False]


def test_extents():
    plain, = wrap(Text('x', STYLE), 9999)
    tall, = wrap(Text('Ågy', STYLE), 9999)
    assert tall.extents[0] > plain.extents[0] > 0 > tall.extents[1]


@pytest.mark.parametrize(('width', 'room', 'size'), [(1000, 100, 24), (10_000, 120, 12), (100_000, 100, 6)])
def test_size_that_fits(width, room, size):
    assert size_that_fits(width, 24, room, 6) == size


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from('ab é\u0301אב 王は कि😀-'), max_size=30), st.integers(1, 8000))
def test_every_line_fits_or_is_one_letter(text, room):
    text = ' '.join(text.split())
    found = wrap(Text(text, STYLE), room)
    written = ''.join(cluster.text for line in found for cluster in line.clusters)
    assert sorted(written.replace(' ', '')) == sorted(text.replace(' ', ''))
    for line in found:
        written = ''.join(cluster.text for cluster in sorted(line.clusters, key=lambda cluster: cluster.start))
        assert line.width <= room or pango.breaks(written).letters == (0, len(written))

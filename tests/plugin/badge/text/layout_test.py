"""Where the texts of a badge go: no ink on anything else, none off the badge, names never the smallest."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indico_checkin_print.badge.text import fonts
from indico_checkin_print.badge.text.layout import Writing, lay_out
from indico_checkin_print.badge.text.room import Item, Rect
from indico_checkin_print.badge.text.shaping import Style, Text
from tests.fakes.texts import SANS


FONT = fonts.at(SANS)
PAGE = Rect(0, 0, 270, 380)
LEFT, CENTER = 0, 0.5


def write(text, top, size=20, *, left=10, width=250, align=CENTER, **kwargs):
    return Writing(Text(text, Style(FONT)), Item(left, top, width, align), FONT, size, **kwargs)


def laid_out(*writings, pictures=(), smallest=6, page=PAGE):
    lay_out(writings, pictures, page, smallest)
    return writings


def lines(writing):
    return [''.join(cluster.text for cluster in line.clusters) for line in writing.lines]


def touching(writings, pictures=()):
    """Return which ink lies on other ink, or outside of the badge."""
    inks = [(number, rect) for number, writing in enumerate(writings) for rect in writing.ink]
    return ([(a, b) for a, one in inks for b, other in inks if a < b and one.touches(other)]
            + [(a, 'picture') for a, one in inks for other in pictures if one.touches(other)]
            + [(a, 'edge') for a, one in inks if not one.is_inside(PAGE)])


def test_what_has_room_is_as_in_the_template():
    name, work = laid_out(write('Zoë Müller', 50), write('CERN', 100, 14))
    assert (name.drawn_size, lines(name), name.shown, name.clip) == (20, ['Zoë Müller'], None, None)
    assert (work.drawn_size, lines(work)) == (14, ['CERN'])
    # hung as Indico hangs it
    assert name.stands == [20]
    assert name.lefts[0] == pytest.approx(135 - name.lines[0].width * .01)


def test_words_that_have_room_on_several_lines():
    text, = laid_out(write('European Organization for Nuclear Research', 50))
    assert (text.drawn_size, len(text.lines)) == (20, 2)


def test_a_long_text_ends_above_what_stands_beneath():
    long = 'European Organization for Nuclear Research and Physics Institute of the University of Nowhere'
    above, beneath = laid_out(write(long, 50), write('Zoë', 100))
    assert above.drawn_size < 20
    assert above.shown is None
    assert not touching([above, beneath])
    assert beneath.drawn_size == 20


def test_a_picture_is_in_the_way():
    picture = Rect(90, 80, 180, 170)
    text, = laid_out(write('Universität Heidelberg, Physikalisches Institut, Arbeitsgruppe 7', 50), pictures=[picture])
    assert text.shown is None
    assert not touching([text], [picture])
    # beneath and beside
    low, = laid_out(write('Universität Heidelberg', 100, align=LEFT), pictures=[Rect(90, 80, 180, 170)])
    assert not touching([low], [picture])
    assert low.ink[0].right <= 90


def test_a_picture_to_write_on():
    text, = laid_out(write('PARTICIPANT', 50), pictures=[Rect(0, 40, 270, 90)])
    assert text.drawn_size == 20


@pytest.mark.parametrize('text', ['བསྟན་འཛིན རྒྱ་མཚོ', 'အောင်ဆန်း', 'ꦱꦸꦏꦂꦤꦺꦴ', 'ᬓᭂᬢᬸᬢ᭄', 'Z' + 'a\u0301\u0300\u0302\u0323' * 3])
def test_scripts_that_hang_do_not_reach_what_stands_beneath(text):
    above, beneath = laid_out(write(text, 50, 30), write('ÄÖÜ', 82, 14))
    assert not touching([above, beneath])
    assert above.shown is None
    assert above.lines


def test_what_does_not_fit_is_cut():
    text, beneath = laid_out(write('x' * 5000, 50), write('Zoë', 100))
    assert text.drawn_size == 6
    assert lines(text)[-1].endswith('…')
    assert 700 < text.shown < 800
    assert ''.join(lines(text)).replace('\xad', '') == 'x' * text.shown + '…'
    assert not touching([text, beneath])
    # in points that somebody chose
    text, __ = laid_out(write('x' * 5000, 50), write('Zoë', 100), smallest=12)
    assert text.drawn_size == 12
    assert text.shown < 300


def test_what_is_written_from_right_to_left_is_cut_at_its_left():
    text, __ = laid_out(write('محمد بن سلمان ' * 99, 50), write('Zoë', 80))
    assert lines(text)[-1].startswith('…')
    assert text.shown


def test_a_name_is_not_smaller_than_what_belongs_to_it():
    name = write('Venkatanarasimharajuvaripetavenkatanarasimharaju', 50, 24, overflow='resize', is_name=True)
    large = write('Speaker', 10, 26, is_personal=True)
    work, event = write('Tata Institute', 100, 14, is_personal=True), write('Conference', 150, 14)
    laid_out(name, work, large, event)
    assert 6 < name.drawn_size < 14
    assert work.drawn_size == name.drawn_size
    # what the template has larger stays so, and what is not about the person
    assert (large.drawn_size, event.drawn_size) == (26, 14)


def test_a_resized_text_stays_on_its_line_if_it_can():
    text, = laid_out(write('European Organization for Nuclear', 50, 20, overflow='resize'))
    assert len(text.lines) == 1
    assert 15 < text.drawn_size < 20
    text, = laid_out(write('European Organization for Nuclear Physics', 50, 20, overflow='resize'))
    assert len(text.lines) == 2
    assert text.drawn_size == 20


def test_two_texts_beside_each_other():
    first = write('Bartholomäus', 50, 20, left=10, width=250, align=LEFT)
    last = write('Müller', 50, 20, left=100, width=160, align=LEFT)
    laid_out(first, last)
    assert not touching([first, last])
    assert first.drawn_size < last.drawn_size == 20
    # a short one needs no border
    first, __ = laid_out(write('Bo', 50, align=LEFT), write('Müller', 50, left=100, width=160, align=LEFT))
    assert first.drawn_size == 20


def test_a_background_ends_above_what_stands_beneath():
    strip, __ = laid_out(write('STAFF', 50, padding=4), write('Zoë', 100))
    assert strip.strip == (10, 50, 260, 74)
    above, strip = laid_out(write('Staff of many days ' * 4, 20), write('STAFF', 50, padding=4))
    assert all(rect.bottom <= 50 for rect in above.ink)


def test_outside_of_the_badge():
    text, = laid_out(write('Zoë', 400))
    assert (text.lines, text.shown) == ([], 0)
    text, = laid_out(write('Zoë', 50, left=300))
    assert (text.lines, text.shown) == ([], 0)


def test_no_room_at_all():
    """A line is there all the same, and what of it would be on other things is clipped."""
    text, __ = laid_out(write('Zyggyjp', 50, 30), write('xxxxx', 53, 30), pictures=[Rect(0, 57, 270, 90)])
    assert text.lines
    assert text.clip.bottom <= 57


TEXTS = st.text(st.sampled_from('ab é\u0301\u0323 王 はကို ꦱꦸ བསྟ gjÅ-'), min_size=1, max_size=60).map(
    lambda text: ' '.join(text.split())).filter(bool)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXTS, st.integers(8, 40), st.sampled_from((0, 0.5, 1)), st.booleans()), min_size=1,
                max_size=5))
def test_no_ink_on_other_ink(rows):
    """Texts below each other, as far apart as the smallest letters need."""
    picture = Rect(90, 20 + 30 * len(rows), 180, 110 + 30 * len(rows))
    writings = [write(text, 20 + 30 * number, size, align=align, overflow='resize' if resize else 'wrap')
                for number, (text, size, align, resize) in enumerate(rows)]
    laid_out(*writings, pictures=[picture])
    assert not touching([writing for writing in writings if writing.clip is None], [picture])
    for writing in writings:
        assert 6 <= writing.drawn_size <= writing.size
        assert all(rect.top >= writing.item.top - 1e-6 for rect in writing.ink)

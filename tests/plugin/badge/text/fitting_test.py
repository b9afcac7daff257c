"""At which size a text fits, and where its lines end."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indico_checkin_print.badge.text.fitting import Extents, Measure, Piece, Way, break_up, fit, push_of, sizes, stack


ALL = ((Way.words, 1), (Way.parts, .75), (Way.letters, .6))


def measure(text, *, parts=None, rises=700, hangs=-200):
    """Return the `Measure` of a text whose letters are all half as wide as they are high."""
    blanks = tuple(i + 1 for i, char in enumerate(text) if char == ' ')
    return Measure(text=text, advances=(500,) * len(text), extents=(Extents(rises, hangs),) * len(text),
                   usual=(True,) * len(text), words=(*blanks, len(text)), letters=tuple(range(len(text) + 1)),
                   find_parts=lambda: parts or {}, hyphen=300,
                   has_hyphen=lambda place: text[place - 1:place + 1].isalpha() and 0 < place < len(text))


def lines(fitted, text):
    return [text[piece.start:piece.end] + '-' * piece.hyphen for piece in fitted.pieces]


def fitted(text, width, height, size=20, smallest=6, ways=ALL, **kwargs):
    found = fit(measure(text, **kwargs), width, height, size, smallest, leading=1, ways=ways)
    return found.size, lines(found, text), found.shown


@pytest.mark.parametrize(('text', 'width', 'height', 'expected'), [
    # as the template has it
    ('Zoe', 100, 24, (20, ['Zoe'], None)), ('Zoe Lee', 60, 44, (20, ['Zoe', 'Lee'], None)),
    # smaller on one line, because there is no room for two
    ('Zoe Lee', 60, 24, (17, ['Zoe Lee'], None)),
    # words stay whole as long as they are not much smaller for it
    ('Muellerman', 80, 50, (16, ['Muellerman'], None)),
    ('x' * 20, 80, 50, (15.5, ['x' * 9 + '-', 'x' * 9 + '-', 'xx'], None)),
    # at the smallest size it is cut
    ('x' * 99, 30, 13.5, (6, ['x' * 9 + '-', 'x' * 9 + '-'], 18)), ('a b ' * 30, 12, 8, (6, ['a b'], 3))])
def test_fit(text, width, height, expected):
    assert fitted(text, width, height) == expected


def test_a_long_word_is_broken_where_its_language_has_it():
    parts = {5: True, 10: True, 15: True}
    size, found, __ = fitted('x' * 20, 80, 50, parts=parts)
    assert found == ['x' * 5 + '-', 'x' * 5 + '-', 'x' * 10] or (size, found) == (15, ['x' * 10 + '-', 'x' * 10])


def test_a_short_word_before_it_stays_on_its_line():
    assert fitted('ab xxxxxxxxxxxxxxxxxxxx', 80, 90, ways=((Way.letters, 1),))[1][0] == 'ab'


def test_one_line_only():
    ways = ((Way.line, 1), (Way.words, .5))
    assert fitted('Zoe Lee', 60, 99, ways=ways) == (17, ['Zoe Lee'], None)
    # unless it would be less than half as large
    assert fitted('Zoe Lee', 30, 99, ways=ways) == (20, ['Zoe', 'Lee'], None)


def test_ink_counts():
    """Letters that hang further need more room, and less of it makes them smaller."""
    assert fitted('Zoe', 100, 24)[0] == 20
    assert fitted('Zoe', 100, 24, hangs=-1000)[0] == 12


def test_a_size_below_the_smallest_is_what_the_template_wants():
    assert fitted('Zoe', 100, 24, size=4)[0] == 4


@pytest.mark.parametrize(('size', 'smallest', 'expected'), [
    (7, 6, [7, 6.5, 6]), (6, 6, [6]), (4, 6, [4]), (6.25, 6, [6.25, 6]), (20.25, 19.5, [20.25, 19.75, 19.5])])
def test_sizes(size, smallest, expected):
    assert sizes(size, smallest) == expected


def test_not_even_one_letter_fits():
    assert break_up(measure('abc'), Way.letters, 100) == (Piece(0, 1), Piece(1, 2), Piece(2, 3))
    assert break_up(measure('abc'), Way.parts, 100) is None


def test_lines_follow_each_other():
    usual, tall = Extents(), Extents(1500, -800)
    assert stack([usual, usual], 10, 1) == [10, 20]
    assert stack([usual, usual], 10, 1.2) == [10, 22]
    # letters that rise, or hang, keep away
    assert stack([tall, usual, tall], 10, 1) == [15, 25, 40]
    assert push_of(Extents(900, -200), True) == Extents()
    assert push_of(Extents(900, -200), False) == Extents(900, -200)
    assert push_of(Extents(2000, -200), True) == Extents(2000, -200)


@given(st.text('ab ', max_size=80).map(lambda text: ' '.join(text.split())).filter(bool), st.floats(3, 200),
       st.floats(8, 200), st.integers(6, 40))
@example('a', 3, 8, 40)
def test_it_fits_or_is_cut(text, width, height, size):
    """Whatever the room: lines are no wider than it and stay within it, and no letter is lost that is not counted."""
    what = measure(text)
    found = fit(what, width, height, size, 6, leading=1, ways=ALL)
    assert 6 <= found.size <= size
    for piece in found.pieces:
        letters = piece.end - piece.start
        assert letters == 1 or (letters * 500 + 300 * piece.hyphen) * found.size <= width * 1000 + 1e-6
    stands = stack(map(what.push_of, found.pieces), found.size, 1)
    if found.shown is None:
        assert stands[-1] + found.size * .2 <= height + 1e-6
    else:
        assert found.size == 6
    kept = ''.join(text[piece.start:piece.end] for piece in found.pieces)
    assert kept == (text if found.shown is None else text[:found.shown]).replace(' ', '') or ' ' in kept
    assert kept.replace(' ', '') == (text if found.shown is None else text[:found.shown]).replace(' ', '')

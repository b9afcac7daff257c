"""At which size a text fits into its room, and where its lines end. Pure: it knows widths and heights, and no fonts.

A text keeps the size of the template if it fits, and its words stay whole unless that costs too much of the size: a
word of forty letters is better broken at 14 points than whole at 7. What does not fit at the smallest size is cut.

Widths and heights of letters are in thousandths of their size, those of the room in points.
"""

from bisect import bisect_right
from collections import namedtuple
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate

from indico_checkin_print.badge.text.cff import UNITS


#: The steps in which a text shrinks, in points
STEP = 0.5
#: A line of letters that rise and hang no further than these takes the leading of the template, whatever is in it
RISES, HANGS = 1100, -350

#: From one character to another, without the blanks at its end
Piece = namedtuple('Piece', ['start', 'end', 'hyphen'], defaults=[False])
#: How far ink rises above its line, and how far it hangs below (less than zero)
Extents = namedtuple('Extents', ['rises', 'hangs'], defaults=[0, 0])
#: A size in points, the pieces that are the lines, and how many characters are shown, if not all are
Fit = namedtuple('Fit', ['size', 'pieces', 'shown'], defaults=[None])


class Way(Enum):
    """How a text may be broken."""

    #: Not at all
    line = 1
    #: Between words
    words = 2
    #: Within long words, where their language has it
    parts = 3
    #: Within long words, between any letters
    letters = 4


@dataclass(frozen=True)
class Measure:
    """What is known of a text."""

    text: str
    #: The advance of each character
    advances: tuple
    #: The `Extents` of each character
    extents: tuple
    #: Which characters stand in the font of the template
    usual: tuple
    #: The places where a line may end, in order: between words, and between letters
    words: tuple
    letters: tuple
    #: Returns the places within words as index -> whether there is a hyphen
    find_parts: object
    #: Returns of a place between letters whether there is a hyphen
    has_hyphen: object
    hyphen: int = 0

    @cached_property
    def until(self):
        return (0, *accumulate(self.advances))

    @cached_property
    def parts(self):
        return self.find_parts()

    def ink_of(self, piece):
        """Return the `Extents` of a piece."""
        found = self.extents[piece.start:piece.end]
        return Extents(max((x.rises for x in found), default=0), min((x.hangs for x in found), default=0))

    def push_of(self, piece):
        """Return the `Extents` that keep a piece away from the lines beside it."""
        return push_of(self.ink_of(piece), all(self.usual[piece.start:piece.end]))


def fit(measure, width, height, size, smallest, *, leading, ways):
    """Return the best `Fit` of a text.

    :param size: What the template says.
    :param smallest: The size below which nothing is legible.
    :param leading: From line to line, as a multiple of the size.
    :param ways: (`Way`, what a size is worth that is reached by it), the best first.
    """
    best, value = None, 0
    for way, worth in ways:
        for try_size in sizes(size, smallest):
            if try_size * worth <= value:
                break
            pieces = break_up(measure, way, width * UNITS / try_size, most=_max_lines(height, try_size, leading))
            if pieces and _bottom(measure, pieces, try_size, leading) <= height:
                best, value = Fit(try_size, pieces), try_size * worth
                break
    return best or _cut(measure, width, height, min(size, smallest), leading)


def sizes(size, smallest):
    """Return the sizes that are tried, from the largest."""
    steps = int(max(0, size - smallest) / STEP)
    return [size - STEP * i for i in range(steps + 1)] + ([smallest] if size - STEP * steps > smallest else [])


def break_up(measure, way, room, most=None):
    """Return the pieces of a text; nothing if it takes more lines than there may be, or cannot be broken so.

    :param room: The width of a line, in thousandths of the size.
    """
    text, pieces, start = measure.text, [], 0
    while start < len(text):
        if most is not None and len(pieces) == most:
            return None
        piece = _next_piece(measure, way, start, room)
        if piece is None:
            return None
        pieces.append(Piece(piece.start, _without_blanks(text, start, piece.end), piece.hyphen))
        start = piece.end
        while text[start:start + 1] == ' ':
            start += 1
    return tuple(pieces)


def push_of(ink, is_usual):
    """Return the `Extents` that keep a line away from those beside it; usual letters keep to the leading."""
    return Extents() if is_usual and ink.rises <= RISES and ink.hangs >= HANGS else ink


def stack(pushes, size, leading):
    """Return how far below the top each line stands, in points.

    The first line hangs from the top by its size, as Indico hangs it, and the lines follow each other by the leading.
    Scripts that rise or hang further get the room that they need.

    :param pushes: Of each line the `Extents` that count, see `Measure.push_of`.
    """
    found, edge, hung = [], 0, 0
    for push in pushes:
        rises, hangs = push.rises * size / UNITS, push.hangs * size / UNITS
        edge = max(edge + leading * size, edge + hung + rises) if found else max(size, rises)
        hung = -hangs
        found.append(edge)
    return found


def _bottom(measure, pieces, size, leading):
    """Return how far down the ink of lines goes, in points."""
    stands = stack(map(measure.push_of, pieces), size, leading)
    return max(at - measure.ink_of(piece).hangs * size / UNITS for at, piece in zip(stands, pieces, strict=True))


def _max_lines(height, size, leading):
    return max(0, int((height - size) / (leading * size))) + 1


def _next_piece(measure, way, start, room):
    whole = Piece(start, len(measure.text))
    if _width(measure, whole) <= room:
        return whole
    if way == Way.line:
        return None
    if (end := _last_fitting(measure, measure.words, start, room)) is not None:
        return Piece(start, end)
    if way == Way.words:
        return None
    parts = measure.parts
    if (end := _last_fitting(measure, sorted(parts), start, room, parts.get)) is not None:
        return Piece(start, end, parts[end])
    if way == Way.parts:
        return None
    end = _last_fitting(measure, measure.letters, start, room, measure.has_hyphen)
    if end is not None and measure.has_hyphen(end):
        # no single letter before a hyphen
        return Piece(start, end, True) if end - start > 1 else Piece(start, end)
    # not even one letter fits: it is there all the same
    return Piece(start, end or next(i for i in (*measure.letters, len(measure.text)) if i > start))


def _last_fitting(measure, places, start, room, has_hyphen=None):
    """Return the last of some places up to which a line from a start fits, if there is one."""
    first = bisect_right(places, start)
    at = bisect_right(places, room, lo=first, key=lambda place: _width(measure, Piece(start, place)))
    while at > first:
        place = places[at - 1]
        if not (has_hyphen and has_hyphen(place)) or _width(measure, Piece(start, place, True)) <= room:
            return place
        at -= 1
    return None


def _width(measure, piece):
    end = _without_blanks(measure.text, piece.start, piece.end)
    return measure.until[end] - measure.until[piece.start] + piece.hyphen * measure.hyphen


def _without_blanks(text, start, end):
    while end > start and text[end - 1] == ' ':
        end -= 1
    return end


def _cut(measure, width, height, size, leading):
    """Return what of a text fits at a size, at least one line; an ellipsis is written at its end."""
    room = width * UNITS / size
    pieces, start = [], 0
    while start < len(measure.text):
        piece = _next_piece(measure, Way.letters, start, room)
        piece = Piece(start, _without_blanks(measure.text, start, piece.end), piece.hyphen)
        if pieces and _bottom(measure, [*pieces, piece], size, leading) > height:
            break
        pieces.append(piece)
        start = piece.end
        while measure.text[start:start + 1] == ' ':
            start += 1
    return Fit(size, tuple(pieces), pieces[-1].end if pieces else 0)

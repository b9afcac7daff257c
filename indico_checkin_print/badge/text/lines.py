"""A text in lines: where they end, how wide and how high they are."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from indico_checkin_print.badge.text import pango
from indico_checkin_print.badge.text.cff import UNITS


@dataclass(frozen=True)
class Line:
    """One line; distances in thousandths of the size of the text."""

    clusters: tuple
    #: Whether another one follows in the same paragraph
    continues: bool = False

    @property
    def width(self):
        """How much room it takes."""
        return sum(cluster.advance for cluster in self.clusters)

    @property
    def extents(self):
        """How far its ink rises, and how far it hangs down (less than zero)."""
        sides = [cluster.extents for cluster in self.clusters]
        return max((top for top, __ in sides), default=0), min((bottom for __, bottom in sides), default=0)


def wrap(text, room):
    """Return the `Line`s of a `shaping.Text` that has a certain room, in thousandths of its size.

    A word that is wider than the room is broken between letters.
    """
    whole = Line(tuple(text.clusters()))
    if whole.width <= room:
        return [whole] if whole.clusters else []
    places = pango.breaks(text.text)
    # shaped once: who types five thousand letters keeps nobody waiting
    measure = _Measure(text.text, whole.clusters)
    lines, start = [], 0
    while start < len(text.text):
        end = next(filter(None, (measure.end_of_line(start, borders, room)
                                 for borders in (places.lines, places.letters))), None)
        if end is None:
            # not even one letter fits: it is there all the same
            end = next(i for i in (*places.letters, len(text.text)) if i > start)
        line = Line(tuple(text.clusters(start, _without_blanks(text.text, start, end))), end < len(text.text))
        lines.append(line)
        start = end
        while text.text[start:start + 1] == ' ':
            start += 1
    return lines


class _Measure:
    """How wide the parts of a text are."""

    def __init__(self, text, clusters):
        self._text = text
        advances = [0] * len(text)
        for cluster in clusters:
            advances[cluster.start] += cluster.advance
        self._until = [0, *accumulate(advances)]

    def end_of_line(self, start, borders, room):
        """Return the last border up to which a line from a place fits, if there is one.

        :param borders: Places where a line may end, in order.
        """
        def width(border):
            return self._until[_without_blanks(self._text, start, border)] - self._until[start]

        first = bisect_right(borders, start)
        at = bisect_right(borders, room, lo=first, key=width)
        return borders[at - 1] if at > first else None


def _without_blanks(text, start, end):
    while end > start and text[end - 1] == ' ':
        end -= 1
    return end


def size_that_fits(width, size, room, smallest, step=0.25):
    """Return the size at which a line of a width fits into a room, in steps, as Indico shrinks it.

    :param width: Of the line, in thousandths of its size.
    """
    while size > smallest and width * size / UNITS > room:
        size -= step
    return size

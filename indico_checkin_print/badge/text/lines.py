"""The lines of a text: the letters in them and their ink, and what `fitting` wants to know to say where they end."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from indico_checkin_print.badge.text import hyphens, pango
from indico_checkin_print.badge.text.fitting import Extents, Measure
from indico_checkin_print.badge.text.shaping import Cluster


#: What stands at the end of a text that is cut
ELLIPSIS = '…'
#: Programs that read a PDF put the halves of a word together again that this one separates (ISO 32000-1, 14.8.2.2.3)
_SOFT_HYPHEN = '\u00ad'


class Ink(NamedTuple):
    """The box of some ink, from where its line begins; distances in thousandths of the size of the text."""

    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True)
class Line:
    """One line; distances in thousandths of the size of the text."""

    clusters: tuple
    #: Whether another one follows in the same paragraph
    continues: bool = False

    @cached_property
    def width(self):
        """How much room it takes."""
        return sum(cluster.advance for cluster in self.clusters)

    @cached_property
    def ink(self):
        """The `Ink` of all of it; nothing if there is none."""
        pen, boxes = 0, []
        for cluster in self.clusters:
            if (ink := cluster.ink) is not None:
                boxes.append((pen + ink[0], ink[1], pen + ink[2], ink[3]))
            pen += cluster.advance
        if not boxes:
            return None
        lefts, bottoms, rights, tops = zip(*boxes, strict=True)
        return Ink(min(lefts), min(bottoms), max(rights), max(tops))


def measure(text, clusters, font, languages):
    """Return the `Measure` of a `shaping.Text`.

    :param clusters: All of its clusters.
    :param font: The template's.
    :param languages: Returns in which it may be written, see `hyphens.languages_of`. Few texts need to know.
    """
    advances, extents = [0] * len(text.text), [Extents()] * len(text.text)
    usual, breaks = [True] * len(text.text), pango.breaks(text.text)
    for cluster in clusters:
        advances[cluster.start] += cluster.advance
        extents[cluster.start] = Extents(*cluster.extents)
        usual[cluster.start] = cluster.font is font
    return Measure(text=text.text, advances=tuple(advances), extents=tuple(extents), usual=tuple(usual),
                   words=breaks.lines, letters=breaks.letters,
                   find_parts=lambda: hyphens.places(text.text, languages()),
                   has_hyphen=lambda place: text.is_forwards(place - 1) and hyphens.has_hyphen(text.text, place),
                   hyphen=_hyphen(font, 0).advance)


def lines_of(text, pieces, font):
    """Return the `Line`s of the pieces of a text.

    :param font: That of the template, which has the hyphen.
    """
    return [Line((*text.clusters(piece.start, piece.end), *((_hyphen(font, piece.end),) if piece.hyphen else ())),
                 continues=piece is not pieces[-1]) for piece in pieces]


def _hyphen(font, place):
    glyph, = font.shape('-', 'Latn')
    return Cluster(_SOFT_HYPHEN, place, font, ((glyph.id, glyph.x, glyph.y),), glyph.advance, backwards=False)



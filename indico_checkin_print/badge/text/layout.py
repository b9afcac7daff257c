"""Where the texts of one badge go: each in its room, none on another, names never smaller than what belongs to them.

A text that leaves no ink on anything else and stays on the badge is as the template has it. Any other gets the room
that `room` finds for it, and the size and the lines that `fitting` finds for that room. What stands lower comes first.
"""

from dataclasses import dataclass, field

from indico_checkin_print.badge.text.cff import UNITS
from indico_checkin_print.badge.text.fitting import Extents, Fit, Piece, Way, break_up, fit, push_of, stack
from indico_checkin_print.badge.text.lines import ELLIPSIS, Line, lines_of, measure
from indico_checkin_print.badge.text.room import Item, Rect, room_for, stands_on
from indico_checkin_print.badge.text.shaping import Text


#: What a size is worth that is reached by breaking a text so (see `fitting`): names are broken last
_WAYS = {
    ('wrap', False): ((Way.words, 1), (Way.parts, .75), (Way.letters, .6)),
    ('wrap', True): ((Way.words, 1), (Way.letters, .5)),
    # what its template keeps on one line stays there unless that costs much of its size
    ('resize', False): ((Way.line, 1), (Way.words, .75), (Way.parts, .5), (Way.letters, .4)),
    ('resize', True): ((Way.line, 1), (Way.words, .75), (Way.letters, .4)),
}
#: Each pass makes at least one text smaller; more is a circle
_MAX_PASSES = 8


@dataclass(eq=False)
class Writing:
    """A text of a badge, and what becomes of it."""

    text: Text
    item: Item
    #: The template's `Font`
    font: object
    #: In points, as the template has it
    size: float
    #: From line to line, as a multiple of the size
    leading: float = 1
    #: ``wrap`` or ``resize``, as Indico's designer has it
    overflow: str = 'wrap'
    #: Whether it is a name of the person; or of the person at all
    is_name: bool = False
    is_personal: bool = False
    #: Returns in which languages it may be written, see `hyphens.languages_of`
    languages: object = tuple
    #: How far its background reaches beneath its last line, in points; nothing if it has none
    padding: float | None = None

    #: The size at which it is drawn, and its lines
    drawn_size: float = 0
    lines: list = field(default_factory=list)
    #: How far below the top of the item each line stands
    stands: list = field(default_factory=list)
    #: Where each line begins, in points from the left side of the badge
    lefts: list = field(default_factory=list)
    #: The sides between which lines are aligned
    sides: tuple = ()
    #: The `Rect` of each line's ink, on the badge
    ink: list = field(default_factory=list)
    #: How many characters are shown, if not all are
    shown: int | None = None
    #: What its ink must not leave, if it could not be made to fit
    clip: Rect | None = None

    def __post_init__(self):
        self._clusters = tuple(self.text.clusters())
        self._measure = None

    @property
    def measure(self):
        """The `Measure` of the text."""
        if self._measure is None:
            self._measure = measure(self.text, self._clusters, self.font, self.languages)
        return self._measure

    @property
    def strip(self):
        """The `Rect` of its background; nothing if it has none."""
        if self.padding is None or not self.lines:
            return None
        return Rect(self.item.left, self.item.top, self.item.left + self.item.width,
                    self.item.top + self.stands[-1] + self.padding)

    def draw_as_in_template(self, size):
        """Take a size, with the lines that Indico would make; return whether all words have room on them."""
        width = self.item.width * UNITS / size
        if sum(cluster.advance for cluster in self._clusters) <= width:
            self._take(Fit(size, (Piece(0, len(self.text.text)),)), [Line(self._clusters)])
            return True
        pieces = None if self.overflow == 'resize' else break_up(self.measure, Way.words, width)
        if pieces:
            self._take(Fit(size, pieces), lines_of(self.text, pieces, self.font))
        return bool(pieces)

    def draw_in(self, room, size, smallest):
        """Take the best size and lines for a room."""
        width, height = room.right - room.left, room.bottom - room.top
        ways = _WAYS['resize' if self.overflow == 'resize' else 'wrap', self.is_name]
        smallest = min(smallest, size)
        best, text = fit(self.measure, width, height, size, smallest, leading=self.leading, ways=ways), self.text
        if best.shown is not None:
            best, text = self._cut(best, width)
        lines = lines_of(text, best.pieces, self.font)
        self._take(best, lines, room)
        inside = all(rect.bottom <= room.bottom + .01 and rect.right <= room.right + .01 for rect in self.ink)
        self.clip = None if inside else room

    def draw_nothing(self):
        """Take no line at all."""
        self.lines, self.stands, self.lefts, self.ink, self.shown, self.clip = [], [], [], [], 0, None

    def _cut(self, best, width):
        """Return a fit and a text that ends with an ellipsis, in as many lines."""
        end, letters = best.shown, [0, *self.measure.letters]
        while True:
            text = Text(self.text.text[:end].rstrip() + ELLIPSIS, self.text.style)
            cut = measure(text, tuple(text.clusters()), self.font, self.languages)
            pieces = break_up(cut, Way.letters, width * UNITS / best.size, most=len(best.pieces))
            if pieces is not None or end == 0:
                return Fit(best.size, pieces or (Piece(0, len(text.text)),), end), text
            end = max(place for place in letters if place < end)

    def _take(self, fitted, lines, room=None):
        self.drawn_size, self.shown, self.clip = fitted.size, fitted.shown, None
        self.lines = lines
        self.sides = (room.left, room.right) if room else (self.item.left, self.item.left + self.item.width)
        self.stands = stack([_push_of(line, self.font) for line in lines], fitted.size, self.leading)
        self.lefts, self.ink, scale = [], [], fitted.size / UNITS
        left, right = self.sides
        for line, at in zip(lines, self.stands, strict=True):
            x = left + (right - left - line.width * scale) * self.item.align
            if line.ink is not None:
                ink = Rect(line.ink.left * scale, at - line.ink.top * scale, line.ink.right * scale,
                           at - line.ink.bottom * scale)
                # letters that lean over the sides stay between them
                x = max(min(x, right - ink.right), left - ink.left)
                self.ink.append(Rect(x + ink.left, self.item.top + ink.top, x + ink.right, self.item.top + ink.bottom))
            self.lefts.append(x)


def lay_out(writings, pictures, page, smallest):
    """Give each `Writing` its size and its lines.

    :param pictures: The `Rect` of each picture.
    :param page: The `Rect` of the badge.
    :param smallest: The smallest legible size, in points.
    """
    order = sorted(writings, key=lambda writing: -writing.item.top)
    crowded, sizes = set(), {writing: writing.size for writing in order}
    for __ in range(_MAX_PASSES):
        done, before = [], dict(sizes)
        # what stands beside another one and was drawn before keeps to the border between them from now on
        found = {other for writing in order
                 for other in _place(writing, sizes[writing], done, order, pictures, page, smallest, crowded)}
        for writing in order:
            sizes[writing] = min(sizes[writing], _largest_beside_names(writing, order))
        if found <= crowded and sizes == before:
            break
        crowded |= found


def _place(writing, size, done, writings, pictures, page, smallest, crowded):
    """Place a text among those that are done; return those of them that are in its way all the same."""
    things = [rect for rect in pictures if not stands_on(writing.item, rect)]
    inks = {other: [rect for rect in (*other.ink, other.strip) if rect and not stands_on(writing.item, rect)]
            for other in done}
    done.append(writing)
    things += [rect for rects in inks.values() for rect in rects]
    if writing not in crowded:
        if writing.draw_as_in_template(size) and all(
                rect.is_inside(page) and not any(map(rect.touches, things)) for rect in writing.ink):
            return set()
        crowded.add(writing)
    row = min(smallest, size)
    room = room_for(writing.item, things, [other.item for other in writings if other is not writing], page, row)
    if room.right <= room.left or room.bottom <= room.top:
        # it stands outside of the badge, or wholly among other things
        writing.draw_nothing()
        return set()
    writing.draw_in(room, size, smallest)
    return {other for other, rects in inks.items() if any(mine.touches(rect) for mine in writing.ink for rect in rects)}


def _largest_beside_names(writing, writings):
    """Return how large a text may be: not larger than names on its badge that are larger in the template."""
    if not writing.is_personal or writing.is_name:
        return writing.size
    names = [name.drawn_size for name in writings if name.is_name and name.lines and name.size >= writing.size]
    return min([writing.size, *names])


def _push_of(line, font):
    if line.ink is None:
        return Extents()
    return push_of(Extents(max(line.ink.top, 0), min(line.ink.bottom, 0)),
                   all(cluster.font is font for cluster in line.clusters))

"""What room a text has on a badge, among the other things on it. Pure; all in points from the top left, downwards.

An item of Indico's designer has a place and a width, and no height. So the room goes down to the ink of what stands
beneath, or to the edge of the badge, and sideways as far as the item is wide, unless something stands beside the text.
What a text stands on, such as a coloured strip that is a picture, is not in its way.
"""

from typing import NamedTuple


#: What stays free between a text that is confined and what confines it, in points
GAP = 1.5


class Rect(NamedTuple):
    """An upright rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other):
        """Return whether two have something in common besides their edges."""
        return (self.left < other.right and other.left < self.right
                and self.top < other.bottom and other.top < self.bottom)

    def is_inside(self, other):
        """Return whether all of it is inside another one."""
        return (self.left >= other.left and self.right <= other.right
                and self.top >= other.top and self.bottom <= other.bottom)


class Item(NamedTuple):
    """An item of the template with text in it."""

    left: float
    top: float
    width: float
    #: Where its lines begin, or end, or have their middle: 0 at its left side, 1 at its right
    align: float

    @property
    def anchor(self):
        """Return from where its lines grow."""
        return self.left + self.width * self.align


def room_for(item, things, neighbours, page, row):
    """Return the `Rect` in which a text may leave ink.

    :param things: Where there is ink already: `Rect`s.
    :param neighbours: The other `Item`s.
    :param page: The badge.
    :param row: What begins less than this beneath the top of a text stands beside it.
    """
    left, right = _sides(item, page)
    anchor = left + (right - left) * item.align
    beside = [thing for thing in things if thing.top < item.top + row and thing.bottom > item.top]
    for thing in beside:
        if thing.left > anchor or (thing.left == anchor and item.align == 1):
            right = min(right, thing.left - GAP)
        elif thing.right < anchor or (thing.right == anchor and item.align == 0):
            left = max(left, thing.right + GAP)
    for other in neighbours:
        if abs(other.top - item.top) < row and other.left < right and item.left < other.left + other.width:
            border = _border(item, other)
            if border is not None:
                left, right = (left, min(right, border)) if other.anchor > item.anchor else (max(left, border), right)
    if item.align == 0.5 and left < anchor < right:
        # what is centred stays where it is
        half = min(anchor - left, right - anchor)
        left, right = anchor - half, anchor + half
    floor = min((thing.top for thing in things
                 if thing not in beside and thing.top >= item.top and thing.left < right and left < thing.right),
                default=page.bottom)
    # where there is hardly room for a line, the line is worth more
    gap = GAP if floor < page.bottom and floor - item.top > 2 * row else 0
    return Rect(left, item.top, right, min(floor - gap, page.bottom))


def stands_on(item, thing):
    """Return whether a text begins within something."""
    return thing.top <= item.top < thing.bottom and thing.left <= item.anchor <= thing.right


def _sides(item, page):
    right = min(item.left + item.width, page.right)
    # who made the template gave it no width that one could see
    return (item.left, right) if right > item.left else (item.left, max(page.right, item.left))


def _border(item, other):
    """Return the border between two texts beside each other; nothing if they grow from the same place."""
    first, second = sorted((item, other), key=lambda one: one.anchor)
    if first.anchor == second.anchor:
        return None
    if second.align == 0:
        return second.left
    if first.align == 1:
        return first.left + first.width
    return (first.anchor + second.anchor) / 2

"""Sizes of labels by the names that printers give them, and whether a badge fits. Pure. Sizes: width and height in mm.

Both sides judge by it: the agent before a badge is handed over, Indico when a desk is set up.
"""

import re
from collections.abc import Iterable


Size = tuple[float, float]

#: A badge may be so much larger than its label, in mm altogether: what is cut off is the edge of its background.
OVERLAP_MM = 2.0
#: CUPS takes a size for one that the printer has a name for if they differ by no more (``_PWG_EPSILON``).
SAME_NAME_MM = 0.5
#: Sizes that differ by no more are the same to Ghostscript, which turns pages (5 points).
SAME_PAGE_MM = 5 / 72 * 25.4
#: Self-describing media names (PWG 5101.1), as in ``oe_badge_96x134mm``, and CUPS' own ``Custom.96x134mm``.
_NAME = re.compile(r'(?:^|[_.])(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$')
_SMALLEST, _LARGEST = ('custom_min', 'roll_min'), ('custom_max', 'roll_max')


def media_size(name: str) -> Size | None:
    """Width and height that a media name stands for; None if it says none, or only the limits of a size."""
    size = _size(name)
    return None if size is None or not all(size) or name.startswith((*_SMALLEST, *_LARGEST)) else size


def sizes(names: Iterable[str]) -> list[Size]:
    """The sizes that media names stand for; names that give no size are left out."""
    return [size for size in map(media_size, names) if size is not None]


def name_of(size: Size, names: Iterable[str]) -> str | None:
    """The printer's own name for a size, the closest one; None if it has none."""
    off = {name: max(abs(a - b) for a, b in zip(size, found, strict=True))
           for name in names if (found := media_size(name)) is not None}
    closest = min(off, key=off.__getitem__, default=None)
    return closest if closest is not None and off[closest] <= SAME_NAME_MM else None


def takes_custom(size: Size, names: Iterable[str]) -> bool:
    """Whether a printer also takes a size that it has no name for: within the limits that are among its names."""
    names = list(names)
    smallest = next((found for name in names if name.startswith(_SMALLEST) and (found := _size(name))), None)
    largest = next((found for name in names if name.startswith(_LARGEST) and (found := _size(name))), None)
    return smallest is not None and largest is not None and all(
        low <= side <= high for low, side, high in zip(smallest, size, largest, strict=True))


def turned(size: Size) -> Size:
    """A size on its side."""
    return size[1], size[0]


def is_about(one: Size, other: Size, tolerance: float = SAME_PAGE_MM) -> bool:
    """Whether two sizes are the same, with so many mm on each side for a difference."""
    return all(abs(a - b) <= tolerance for a, b in zip(one, other, strict=True))


def fits(badge: Size, label: Size) -> bool:
    """Whether a badge fits on a label as it lies."""
    return badge[0] <= label[0] + OVERLAP_MM and badge[1] <= label[1] + OVERLAP_MM


def too_small(badge: Size, loaded: Iterable[str]) -> Size | None:
    """The largest label of those that a printer has loaded, if the badge fits on none of them, however it lies.

    None if it fits, and if that cannot be known: the printer does not say what is loaded, or cuts from a roll.
    """
    names = list(loaded)
    found = sizes(names)
    if not found or len(found) < len(names) or any(fits(badge, each) or fits(turned(badge), each) for each in found):
        return None
    return max(found, key=lambda size: size[0] * size[1])


def is_loaded(badge: Size, loaded: Iterable[str]) -> bool:
    """Whether a printer has labels of the size of a badge loaded, however they lie, or does not say."""
    names = list(loaded)
    found = sizes(names)
    return (not found or len(found) < len(names)
            or any(is_about(badge, each, OVERLAP_MM) or is_about(turned(badge), each, OVERLAP_MM) for each in found))


def in_words(size: Size) -> str:
    """A size for people: ``96 x 134 mm``."""
    return f'{size[0]:.0f} x {size[1]:.0f} mm'


def _size(name: str) -> Size | None:
    found = _NAME.search(name)
    if found is None:
        return None
    unit = 25.4 if found[3] == 'in' else 1.0
    return float(found[1]) * unit, float(found[2]) * unit

"""Which sheets are in a printer, as exactly as it says. Pure.

A printer names what is loaded (``media-ready``) and may give the sizes besides (``media-col-ready``, PWG 5100.3), in
hundredths of a millimetre. The names decide which sheets there are, the sizes how large these are: names are rounded,
and some printers give sizes alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from print_agent.protocol import media
from print_agent.protocol.media import Size


#: What a sheet is called whose size the printer gives without a name for it, or more exactly than its name does.
_NAME = 'custom_loaded_{}x{}mm'
#: A roll, from which the printer cuts: no size.
ROLL = 'roll_loaded'
_PER_MM = 100


def loaded_media(names: Sequence[str], columns: Any) -> tuple[str, ...]:
    """Names for what is loaded that say its size exactly (PWG 5101.1), in the printer's order.

    :param names: ``media-ready``
    :param columns: ``media-col-ready``, a collection or several, as :mod:`.ipp_reply` reads them
    """
    sizes = [_size(each) for each in (columns if isinstance(columns, list) else [columns]) if isinstance(each, Mapping)]
    if not names:
        return tuple(ROLL if size is None else name_of(size) for size in sizes)
    known = [size for size in sizes if size is not None]
    return tuple(_exact(name, known) for name in names)


def name_of(size: Size) -> str:
    """A name that says a size, to the hundredth of a millimetre."""
    return _NAME.format(*(f'{side:.2f}'.rstrip('0').rstrip('.') for side in size))


def _exact(name: str, sizes: list[Size]) -> str:
    named = media.media_size(name)
    if named is None:
        return name
    closest = min(sizes, key=lambda size: _off(size, named), default=None)
    # what differs by less than the rounding of a hundredth is the same
    if closest is None or not 1 / _PER_MM <= _off(closest, named) <= media.SAME_NAME_MM:
        return name
    return name_of(closest)


def _off(one: Size, other: Size) -> float:
    return round(max(abs(a - b) for a, b in zip(one, other, strict=True)), 4)


def _size(column: Mapping[str, Any]) -> Size | None:
    """The size of a sheet in mm; None if it is a roll, of which a side is a range, or if it gives none."""
    size = column.get('media-size')
    if not isinstance(size, Mapping):
        return None
    width, height = size.get('x-dimension'), size.get('y-dimension')
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return None
    return width / _PER_MM, height / _PER_MM

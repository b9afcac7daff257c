"""Which sheet a badge is printed on: the printer's own by its name, or one of a size that CUPS is asked for. Pure.

Measured with CUPS 2.4 and cups-filters 1.28, on printers that take PDF and on printers that get pixels:

- A size within half a millimetre of one that the queue has a name for becomes that one.
- Any other is cut to whole points, up to 0.35 mm. So the page is made of whole points, the nearest ones, and the badge
  is put into its middle: what is asked for is what comes out, within 0.18 mm.
- A page whose size the queue has only the other way round is turned by 90 degrees clockwise, whatever the job asks for,
  if the printer gets pixels; a printer that takes PDF is asked for a size that it has not. So the page is turned here.
- A size that the queue neither has nor allows is not printed at all.
"""

import math
from dataclasses import dataclass

from msgspec import Struct

from print_agent.protocol import media
from print_agent.protocol.media import Size


MM_PER_POINT = 25.4 / 72
#: A page that differs from its sheet by less is left as it is, in mm.
SAME_MM = 0.02


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets of one printer, by the names of their sizes (PWG 5101.1)."""

    #: All that its queue has; nothing if it does not matter, as for a folder.
    offered: tuple[str, ...] = ()
    #: What is in the printer, as it says; nothing if it says nothing.
    loaded: tuple[str, ...] = ()
    #: Whether it takes a PDF as it is; else CUPS makes pixels of it.
    takes_pdf: bool = True


class Sheet(Struct, frozen=True):
    """The sheet for a badge. Sizes in mm."""

    width: float
    height: float
    #: The printer's own name for it; empty: it has none.
    name: str = ''
    #: Whether the badge is turned by 90 degrees clockwise for it, beyond what the printer's settings say.
    is_turned: bool = False

    @property
    def size(self) -> Size:
        """Width and height."""
        return self.width, self.height


def choose(wanted: Size, sheets: Sheets) -> Sheet:
    """Choose the sheet for a page of some size, which comes from the badge or from the printer's settings."""
    if not sheets.offered:
        return Sheet(*wanted)
    if (name := media.name_of(wanted, sheets.offered)) is not None:
        return Sheet(*_size(name), name)
    across = media.turned(wanted)
    name = media.name_of(across, sheets.offered)
    if name is None and not sheets.takes_pdf:
        # what Ghostscript would turn, as it is less exact than CUPS
        name = next((each for each in sheets.offered if (size := media.media_size(each)) is not None
                     and media.is_about(across, size)), None)
        if any(media.is_about(wanted, size) for size in media.sizes(sheets.offered)):
            name = None
    if name is not None and not (sheets.takes_pdf and media.takes_custom(wanted, sheets.offered)):
        return Sheet(*_size(name), name, is_turned=True)
    return Sheet(_whole_points(wanted[0]), _whole_points(wanted[1]))


def _size(name: str) -> Size:
    size = media.media_size(name)
    assert size is not None
    return size


def _whole_points(side: float) -> float:
    """The nearest whole number of points, in mm, a trace larger: CUPS, which counts hundredths, cuts off the rest."""
    return math.ceil(round(side / MM_PER_POINT) * MM_PER_POINT * 100) / 100

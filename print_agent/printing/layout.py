"""What a tech sets for one printer, and the badge brought into that shape.

Printers differ: labels on a roll lie crosswise, a guide is two millimetres off, every badge is wanted twice. The badge
keeps its size; it is turned, put into the middle of the label and moved. Its PDF is changed, not left to options of
CUPS, because drivers disagree about what those mean.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

from msgspec import Meta, Struct
from pypdf import PageObject, PdfWriter, Transformation

from print_agent.errors import CannotLayOut
from print_agent.printing.backend import PrintRequest
from print_agent.protocol import messages as p
from print_agent.protocol import reasons


#: A badge may be so much larger than the label, in mm altogether: what is cut off is the edge of its background.
OVERLAP_MM = 5.0
MAX_OFFSET_MM = 100.0
#: Sizes that differ by no more are the same to Ghostscript (5 points).
SAME_MM = 5 / 72 * 25.4
MIN_SIDE_MM = 10.0
MIN_DPI, MAX_DPI = 72, 2400
MAX_COPIES = 9
MM_PER_POINT = 25.4 / 72
#: Self-describing media names (PWG 5101.1), as in ``oe_badge_96x134mm``, and CUPS' own ``Custom.96x134mm``.
_MEDIA_NAME = re.compile(r'(?:^|[_.])(\d+(?:\.\d+)?)x(\d+(?:\.\d+)?)(mm|in)$')


#: Descriptions say what is allowed, for who wrote something else into agent.toml.
Side = Annotated[float, Meta(ge=MIN_SIDE_MM, le=p.MAX_SIDE_MM)]
Offset = Annotated[float, Meta(ge=-MAX_OFFSET_MM, le=MAX_OFFSET_MM, description=(
    f'must be a number of millimetres from -{MAX_OFFSET_MM:.0f} to {MAX_OFFSET_MM:.0f}'))]


class Layout(Struct, frozen=True, kw_only=True):
    """The settings of one printer, as in ``[printers.NAME]``. Without any, the badge goes to it as it is."""

    #: Width and height of the labels in the printer, in mm, as the paper comes out; None: those of the badge
    media_mm: Annotated[tuple[Side, Side], Meta(description=(
        f'must be the width and height of the labels in mm, such as [96, 134], each from {MIN_SIDE_MM:.0f} to '
        f'{p.MAX_SIDE_MM:.0f}'))] | None = None
    #: By how many degrees the badge is turned clockwise
    orientation: Annotated[Literal[0, 90, 180, 270], Meta(description=(
        'must be 0, 90, 180 or 270: how many degrees the badge is turned clockwise'))] = 0
    #: How far the badge is moved to the right and down, in mm
    offset_x_mm: Offset = 0.0
    offset_y_mm: Offset = 0.0
    #: Dots per inch; None leaves it to the printer
    resolution_dpi: Annotated[int, Meta(ge=MIN_DPI, le=MAX_DPI, description=(
        f'must be a whole number from {MIN_DPI} to {MAX_DPI}'))] | None = None
    #: How many of each badge
    copies: Annotated[int, Meta(ge=1, le=MAX_COPIES, description=f'must be a whole number from 1 to {MAX_COPIES}')] = 1

    @property
    def keeps_document(self) -> bool:
        """Whether the PDF goes to the printer as it came."""
        return not (self.media_mm or self.orientation or self.offset_x_mm or self.offset_y_mm)

    def apply(self, request: PrintRequest) -> PrintRequest:
        """Bring a print request into this shape. Raises :class:`CannotLayOut`, and MemoryError.

        It reads the PDF, unless :attr:`keeps_document`: let :func:`.pdf_check.lay_out` do that elsewhere.
        """
        request = replace(request, copies=request.copies * self.copies, resolution_dpi=self.resolution_dpi or 0)
        if self.keeps_document:
            return request
        badge = request.width_mm, request.height_mm
        if self.orientation % 180:
            badge = badge[::-1]
        width, height = self.media_mm or badge
        if badge[0] > width + OVERLAP_MM or badge[1] > height + OVERLAP_MM:
            raise CannotLayOut('does_not_fit', f'The badge measures {badge[0]:.0f} x {badge[1]:.0f} mm, the labels '
                                               f'set for this printer {width:.0f} x {height:.0f} mm.')
        try:
            document = self._document(request.document, width / MM_PER_POINT, height / MM_PER_POINT)
        except MemoryError:
            raise
        except Exception as exc:
            # pypdf raises whatever a PDF makes it stumble over; without a document nothing can be printed
            raise CannotLayOut('layout_failed', f'{reasons.sentence("layout_failed")} ({type(exc).__name__})') from exc
        return replace(request, document=document, width_mm=width, height_mm=height)

    def _document(self, document: bytes, width: float, height: float) -> bytes:
        writer = PdfWriter()
        for page in PdfWriter(clone_from=io.BytesIO(document)).pages:
            page.transfer_rotation_to_content()
            label = writer.add_blank_page(width, height)
            label.merge_transformed_page(page, self._transformation(page, width, height))
        output = io.BytesIO()
        writer.write(output)
        return output.getvalue()

    def _transformation(self, page: PageObject, width: float, height: float) -> Transformation:
        """Turn and move a page into the middle of a label; PDF counts in points from the bottom left corner."""
        unit = float(page.user_unit or 1)
        w, h = float(page.mediabox.width) * unit, float(page.mediabox.height) * unit
        x, y = {0: (0.0, 0.0), 90: (0.0, w), 180: (w, h), 270: (h, 0.0)}[self.orientation]
        if self.orientation % 180:
            w, h = h, w
        return (Transformation().translate(-float(page.mediabox.left), -float(page.mediabox.bottom)).scale(unit)
                .rotate(-self.orientation).translate(x, y)
                .translate((width - w) / 2 + self.offset_x_mm / MM_PER_POINT,
                           (height - h) / 2 - self.offset_y_mm / MM_PER_POINT))


def turned_by_cups(layout: Layout, media: Iterable[str]) -> tuple[float, float] | None:
    """The size in mm at which CUPS turns by another 90 degrees what this layout makes; None if it does not.

    Where a printer takes pixels, Ghostscript turns each page whose size the queue has only the other way round,
    whatever the job asks for (measured with cups-filters 1.28).

    :param media: names of the sizes that the queue has (PWG 5101.1)
    """
    sizes = [size for size in map(media_size, media) if size is not None]
    made = ([layout.media_mm] if layout.media_mm else [(h, w) for w, h in sizes] if layout.orientation % 180 else [])
    return next((each for each in made if not any(_is_about(each, size) for size in sizes)
                 and any(_is_about((each[1], each[0]), size) for size in sizes)), None)


def media_size(name: str) -> tuple[float, float] | None:
    """Width and height in mm that a media name stands for; None if it says none, or only the limits of a size."""
    found = _MEDIA_NAME.search(name)
    if found is None or name.startswith(('custom_min', 'custom_max')):
        return None
    unit = 25.4 if found[3] == 'in' else 1.0
    return float(found[1]) * unit, float(found[2]) * unit


def _is_about(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a - b) <= SAME_MM for a, b in zip(one, other, strict=True))

"""What a tech sets for one printer, and the badge brought into that shape.

Printers differ: labels on a roll lie crosswise, a guide is two millimetres off, every badge is wanted twice. The badge
is turned, put into the middle of the label and moved; its size changes only to make up for a printer that does not keep
it. Its PDF is changed, not left to options of CUPS, because drivers disagree about what those mean.
"""

import io
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs
from pypdf import PageObject, PdfWriter, Transformation

from print_agent.errors import CannotLayOut, LabelsTooSmall
from print_agent.printing.backend import PrintRequest
from print_agent.printing.sheet import MM_PER_POINT, SAME_MM, Sheet, Sheets, choose
from print_agent.protocol import media
from print_agent.protocol import messages as p
from print_agent.protocol import reasons
from print_agent.protocol.calibration import MAX_OFFSET_MM, MAX_SCALE, MIN_SCALE, Calibration


MIN_SIDE_MM = 10.0
MIN_DPI, MAX_DPI = 72, 2400
MAX_COPIES = 9


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
    #: How much larger the badge is drawn, for a printer that does not keep sizes
    scale: Annotated[float, Meta(ge=MIN_SCALE, le=MAX_SCALE, description=(
        f'must be a number from {MIN_SCALE} to {MAX_SCALE}: how much larger the badge is drawn'))] = 1.0
    #: Dots per inch; None leaves it to the printer
    resolution_dpi: Annotated[int, Meta(ge=MIN_DPI, le=MAX_DPI, description=(
        f'must be a whole number from {MIN_DPI} to {MAX_DPI}'))] | None = None
    #: How many of each badge
    copies: Annotated[int, Meta(ge=1, le=MAX_COPIES, description=f'must be a whole number from 1 to {MAX_COPIES}')] = 1

    @property
    def calibration(self) -> Calibration:
        """Where the badge is put on the label."""
        return Calibration(orientation=self.orientation, offset_x_mm=self.offset_x_mm, offset_y_mm=self.offset_y_mm,
                           scale=self.scale)

    def calibrated(self, calibration: Calibration) -> 'Layout':
        """The same with another place on the label."""
        return structs.replace(self, orientation=calibration.orientation, offset_x_mm=calibration.offset_x_mm,
                               offset_y_mm=calibration.offset_y_mm, scale=calibration.scale)

    def sheet_for(self, request: PrintRequest, sheets: Sheets) -> Sheet:
        """Choose the sheet of the printer on which a badge is printed. Raises :class:`CannotLayOut`."""
        badge = request.width_mm, request.height_mm
        if self.orientation % 180:
            badge = media.turned(badge)
        if self.media_mm is None:
            if (loaded := media.too_small(badge, sheets.loaded)) is not None:
                raise LabelsTooSmall(f'The badge measures {media.in_words(badge)}, the labels in the printer '
                                     f'{media.in_words(loaded)}.')
        elif not media.fits(badge, self.media_mm):
            raise CannotLayOut('does_not_fit', f'The badge measures {media.in_words(badge)}, the labels set for this '
                                               f'printer {media.in_words(self.media_mm)}.')
        return choose(self.media_mm or badge, sheets)

    def keeps_document(self, request: PrintRequest, sheet: Sheet) -> bool:
        """Whether the PDF goes to the printer as it came."""
        moved = self.orientation or self.offset_x_mm or self.offset_y_mm or self.scale != 1 or sheet.is_turned
        return not moved and media.is_about((request.width_mm, request.height_mm), sheet.size, SAME_MM)

    def apply(self, request: PrintRequest, sheet: Sheet | None = None) -> PrintRequest:
        """Bring a print request into this shape. Raises :class:`CannotLayOut`, and MemoryError.

        It reads the PDF, unless :meth:`keeps_document`: let :func:`.pdf_check.lay_out` do that elsewhere.
        """
        if sheet is None:
            sheet = self.sheet_for(request, Sheets())
        kept = self.keeps_document(request, sheet)
        request = replace(request, copies=request.copies * self.copies, resolution_dpi=self.resolution_dpi or 0,
                          media=sheet.name, width_mm=sheet.width, height_mm=sheet.height,
                          sideways=bool(self.orientation % 180) != sheet.is_turned)
        if kept:
            return request
        try:
            document = self._document(request.document, sheet)
        except MemoryError:
            raise
        except Exception as exc:
            # pypdf raises whatever a PDF makes it stumble over; without a document nothing can be printed
            raise CannotLayOut('layout_failed', f'{reasons.sentence("layout_failed")} ({type(exc).__name__})') from exc
        return replace(request, document=document)

    def _document(self, document: bytes, sheet: Sheet) -> bytes:
        writer = PdfWriter()
        for page in PdfWriter(clone_from=io.BytesIO(document)).pages:
            page.transfer_rotation_to_content()
            label = writer.add_blank_page(sheet.width / MM_PER_POINT, sheet.height / MM_PER_POINT)
            label.merge_transformed_page(page, self._transformation(page, sheet))
        output = io.BytesIO()
        writer.write(output)
        return output.getvalue()

    def _transformation(self, page: PageObject, sheet: Sheet) -> Transformation:
        """Turn, scale and move a page into the middle of a label; PDF counts in points from the bottom left corner."""
        scale = float(page.user_unit or 1) * self.scale
        w, h = float(page.mediabox.width) * scale, float(page.mediabox.height) * scale
        x, y = {0: (0.0, 0.0), 90: (0.0, w), 180: (w, h), 270: (h, 0.0)}[self.orientation]
        if self.orientation % 180:
            w, h = h, w
        width, height = (side / MM_PER_POINT for side in (media.turned(sheet.size) if sheet.is_turned else sheet.size))
        laid = (Transformation().translate(-float(page.mediabox.left), -float(page.mediabox.bottom)).scale(scale)
                .rotate(-self.orientation).translate(x, y)
                .translate((width - w) / 2 + self.offset_x_mm / MM_PER_POINT,
                           (height - h) / 2 - self.offset_y_mm / MM_PER_POINT))
        # all of it, so that "right" and "down" mean the same whichever way round the printer has its sheets
        return laid.rotate(-90).translate(0, width) if sheet.is_turned else laid


def turned_besides(layout: Layout, offered: Iterable[str], loaded: Iterable[str] = (), *,
                   takes_pdf: bool = True) -> Sheet | None:
    """The sheet of the size that the settings ask for, if the queue has it only the other way round; else None.

    A badge on it is turned by another 90 degrees, beyond what the settings say.

    :param offered: names of the sizes that the queue has (PWG 5101.1)
    :param loaded: those that are in the printer; without ``media_mm`` the others do not matter
    """
    sheets = Sheets(tuple(offered), takes_pdf=takes_pdf)
    known = media.sizes(loaded) or media.sizes(sheets.offered)
    made = [layout.media_mm] if layout.media_mm else map(media.turned, known) if layout.orientation % 180 else []
    return next((sheet for sheet in (choose(each, sheets) for each in made) if sheet.is_turned), None)

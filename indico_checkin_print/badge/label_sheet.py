"""Several badges on one sheet of A4 or Letter, for badges that are printed before the event and cut or torn apart.

The page of each badge is put on the sheet as it is, at its own size. Lengths are mm; places are those of a badge's
upper left corner from the upper left corner of the sheet.
"""

from dataclasses import dataclass
from io import BytesIO

from pypdf import PdfReader, PdfWriter, Transformation
from pypdf.generic import ArrayObject, DecodedStreamObject, NameObject
from reportlab.lib.units import mm

from indico_checkin_print import _


#: The sheets, by what a manager chooses
PAPERS = {'a4': (210, 297), 'letter': (215.9, 279.4)}
#: So far from the edge of the sheet is a badge unless somebody says otherwise: most printers print nothing there
MARGIN = 5
#: Badges may be so much beyond the sheet, in mm: labels to the very edge are as good as on it
_TOLERANCE = 0.2
#: Length of a cut line and how far it stays away from the badge
_LINE, _LINE_GAP = 3, 0.5


@dataclass(frozen=True)
class SheetLayout:
    """Where the badges of a sheet are."""

    width: float
    height: float
    columns: int
    rows: int
    left: float
    top: float
    #: Between columns, and between rows
    gap_x: float = 0
    gap_y: float = 0
    cut_lines: bool = False

    @property
    def count(self):
        return self.columns * self.rows

    def places(self, width, height):
        """Return the places for badges of a size, row by row."""
        return [(self.left + column * (width + self.gap_x), self.top + row * (height + self.gap_y))
                for row in range(self.rows) for column in range(self.columns)]

    def problem(self, width, height):
        """Return why badges of a size are not on the sheet, as a sentence; empty if they are."""
        x, y = self.places(width, height)[-1]
        if x + width > self.width + _TOLERANCE:
            return _('The columns need {needed:.1f} mm, the sheet is {there:g} mm wide.').format(
                needed=x + width, there=self.width)
        if y + height > self.height + _TOLERANCE:
            return _('The rows need {needed:.1f} mm, the sheet is {there:g} mm high.').format(
                needed=y + height, there=self.height)
        return ''


def fitted(paper, width, height):
    """Return the layout with as many badges of a size as there is room for, in the middle of a sheet of some paper.

    :param paper: A key of `PAPERS`. The sheet lies on its side if more badges are on it then.
    """
    sheets = (PAPERS[paper], PAPERS[paper][::-1])
    return max((_fitted(*sheet, width, height) for sheet in sheets), key=lambda layout: layout.count)


def _fitted(sheet_width, sheet_height, width, height):
    columns, rows = (max(1, int((sheet - 2 * MARGIN) / side))
                     for sheet, side in ((sheet_width, width), (sheet_height, height)))
    left, top = (max(0, round((sheet - number * side) / 2, 1))
                 for sheet, number, side in ((sheet_width, columns, width), (sheet_height, rows, height)))
    return SheetLayout(sheet_width, sheet_height, columns, rows, left, top)


def sheets_of(badges, layout):
    """Return the PDF with some badges on sheets.

    If badges have a second page, each sheet is followed by one with these, mirrored: printed on both sides and turned
    at the edge that is vertical, each back is behind its front.

    :param badges: `render.BadgePDF` objects of one size.
    """
    writer = PdfWriter()
    pages = [PdfReader(BytesIO(badge.content)).pages for badge in badges]
    width, height = badges[0].width_mm, badges[0].height_mm
    fronts = layout.places(width, height)
    backs = [(layout.width - x - width, y) for x, y in fronts]
    with_backs = any(len(each) > 1 for each in pages)
    for start in range(0, len(pages), layout.count):
        here = pages[start:start + layout.count]
        for side, places in enumerate((fronts, backs) if with_backs else (fronts,)):
            sheet = writer.add_blank_page(layout.width * mm, layout.height * mm)
            for badge, (x, y) in zip(here, places, strict=False):
                if side < len(badge):
                    sheet.merge_transformed_page(badge[side], Transformation().translate(
                        x * mm, (layout.height - y - height) * mm))
            if layout.cut_lines:
                _add(sheet, writer, _cut_lines(places[:len(here)], width, height, layout.height))
    # What badges share, such as a background, is in the file once. pypdf 6.19 takes some of what is referred to for
    # unreferenced, once it has removed duplicates
    writer.compress_identical_objects(remove_unreferenced=False)
    # the same badges make the same file
    writer.metadata = None
    output = BytesIO()
    writer.write(output)
    return output.getvalue()


def _cut_lines(places, width, height, sheet_height):
    """Return the PDF operators for lines outside of the corners of badges, where no other badge is."""
    lines = []
    for x, y in places:
        for edge, outward in ((x, -1), (x + width, 1)):
            for line in (y, y + height):
                begin = edge + outward * _LINE_GAP
                lines.append((begin, line, begin + outward * _LINE, line))
        for edge, outward in ((y, -1), (y + height, 1)):
            for line in (x, x + width):
                begin = edge + outward * _LINE_GAP
                lines.append((line, begin, line, begin + outward * _LINE))
    free = [line for line in lines if not any(_crosses(line, place, width, height) for place in places)]
    drawn = ''.join(f'{x1 * mm:.2f} {(sheet_height - y1) * mm:.2f} m {x2 * mm:.2f} {(sheet_height - y2) * mm:.2f} l S\n'
                    for x1, y1, x2, y2 in free)
    return f'q 0.25 w 0 G\n{drawn}Q\n'


def _crosses(line, place, width, height):
    """Return whether a line is within a badge; along its edge it is not."""
    (x1, x2), (y1, y2) = sorted(line[::2]), sorted(line[1::2])
    x, y = place
    return x1 < x + width - _TOLERANCE and x2 > x + _TOLERANCE and y1 < y + height - _TOLERANCE and y2 > y + _TOLERANCE


def _add(page, writer, operators):
    stream = DecodedStreamObject()
    stream.set_data(operators.encode())
    # what was merged is one stream or several
    merged = page['/Contents'].get_object()
    streams = list(merged) if isinstance(merged, ArrayObject) else [page.raw_get('/Contents')]
    page[NameObject('/Contents')] = ArrayObject([*streams, writer._add_object(stream)])

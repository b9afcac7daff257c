"""A test page: one page of the printer's own size that shows where its edges come out. Made without any network."""

import io
import time
from collections.abc import Sequence

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from print_agent.printing.layout import MIN_SIDE_MM, Layout
from print_agent.printing.sheet import MM_PER_POINT
from print_agent.protocol import media as names
from print_agent.protocol.messages import MAX_SIDE_MM
from print_agent.version import SOFTWARE


#: Points in a millimetre.
_MM = 1 / MM_PER_POINT
#: When neither the printer nor an earlier badge says how large a page is: the usual badge, in millimetres.
DEFAULT = (96.0, 134.0)
#: More names than these are not what is loaded but what could be.
_LOADED = 8
#: Sizes this close together are the same, in millimetres.
_SAME = 1.5


def sizes(media: Sequence[str]) -> list[tuple[float, float]]:
    """The sizes that media names stand for, in millimetres; names that give no size are left out."""
    return [size for size in names.sizes(media) if all(MIN_SIDE_MM <= side <= MAX_SIDE_MM for side in size)]


def size(media: Sequence[str], last: tuple[float, float] | None, layout: Layout) -> tuple[float, float]:
    """Choose width and height of the page: what is loaded, and of that what badges are printed on.

    :param media: what the printer has loaded, or all that it offers if it does not say what is loaded
    :param last: the size of the last badge on this printer
    :param layout: the settings of the printer; the page is turned by them like a badge
    """
    turned = layout.orientation % 180 != 0
    if layout.media_mm is not None:
        return layout.media_mm[::-1] if turned else layout.media_mm
    known = [each[::-1] if turned else each for each in sizes(media)]
    if last is not None and (len(media) > _LOADED or not known or any(
            abs(last[0] - each[0]) <= _SAME and abs(last[1] - each[1]) <= _SAME for each in known)):
        return last
    return known[0] if known and len(media) <= _LOADED else DEFAULT


def make(printer: str, width: float, height: float, when: time.struct_time) -> bytes:
    """Make the PDF. Sizes in millimetres."""
    writer = PdfWriter()
    page = writer.add_blank_page(width * _MM, height * _MM)
    font = DictionaryObject({NameObject('/Type'): NameObject('/Font'), NameObject('/Subtype'): NameObject('/Type1'),
                             NameObject('/BaseFont'): NameObject('/Helvetica'),
                             NameObject('/Encoding'): NameObject('/WinAnsiEncoding')})
    page[NameObject('/Resources')] = DictionaryObject({NameObject('/Font'): DictionaryObject({NameObject('/F'): font})})
    content = DecodedStreamObject()
    content.set_data(_draw(printer, width, height, when))
    page[NameObject('/Contents')] = writer._add_object(content.flate_encode())
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _draw(printer: str, width: float, height: float, when: time.struct_time) -> bytes:
    # In millimetres from the lower left corner.
    out = [f'{_MM:.6f} 0 0 {_MM:.6f} 0 0 cm 0.25 w'.encode()]

    def line(*points: float) -> None:
        out.append('{:.3f} {:.3f} m {:.3f} {:.3f} l S'.format(*points).encode())

    def text(y: float, points: float, words: str) -> None:
        # Smaller if it would not fit; Helvetica's letters are about half as wide as they are high.
        points = min(points, (width - 16) / max(len(words), 1) * 1.9 * _MM)
        plain = words.encode('cp1252', 'replace').replace(b'\\', rb'\\').replace(b'(', rb'\(').replace(b')', rb'\)')
        out.append(f'BT /F {points / _MM:.3f} Tf 10 {y:.3f} Td ('.encode() + plain + b') Tj ET')

    # A frame 3 mm inside the page: what is missing of it, the printer cuts off.
    out.append(f'3 3 {width - 6:.3f} {height - 6:.3f} re S'.encode())
    for mm in range(10, int(width) - 3, 10):
        line(mm, 3, mm, 7 if mm % 50 == 0 else 5)
    for mm in range(10, int(height) - 3, 10):
        line(3, mm, 7 if mm % 50 == 0 else 5, mm)
    middle = width / 2
    line(middle, height - 3.5, middle, height - 9)
    line(middle, height - 3.5, middle - 2, height - 6)
    line(middle, height - 3.5, middle + 2, height - 6)
    y, step = height - min(18.0, height * 0.3), min(7.0, (height - 16) / 6)
    for points, words in ((18.0, 'Test page'), (13.0, printer), (10.0, f'{width:g} x {height:g} mm'),
                          (10.0, time.strftime('%Y-%m-%d %H:%M:%S', when)),
                          (8.0, f'Ticks every 10 mm, frame at 3 mm. {SOFTWARE}')):
        text(y, min(points, step * 2.2), words)
        y -= step
    return b'\n'.join(out)

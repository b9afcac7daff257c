"""A PDF with a black rectangle, and where that lies on a page: as poppler paints it, which had no part in making it."""

import io
import subprocess

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject


MM = 72 / 25.4
#: Pixels for each millimetre.
SCALE = 4


def with_rectangle(width_mm=96.0, height_mm=134.0, *, turned=0):
    """Make a PDF with a black rectangle of 10 x 5 mm in its top left corner; ``turned``: its /Rotate."""
    writer = PdfWriter()
    page = writer.add_blank_page(width_mm * MM, height_mm * MM)
    rectangle = DecodedStreamObject()
    rectangle.set_data(f'0 {(height_mm - 5) * MM} {10 * MM} {5 * MM} re f'.encode())
    page[NameObject('/Contents')] = writer._add_object(rectangle)
    page.rotate(turned)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def place(document):
    """Return the size of the first page, and left, top, width and height of all that is black on it, in whole mm."""
    pgm = subprocess.run(['pdftoppm', '-r', str(25.4 * SCALE), '-gray', '-f', '1', '-l', '1', '-'], input=document,
                         capture_output=True, check=True).stdout
    _magic, width, height, _white, pixels = pgm.split(maxsplit=4)
    width, height = int(width), int(height)
    pixels = pgm[-width * height:]
    black = [divmod(at, width) for at, pixel in enumerate(pixels) if pixel < 128]
    rows, columns = [y for y, _ in black], [x for _, x in black]
    box = (min(columns), min(rows), max(columns) + 1 - min(columns), max(rows) + 1 - min(rows))
    return [round(side / SCALE) for side in (width, height)], [round(value / SCALE) for value in box]

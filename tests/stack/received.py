"""Where the ink is on what a printer received: PDF (painted by poppler), Apple and PWG Raster, ZPL."""

import re
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path


#: Pixels in a millimetre of a PDF
PDF_SCALE = 10
MM_PER_INCH = 25.4
#: A pixel of gray is black if it is darker than this
_BLACK = bytes(1 if value < 128 else 0 for value in range(256))
_BITS = [bytes(byte >> 7 - bit & 1 for bit in range(8)) for byte in range(256)]
#: Length of a page's header of PWG Raster (PWG 5102.4)
_PWG_HEADER = 1796


@dataclass(frozen=True)
class Page:
    """One page: rows of pixels, 1 is black, and how many of them are in a millimetre."""

    rows: list[bytes]
    scale: float
    #: Bits of each pixel, as the printer got them; 0 of a PDF
    bits: int = 0

    @property
    def size(self):
        """Width and height in mm."""
        return len(self.rows[0]) / self.scale, len(self.rows) / self.scale

    def box(self):
        """Return left, top, right and bottom of all that is black, in mm from the top left corner."""
        dark = [y for y, row in enumerate(self.rows) if 1 in row]
        left = min(self.rows[y].find(1) for y in dark)
        right = max(self.rows[y].rfind(1) for y in dark) + 1
        return left / self.scale, dark[0] / self.scale, right / self.scale, (dark[-1] + 1) / self.scale

    def is_black(self, x, y):
        """Return whether the point at x, y in mm is black."""
        return bool(self.rows[int(y * self.scale)][int(x * self.scale)])


def pages(document):
    """Return the pages of what a printer received."""
    if document.startswith(b'UNIRAST\0'):
        return list(_apple(document))
    if document.startswith(b'RaS2'):
        return list(_pwg(document))
    return [_painted(document)]


def label(zpl, dpi):
    """Return the label of a printer that speaks ZPL: the graphic that is downloaded (``~DG``) and then printed."""
    found = re.search(rb'~DG[^,]*,(\d+),(\d+),\n?(.*?)\^XA', zpl, re.DOTALL)
    size, length, data = int(found[1]), int(found[2]), found[3].decode()
    width = int(re.search(rb'\^PW(\d+)', zpl)[1])
    rows, line, count = [], '', 0
    for letter in data:
        if 'G' <= letter <= 'Y':
            count += ord(letter) - ord('F')
        elif 'g' <= letter <= 'z':
            count += (ord(letter) - ord('f')) * 20
        elif letter in '0123456789ABCDEF':
            line += letter * max(1, count)
            count = 0
        elif letter in ',!':
            line += ('0' if letter == ',' else 'F') * (2 * length - len(line))
        elif letter == ':':
            rows.append(rows[-1])
        if len(line) == 2 * length:
            rows.append(b''.join(map(_BITS.__getitem__, bytes.fromhex(line)))[:width])
            line = ''
    assert (len(rows) * length, line) == (size, '')
    return Page(rows, dpi / MM_PER_INCH, 1)


def read(path):
    """Return the pages of the file that a printer received."""
    return pages(Path(path).read_bytes())


def _painted(document):
    """The first page of a PDF."""
    pgm = subprocess.run(['pdftoppm', '-r', str(MM_PER_INCH * PDF_SCALE), '-gray', '-singlefile', '-'], input=document,
                         capture_output=True, check=True).stdout
    _magic, width, height, _white, _pixels = pgm.split(maxsplit=4)
    width, height = int(width), int(height)
    pixels = pgm[-width * height:].translate(_BLACK)
    return Page([pixels[y * width:(y + 1) * width] for y in range(height)], PDF_SCALE)


def _apple(document):
    at = 12
    while at < len(document):
        bits, width, height, dpi = struct.unpack_from('>B11xIII', document, at)
        rows, at = _rows(document, at + 32, bits, width, height, white=b'\xff')
        yield Page(rows, dpi / MM_PER_INCH, bits)


def _pwg(document):
    at = 4
    while at < len(document):
        header = document[at:at + _PWG_HEADER]
        dpi, width, height, bits, colors = (struct.unpack_from('>I', header, offset)[0]
                                            for offset in (276, 372, 376, 388, 400))
        is_ink = colors == 3  # black, where 1 is ink; else light
        rows, at = _rows(document, at + _PWG_HEADER, bits, width, height, white=b'\0' if is_ink else b'\xff')
        if is_ink and bits > 1:
            rows = [bytes(1 - value for value in row) for row in rows]
        yield Page(rows, dpi / MM_PER_INCH, bits)


def _rows(document, at, bits, width, height, *, white):
    """Read the lines of a page: how often each is there, and runs of pixels. Return them, and where they end."""
    rows = []
    while len(rows) < height:
        repeat = document[at] + 1
        line, at = _line(document, at + 1, max(1, bits // 8), -(-width * bits // 8), white)
        row = (b''.join(map(_BITS.__getitem__, line))[:width] if bits == 1 else
               line[::bits // 8].translate(_BLACK)[:width])
        rows += [row] * repeat
    return rows[:height], at


def _line(document, at, size, length, white):
    line = bytearray()
    while len(line) < length:
        code, at = document[at], at + 1
        if code == 128:
            line += white * (length - len(line))
        elif code < 128:
            line += document[at:at + size] * (code + 1)
            at += size
        else:
            line += document[at:at + size * (257 - code)]
            at += size * (257 - code)
    return bytes(line), at

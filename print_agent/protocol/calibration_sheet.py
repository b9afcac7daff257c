"""The calibration sheet: a page with a letter, an arrow and a ruler at each edge, a ruler for a bank card, and a code.

The PDF is written by hand: a page, a font that every reader has, and lines. So both sides draw the same sheet, and the
same sheet is the same bytes.
"""

from collections.abc import Callable

from print_agent.protocol.calibration import card_side, code, ruler_length
from print_agent.protocol.media import Size


Point = tuple[float, float]

#: Points in a millimetre.
_MM = 72 / 25.4
#: How far the rulers at the edges reach, in mm, and the share of a side that they may take.
RULER_MM, RULER_SHARE = 10, 0.3
#: Width of Helvetica's capitals and digits, in parts of their size, about.
_LETTER_WIDTH = 0.62


def make(printer: str, sheet: Size) -> bytes:
    """Make the sheet of a printer, as a PDF of one page. Sizes in mm."""
    drawing = _Drawing(*sheet)
    drawing.edges()
    drawing.card()
    drawing.words(code(printer, sheet), printer)
    return _pdf(drawing.content(), sheet)


class _Drawing:
    """What is drawn, in mm from the top left corner of the page."""

    def __init__(self, width: float, height: float):
        self._width, self._height = width, height
        self._out = [f'{_MM:.6f} 0 0 {_MM:.6f} 0 0 cm 0.2 w 0 G 0 g'.encode()]
        self._letter = min(8.0, min(width, height) * 0.13)

    def content(self) -> bytes:
        return b'\n'.join(self._out)

    def edges(self) -> None:
        """The letter, the arrow and the ruler of each edge."""
        w, h = self._width, self._height
        sides: tuple[tuple[str, float, float, Callable[[float, float], Point]], ...] = (
            ('A', w, h, lambda a, d: (a, d)), ('B', h, w, lambda a, d: (w - d, a)),
            ('C', w, h, lambda a, d: (a, h - d)), ('D', h, w, lambda a, d: (d, a)))
        for letter, along, depth, place in sides:
            size, middle = self._letter, along / 2
            self._line(place(middle, 1.5), place(middle, 1.5 + size * 0.7))
            self._line(place(middle, 1.5), place(middle - size * 0.25, 1.5 + size * 0.35))
            self._line(place(middle, 1.5), place(middle + size * 0.25, 1.5 + size * 0.35))
            x, y = place(middle, 2.2 + size * 1.15)
            self._text(x, y, size, letter)
            # off the middle, each at the beginning of its side as one reads, so that no two of them meet
            start = along * 0.75 if letter in 'BD' else along * 0.25
            for mm in range(min(RULER_MM, int(depth * RULER_SHARE)) + 1):
                half = 3.0 if mm % 5 == 0 else 1.5
                self._line(place(start - half, mm), place(start + half, mm))
                if mm % 5 == 0 and mm:
                    x, y = place(start + 4.6, mm)
                    self._text(x, y, 2.6, str(mm))

    def card(self) -> None:
        """The ruler for a bank card: where the card begins, and the numbers about its length."""
        side = card_side((self._width, self._height))
        if side is None:
            return
        is_upright = self._height > self._width
        first, end = round(side * 0.94), int(ruler_length(side))
        start = (max(self._width, self._height) - end) / 2
        across = min(self._width, self._height) * (0.64 if is_upright else 0.75)

        def place(along: float, beside: float) -> Point:
            return (across + beside, start + along) if is_upright else (start + along, across + beside)

        for mm in (0, *range(first, end + 1)):
            half = 3.0 if mm % 5 == 0 else 1.5
            self._line(place(mm, -half), place(mm, half))
        self._line(place(0, 0), place(end, 0))
        self._text(*place(3.0, -1.8), 2.6, '0')
        for mm in range(first + -first % 5, end + 1, 5):
            self._text(*place(mm, -4.6), 2.6, str(mm))
        self._text(*(place(side * 0.3, 6.0) if is_upright else place(side / 2, -2.2)), 2.6, 'CARD')

    def words(self, code: str, printer: str) -> None:
        """The code, and which printer's sheet it is."""
        is_upright = self._height > self._width  # then the ruler for a card is beside it
        size = min(6.0, self._width * (0.42 if is_upright else 0.5) / (len(code) * _LETTER_WIDTH), self._height * 0.14)
        x, y = self._width * (0.4 if is_upright else 0.5), self._height * (0.3 if is_upright else 0.47)
        self._text(x, y, size, code)
        words = f'{printer}  {self._width:g} x {self._height:g} mm'
        self._text(x, y + size, min(size * 0.5, self._width * 0.5 / (len(words) * 0.5)), words)

    def _line(self, start: Point, end: Point) -> None:
        (x1, y1), (x2, y2) = start, end
        self._out.append(f'{x1:.3f} {self._height - y1:.3f} m {x2:.3f} {self._height - y2:.3f} l S'.encode())

    def _text(self, x: float, y: float, size: float, words: str) -> None:
        """Words whose middle is there."""
        plain = words.encode('cp1252', 'replace')
        left = x - len(plain) * size * _LETTER_WIDTH / 2 * (1 if words.isupper() or words.isdigit() else 0.85)
        for special in (b'\\', b'(', b')'):
            plain = plain.replace(special, b'\\' + special)
        self._out.append(f'BT /F {size:.3f} Tf {left:.3f} {self._height - y - size * 0.36:.3f} Td ('.encode()
                         + plain + b') Tj ET')


def _pdf(content: bytes, sheet: Size) -> bytes:
    """A PDF of one page (ISO 32000)."""
    width, height = (side * _MM for side in sheet)
    objects = (b'<< /Type /Catalog /Pages 2 0 R >>', b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
               f'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.4f} {height:.4f}] /Contents 5 0 R '
               f'/Resources << /Font << /F 4 0 R >> >> >>'.encode(),
               b'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
               b'<< /Length %d >>\nstream\n%s\nendstream' % (len(content), content))
    out, starts = b'%PDF-1.4\n', []
    for number, each in enumerate(objects, 1):
        starts.append(len(out))
        out += b'%d 0 obj\n%s\nendobj\n' % (number, each)
    table = b''.join(b'%010d 00000 n \n' % start for start in starts)
    return (out + b'xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n'
            % (len(objects) + 1, table, len(objects) + 1, len(out)))

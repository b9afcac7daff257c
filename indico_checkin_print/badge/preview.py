"""A badge as its printer prints it, as pictures: the dots of each page, black and white if the printer has no grey.

A calibration is no part of it. It makes up for what the printer does to a page, so what lies on the label is the page.

PDFium draws the dots. What it draws is a document of our own, whose pictures were made anew by us. Two threads may not
use it at once, not even with different documents. Pages come one by one, so that neither all of them are in memory nor
all others wait until the last one is drawn.
"""

import itertools
import threading
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO

import pypdfium2


#: Most pixels of a page: A4 with 400 dots in an inch. The picture of a larger one is coarser
MAX_PIXELS = 16_000_000
#: Pixels of a small picture on its longer side: enough to see what is cut, and whose badge it is
SMALL = 280
_pdfium = threading.Lock()


@dataclass(frozen=True)
class Dots:
    """What a printer makes of a page."""

    #: Dots in an inch: most printers of labels have as many
    dpi: int = 203
    #: Bits of a dot: 1 for black and white, 8 for grey, 24 for colours
    bits: int = 1


def pictures_of(document, dots):
    """Yield a picture of each page of a PDF as a printer prints it (``PIL.Image``).

    :param dots: The `Dots` of the printer. What is grey or coloured is dithered where they have one bit, as printers
                 and their drivers do it; letters and codes have no smooth edges there.
    """
    sharp = dict.fromkeys(('no_smoothtext', 'no_smoothpath', 'no_smoothimage'), dots.bits == 1)
    for picture in _draw(document, lambda page: _scale(page, dots.dpi), grayscale=dots.bits < 24, **sharp):
        yield picture.convert('1') if dots.bits == 1 else picture


def small_pictures_of(document, side=SMALL):
    """Return a small picture in colours of each page of a PDF, whatever prints it.

    :param side: Its pixels on the longer side.
    """
    return list(_draw(document, lambda page: side / max(page.get_size())))


def as_url(picture):
    """Return a picture as a URL that contains it, as a PNG file."""
    content = BytesIO()
    picture.save(content, 'PNG')
    return f'data:image/png;base64,{b64encode(content.getvalue()).decode()}'


def _scale(page, dpi):
    width, height = page.get_size()
    return min(dpi / 72, (MAX_PIXELS / (width * height)) ** 0.5)


def _draw(document, scale_of, **how):
    for number in itertools.count():
        # opened anew for each: nothing of it is left to be closed without the lock
        with _pdfium, pypdfium2.PdfDocument(document) as pdf:
            if number >= len(pdf):
                return
            page = pdf[number]
            picture = page.render(scale=scale_of(page), **how).to_pil()
        yield picture

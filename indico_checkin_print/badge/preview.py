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
from pypdf import PdfReader


#: Most pixels of a page: A4 with 400 dots in an inch. The picture of a larger one is coarser
MAX_PIXELS = 16_000_000
#: Most pixels of all pages that somebody is shown at once
MAX_SHOWN_PIXELS = 2 * MAX_PIXELS
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


@dataclass(frozen=True)
class ShownPage:
    """A page that somebody is shown."""

    #: Its picture, as a URL that contains it
    url: str
    #: How many pages of the document are just like it: copies
    copies: int

    @property
    def times(self):
        """How many copies there are, for people; empty if it is one."""
        return f'× {self.copies}' if self.copies > 1 else ''


def shown_pages(document, dots):
    """Return the `ShownPage` of each page of a PDF as a printer prints it, copies once.

    :param dots: As for `pictures_of`.
    """
    copies = _copies(document)
    most = MAX_SHOWN_PIXELS // len(copies)
    pictures = _draw(document, lambda page: _scale(page, dots.dpi, most), copies, **_how(dots))
    return _shown(map(_dithered, pictures, itertools.repeat(dots)), copies)


def small_pages(document, side=SMALL):
    """Return the `ShownPage` of each page of a PDF as a small picture in colours, whatever prints it; copies once.

    :param side: The pixels of a picture on its longer side.
    """
    copies = _copies(document)
    return _shown(_draw(document, lambda page: side / max(page.get_size()), copies), copies)


def pictures_of(document, dots):
    """Yield a picture of each page of a PDF as a printer prints it (``PIL.Image``).

    :param dots: The `Dots` of the printer. What is grey or coloured is dithered where they have one bit, as printers
                 and their drivers do it; letters and codes have no smooth edges there.
    """
    for picture in _draw(document, lambda page: _scale(page, dots.dpi), **_how(dots)):
        yield _dithered(picture, dots)


def picture_of_part(document, dots, number, box):
    """Return a part of what `pictures_of` yields of one page: the same dots, without those around it.

    :param number: That of the page, from 0.
    :param box: The left, bottom, right and top of the part, in points from the lower left corner of the page.
    """
    with _pdfium, pypdfium2.PdfDocument(document) as pdf:
        page = pdf[number]
        width, height = page.get_size()
        left, bottom, right, top = box
        cut_off = [max(0, side) for side in (left, bottom, width - right, height - top)]
        picture = page.render(scale=_scale(page, dots.dpi), crop=cut_off, **_how(dots)).to_pil()
    return _dithered(picture, dots)


def as_url(picture):
    """Return a picture as a URL that contains it, as a PNG file."""
    content = BytesIO()
    picture.save(content, 'PNG')
    return f'data:image/png;base64,{b64encode(content.getvalue()).decode()}'


def _how(dots):
    sharp = dict.fromkeys(('no_smoothtext', 'no_smoothpath', 'no_smoothimage'), dots.bits == 1)
    return {'grayscale': dots.bits < 24, **sharp}


def _dithered(picture, dots):
    return picture.convert('1') if dots.bits == 1 else picture


def _scale(page, dpi, most=MAX_PIXELS):
    width, height = page.get_size()
    return min(dpi / 72, (min(most, MAX_PIXELS) / (width * height)) ** 0.5)


def _copies(document):
    """Return how often each page occurs, by the number of the first one that is like it."""
    first, copies = {}, {}
    for number, page in enumerate(PdfReader(BytesIO(document)).pages):
        # copies are made of the same objects of the file, see `parts.join`
        made_of = repr([page.raw_get(key) for key in ('/Contents', '/Resources', '/MediaBox') if key in page])
        like = first.setdefault(made_of, number)
        copies[like] = copies.get(like, 0) + 1
    return copies


def _shown(pictures, copies):
    return [ShownPage(as_url(picture), count) for picture, count in zip(pictures, copies.values(), strict=True)]


def _draw(document, scale_of, numbers=None, **how):
    for number in itertools.count() if numbers is None else numbers:
        # opened anew for each: nothing of it is left to be closed without the lock
        with _pdfium, pypdfium2.PdfDocument(document) as pdf:
            if number >= len(pdf):
                return
            page = pdf[number]
            picture = page.render(scale=scale_of(page), **how).to_pil()
        yield picture

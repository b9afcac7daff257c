"""Reads the codes on a page as a printer prints them, made of its dots.

The reader, zxing-cpp, had no part in making the codes; it is related to what phones read them with.
"""

import zxingcpp
from PIL import Image

from indico_checkin_print.badge.preview import pictures_of


#: Pixels that the reader sees of a dot on each side, if it does not find a code at once
_PIXELS_PER_DOT = 2


def read_codes(document, dots, payloads):
    """Return which texts the reader finds in the QR codes of a PDF: a set.

    :param dots: The `Dots` of the printer.
    :param payloads: What should be in them; when all of it is found, nothing more is searched.
    """
    found = set()
    for picture in pictures_of(document, dots):
        page = picture.convert('L')
        found.update(_texts(page))
        if not found.issuperset(payloads):
            found.update(_texts(page.resize([side * _PIXELS_PER_DOT for side in page.size], Image.Resampling.NEAREST)))
    return found


def _texts(page):
    return (code.text for code in zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode))

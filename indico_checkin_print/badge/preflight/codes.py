"""Reads the codes on a page as a printer prints them, made of its dots.

The reader, zxing-cpp, had no part in making the codes; it is related to what phones read them with.
"""

import zxingcpp
from PIL import Image
from reportlab.lib.units import mm

from indico_checkin_print.badge.preview import picture_of_part, pictures_of
from indico_checkin_print.badge.qr_room import QUIET_ZONE


#: Pixels that the reader sees of a dot on each side, if it does not find a code at once
_PIXELS_PER_DOT = 2


def read_codes(document, dots, placed):
    """Return those of the codes on a PDF that the reader finds: a set.

    :param dots: The `Dots` of the printer.
    :param placed: Each `qr.Placed` in it.
    """
    # the code as a phone is pointed at it is a tenth of the page; nearly always that is enough
    found = {each for each in placed if each.code.payload in _texts(_around(document, dots, each))}
    if len(found) < len(placed):
        texts = _texts_of_pages(document, dots)
        found.update(each for each in placed if each.code.payload in texts)
    return found


def _around(document, dots, placed):
    margin = QUIET_ZONE * placed.code.module_mm * mm
    left, bottom, right, top = placed.box
    return picture_of_part(document, dots, placed.page,
                           (left - margin, bottom - margin, right + margin, top + margin)).convert('L')


def _texts_of_pages(document, dots):
    found = set()
    for picture in pictures_of(document, dots):
        page = picture.convert('L')
        found.update(_texts(page))
        found.update(_texts(page.resize([side * _PIXELS_PER_DOT for side in page.size], Image.Resampling.NEAREST)))
    return found


def _texts(picture):
    return {code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)}

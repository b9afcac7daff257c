"""What is in the codes on a page, as zxing-cpp reads them, which had no part in making them."""

import zxingcpp
from PIL import Image, ImageFilter


#: What the camera of a phone has at the distance at which people hold a badge: mm of the badge for a pixel
PHONE_PIXEL_MM = 0.17
#: How much lens and hand blur, as a standard deviation in mm
PHONE_BLUR_MM = 0.12
#: How crooked it is held, in degrees
PHONE_TILT = 4
#: What black and white look like to it
PHONE_GREYS = (50, 210)


def texts_in(page):
    """Return what is in the codes on a page, of which each dot is seen as two by two pixels."""
    return _read(page.resize((page.width * 2, page.height * 2), Image.Resampling.NEAREST))


def texts_seen(page, dpi):
    """Return what is in the codes on a page that a phone sees: blurred, crooked and grey, in pixels of its own."""
    black, white = PHONE_GREYS
    size = [round(side / dpi * 25.4 / PHONE_PIXEL_MM) for side in page.size]
    seen = page.filter(ImageFilter.GaussianBlur(PHONE_BLUR_MM / 25.4 * dpi)).resize(size, Image.Resampling.BILINEAR)
    seen = seen.rotate(PHONE_TILT, Image.Resampling.BILINEAR, fillcolor=255)
    return _read(seen.point(lambda grey: black + grey * (white - black) // 255))


def _read(picture):
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)]

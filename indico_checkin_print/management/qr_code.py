"""QR codes of links that people open with another device."""

import qrcode
from markupsafe import Markup
from qrcode.image.svg import SvgPathImage


def qr_code(text):
    """Return a QR code as SVG that takes the size of its box."""
    # a quarter of it may be dirty
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=4, image_factory=SvgPathImage)
    code.add_data(text)
    code.make(fit=True)
    # the library draws squares; the text is not in it
    return Markup(code.make_image().to_string(encoding='unicode'))  # noqa: S704

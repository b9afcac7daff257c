"""Which pictures are refused, before they cost anything, and in which words.

A file of some kilobytes may hold a picture of gigabytes, or a thousand layers of one, and everybody who registers may
upload one.
"""

import re
from enum import StrEnum

from PIL import Image

from indico_checkin_print import _
from indico_checkin_print.errors import PictureRefused


#: What Indico's designer takes, by Pillow's names; an event's logo and pictures of people are PNG or JPEG
FORMATS = ('PNG', 'JPEG', 'GIF')
#: A4 at 700 dpi, or what most cameras of phones make of a scene at once; it takes up to 450 MB while it is read
MAX_PIXELS = 52_000_000
#: Bytes of a file
MAX_BYTES = 64 * 1024 * 1024
#: A progressive JPEG is read whole once for each of its scans. Programs write 10, or 18 of CMYK
MAX_SCANS = 32

# a stuffed zero, or a restart, is no end of a scan (ITU-T T.81, B.1.1)
_MARKER = re.compile(rb'\xff+([^\x00\xff\xd0-\xd7])')
_START_OF_SCAN, _END_OF_IMAGE = 0xda, 0xd9


class PictureFault(StrEnum):
    """Why a picture does not print."""

    unknown_kind = 'unknown_kind'
    unreadable = 'unreadable'
    cut_off = 'cut_off'
    too_many_pixels = 'too_many_pixels'
    too_many_bytes = 'too_many_bytes'
    too_many_scans = 'too_many_scans'
    gone = 'gone'


_SENTENCES = {
    PictureFault.unknown_kind: _('it is no picture that can be printed. Upload it again, as PNG or JPEG.'),
    PictureFault.unreadable: _('the file is damaged. Upload it again, as PNG or JPEG.'),
    PictureFault.cut_off: _('the file is cut off, its end is missing. Upload it again.'),
    PictureFault.too_many_pixels: _('it has too many pixels. Make it smaller: 300 pixels for an inch of the badge are '
                                    'enough.'),
    PictureFault.too_many_bytes: _('the file is too large. Make it smaller, or upload it as JPEG.'),
    PictureFault.too_many_scans: _('it is a JPEG with too many layers. Save it as an ordinary JPEG.'),
    PictureFault.gone: _('its file cannot be found. Upload it again.'),
}


def describe(fault):
    """Say what is wrong with a picture and what helps, after its name; ``''`` if it is no `PictureFault`."""
    return _SENTENCES.get(fault, '')


def read(file):
    """Return the bytes of an open file.

    :raises PictureRefused: if there are too many.
    """
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise PictureRefused(PictureFault.too_many_bytes)
    return content


def check_header(image, content):
    """Check a picture of which only the header was read.

    :raises PictureRefused: if it would take too much memory or time to read the rest.
    """
    if image.width * image.height > MAX_PIXELS:
        raise PictureRefused(PictureFault.too_many_pixels)
    if image.format in {'JPEG', 'MPO'} and _count_scans(content) > MAX_SCANS:
        raise PictureRefused(PictureFault.too_many_scans)


def fault_of(exc):
    """Return the `PictureFault` of what Pillow raises: of a hostile file that may be anything."""
    if isinstance(exc, PictureRefused):
        return exc.reason
    if isinstance(exc, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return PictureFault.too_many_pixels
    if isinstance(exc, Image.UnidentifiedImageError):
        return PictureFault.unknown_kind
    return PictureFault.cut_off if 'truncated' in str(exc) else PictureFault.unreadable


def _count_scans(content):
    """Return how many scans the first picture of a JPEG file has; a phone's may have a film behind it."""
    place, scans = 2, 0
    while scans <= MAX_SCANS and (found := _MARKER.search(content, place)) and found[1][0] != _END_OF_IMAGE:
        scans += found[1][0] == _START_OF_SCAN
        place = found.end() + int.from_bytes(content[found.end():found.end() + 2])
    return scans

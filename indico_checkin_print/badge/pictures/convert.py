"""Makes of a file what a badge prints: right colours, upright, no more dots than a printer has, in the form of a PDF.

Documents do not depend on the printer of a desk, so the resolution is that of common label printers, at the size in
which the picture is drawn. What has few colours stays as it is, without loss (Flate); photos become JPEG. Grey stays
grey, which is one ink. The same file and size make the same bytes, for one version of Pillow.
"""

import hashlib
import struct
import threading
from contextlib import contextmanager, suppress
from enum import StrEnum
from io import BytesIO
from math import ceil, sqrt

import msgspec
from PIL import Image, ImageChops, ImageCms, ImageFile

from indico_checkin_print.badge.pictures.limits import FORMATS, check_header, fault_of
from indico_checkin_print.errors import PictureRefused


#: Dots per inch, and the same of points
DPI, POINTS = 300, 72
#: A picture on the largest page has no more: A3 at 300 dpi
MAX_PRINTED_PIXELS = 18_000_000
#: Of JPEG, whose colours are half as fine as its brightness (4:2:0): a sixth of a millimetre on paper
_QUALITY = 82
#: A picture stays without loss if that takes no more bytes than a JPEG, or than so many
_FLATE_BYTES = 64_000
#: Rows that are made smaller at a time, so that no second copy of a large picture is needed
_ROWS = 256
_ORIENTATION = 0x0112
#: What has to be done for the values of that tag (Exif 2.3, 4.6.4)
_TURNS = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
          5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
          8: Image.Transpose.ROTATE_90}
_WHITE = {'L': 255, 'RGB': (255, 255, 255)}
#: Of these one side is the other afterwards
_ASIDE = {5, 6, 7, 8}


class Fit(StrEnum):
    """How a picture is fitted into its box, always in the middle of it."""

    #: As large as the box, whatever its own proportions are
    stretch = 'stretch'
    #: As large as the box lets it be
    inside = 'inside'
    #: A pixel is a point, unless the box is too small for that: Indico's background that is not stretched
    natural = 'natural'


class Picture(msgspec.Struct, frozen=True):
    """What is written into a PDF."""

    #: In pixels
    width: int
    height: int
    #: How large it is drawn, in points
    drawn_width: float
    drawn_height: float
    #: ``DeviceGray`` or ``DeviceRGB``
    space: str
    bits: int
    #: ``DCTDecode`` (a JPEG) or ``FlateDecode`` (with PNG's predictors)
    encoding: str
    data: bytes
    #: Of all these bytes, so that badges need not make it
    digest: str
    #: How opaque each pixel is, in grey of 8 bits as FlateDecode; ``None`` if all are
    mask: bytes | None = None


def convert(content, box, fit, *, on_white=False):
    """Return the `Picture` of a file.

    :param content: Its bytes.
    :param box: The width and height of its place, in points.
    :param fit: A `Fit`.
    :param on_white: Whether nothing is behind it, so that what is transparent becomes white.
    :raises PictureRefused: if it cannot be printed.
    """
    try:
        with _strictly(), Image.open(BytesIO(content), formats=FORMATS) as image:
            check_header(image, content)
            turn = image.getexif().get(_ORIENTATION, 1)
            size = image.size[::-1] if turn in _ASIDE else image.size
            drawn = _drawn(size, box, fit)
            pixels = _pixels(size, drawn)
            image = _shrunk(image, pixels[::-1] if turn in _ASIDE else pixels)
    except Exception as exc:
        # it is anybody's file, and Pillow's readers raise whatever they stumble over: each is a reason, see `fault_of`
        raise PictureRefused(fault_of(exc)) from exc
    if turn in _TURNS:
        image = image.transpose(_TURNS[turn])
    return _encoded(*_split(image, on_white=on_white), drawn)


_strict = threading.Lock()


@contextmanager
def _strictly():
    """Let Pillow refuse what is cut off or damaged; WeasyPrint has it read as much as there is."""
    # Pillow's switch is global to the process. One conversion at a time also means the memory of one
    with _strict:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def _drawn(size, box, fit):
    """Return how large a picture is drawn, in points."""
    if fit == Fit.stretch:
        return tuple(map(float, box))
    scale = min(side / pixels for side, pixels in zip(box, size, strict=True))
    if fit == Fit.natural:
        scale = min(scale, 1)
    return tuple(side * scale for side in size)


def _pixels(size, drawn):
    """Return how many pixels of a picture are printed: all, if there are no more than dots."""
    width, height = (min(pixels, max(1, ceil(side * DPI / POINTS)))
                     for pixels, side in zip(size, drawn, strict=True))
    if (excess := width * height / MAX_PRINTED_PIXELS) > 1:
        width, height = (max(1, int(side / sqrt(excess))) for side in (width, height))
    return width, height


def _shrunk(image, size):
    """Return an opened picture in a size that is no larger than its own, in a mode with colours as printers have them.

    Reading it takes as much memory as it has pixels, of JPEG far less; all that follows takes little more.
    """
    if image.format in {'JPEG', 'MPO'}:
        # libjpeg leaves out what would not be seen
        image.draft(None, tuple(2 * side for side in size))
    image.load()
    profile = image.info.get('icc_profile')
    factor = tuple(max(1, pixels // (2 * wanted)) for pixels, wanted in zip(image.size, size, strict=True))
    rows = max(1, _ROWS // factor[1]) * factor[1]
    small = None
    for top in range(0, image.height, rows):
        strip = _plain(image.crop((0, top, image.width, min(top + rows, image.height)))).reduce(factor)
        if small is None:
            small = Image.new(strip.mode, (strip.width, ceil(image.height / factor[1])))
        small.paste(strip, (0, top // factor[1]))
    if small.size != size:
        small = small.resize(size, Image.Resampling.LANCZOS)
    return _in_srgb(small, profile)


def _plain(image):
    """Return a picture in one of the modes L, LA, RGB, RGBA and CMYK."""
    key = image.info.get('transparency')
    if image.mode.startswith('I'):
        # 16 bits of grey, the lower byte first in `I;16`
        high = _high_bytes(image)
        if key is not None:
            high.putalpha(_unlike(image, key))
        return high
    if image.mode == '1':
        image = image.convert('L')
    if image.mode == 'RGB' and isinstance(key, tuple) and max(key) > 255:
        # Pillow reads 16 bits of a colour as 8, but not those of the colour that is transparent
        image.info['transparency'] = tuple(value >> 8 for value in key)
    if image.mode in {'P', 'PA'} or key is not None:
        opaque, clear = ('L', 'LA') if image.mode == 'L' else ('RGB', 'RGBA')
        return image.convert(clear if key is not None or image.mode == 'PA' else opaque)
    return image if image.mode in {'L', 'LA', 'RGB', 'RGBA', 'CMYK'} else image.convert('RGB')


def _high_bytes(image):
    raw, big = image.tobytes(), image.mode.endswith('B')
    step = len(raw) // (image.width * image.height)
    return Image.frombytes('L', image.size, raw[0 if big else 1::step])


def _unlike(image, value):
    """Return in which pixels of a picture in 16 bits of grey there is not that value."""
    wide = image.convert('I')
    return ImageChops.lighter(*(wide.point(lambda i, sign=sign: i * sign - value * sign).convert('L')
                                for sign in (1, -1))).point(lambda i: 255 if i else 0)


def _in_srgb(image, profile):
    """Return a picture in the colours of screens, if it says that it is in others; CMYK always becomes RGB."""
    bands, alpha = (image.convert('RGB'), image.getchannel('A')) if image.mode == 'RGBA' else (image, None)
    if profile and bands.mode in {'RGB', 'CMYK'}:
        # one that is damaged, or for other colours, is ignored, as viewers do it
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            bands = ImageCms.profileToProfile(bands, ImageCms.ImageCmsProfile(BytesIO(profile)),
                                              ImageCms.createProfile('sRGB'), outputMode='RGB')
    if bands.mode == 'CMYK':
        bands = bands.convert('RGB')
    if alpha is not None:
        bands.putalpha(alpha)
    return bands


def _split(image, *, on_white):
    """Return the colours of a picture, and how opaque they are; ``None`` if they are not transparent at all."""
    alpha = image.getchannel('A') if image.mode.endswith('A') else None
    colours = image.convert(image.mode.removesuffix('A')) if alpha is not None else image
    if colours.mode == 'RGB':
        red, *others = colours.split()
        if not any(ImageChops.difference(red, other).getbbox() for other in others):
            colours = red
    if alpha is None or alpha.getextrema()[0] == 255:
        return colours, None
    if on_white:
        return Image.composite(colours, Image.new(colours.mode, colours.size, _WHITE[colours.mode]), alpha), None
    # programs that shrink the picture mix what is behind its edges into them
    colours.paste(_WHITE[colours.mode], mask=alpha.point(lambda value: 0 if value else 255))
    return colours, alpha


def _encoded(colours, alpha, drawn):
    grey = colours.mode == 'L'
    bits = 1 if grey and not any(colours.histogram()[1:255]) else 8
    jpeg = BytesIO()
    colours.save(jpeg, 'JPEG', quality=_QUALITY, subsampling=2)
    data, encoding = jpeg.getvalue(), 'DCTDecode'
    most = max(_FLATE_BYTES, len(data))
    # a quick try first, because of a photo the best one takes a second and is for nothing
    if bits == 1 or len(_flate(colours, level=1)) < 1.5 * most:
        flate = _flate(colours.convert('1') if bits == 1 else colours)
        if len(flate) <= most:
            data, encoding = flate, 'FlateDecode'
    if encoding == 'DCTDecode':
        bits = 8
    mask = _flate(alpha) if alpha is not None else None
    return Picture(width=colours.width, height=colours.height, drawn_width=drawn[0], drawn_height=drawn[1],
                   space='DeviceGray' if grey else 'DeviceRGB', bits=bits, encoding=encoding, data=data,
                   digest=hashlib.sha256(data + (mask or b'')).hexdigest()[:32], mask=mask)


def _flate(image, *, level=6):
    """Return a picture as PDF's FlateDecode reads it with PNG's predictors (ISO 32000-1, 7.4.4.4)."""
    png = BytesIO()
    image.save(png, 'PNG', compress_level=level)
    content, place, parts = png.getvalue(), 8, []
    while place < len(content):
        length, kind = struct.unpack_from('>I4s', content, place)
        if kind == b'IDAT':
            parts.append(content[place + 8:place + 8 + length])
        place += length + 12
    return b''.join(parts)

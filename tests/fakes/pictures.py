"""Pictures of every kind that somebody uploads, good and hostile, and what each must look like on paper.

All show the same: a quarter in red, one in green, one in blue, and the last, right below, in white or transparent.
"""

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageCms


WIDTH, HEIGHT = 400, 300
RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255)
#: The quarters, row by row
COLOURS = (RED, GREEN, BLUE, WHITE)
#: How dark they are in a picture in grey
GREYS = (40, 120, 200, 255)
_PNG = b'\x89PNG\r\n\x1a\n'


def drawn(mode='RGB', size=(WIDTH, HEIGHT)):
    """Return a picture with the four quarters, in a mode of Pillow's."""
    grey, clear = mode in {'L', 'LA'}, mode in {'RGBA', 'LA'}
    image = Image.new(mode, size)
    for number, colour in enumerate(GREYS if grey else COLOURS):
        colour = (colour,) if grey else colour
        # what is behind the transparent quarter must not be seen: it is black
        colour = (*((0,) * len(colour) if clear and number == 3 else colour), *((255 * (number < 3),) if clear else ()))
        image.paste(colour if len(colour) > 1 else colour[0],
                    (number % 2 * size[0] // 2, number // 2 * size[1] // 2, size[0] - (1 - number % 2) * (size[0] // 2),
                     size[1] - (1 - number // 2) * (size[1] // 2)))
    return image


def saved(image, kind, **options):
    """Return the bytes of a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width, height, bits, colour_type, rows, *chunks):
    """Return a PNG that Pillow does not write.

    :param rows: The bytes of the rows, each with its filter before it.
    :param chunks: (name, content) of what comes before the rows.
    """
    header = struct.pack('>IIBBBBB', width, height, bits, colour_type, 0, 0, 0)
    parts = [(b'IHDR', header), *chunks, (b'IDAT', zlib.compress(rows, 1)), (b'IEND', b'')]
    return _PNG + b''.join(struct.pack('>I', len(content)) + name + content
                           + struct.pack('>I', zlib.crc32(name + content)) for name, content in parts)


def _deep(mode, *chunks):
    """Return a PNG with 16 bits of each colour, or of grey."""
    image = drawn(mode)
    rows = b''.join(b'\0' + bytes(byte for value in image.crop((0, y, WIDTH, y + 1)).tobytes()
                                  for byte in (value, value)) for y in range(HEIGHT))
    return png(WIDTH, HEIGHT, 16, {'L': 0, 'RGB': 2}[mode], rows, *chunks)


def _palette(**options):
    image = drawn().quantize(4)
    return saved(image, 'PNG', **{name: image.getpixel((WIDTH - 1, HEIGHT - 1)) for name in options})


def _swapped_profile():
    """Return a profile of colours in which red and green have changed places."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
    for one, other in ((b'rXYZ', b'????'), (b'gXYZ', b'rXYZ'), (b'????', b'gXYZ')):
        profile = profile.replace(one, other)
    return profile


def turned(orientation):
    """Return a JPEG that was taken with the camera held otherwise, and says so."""
    back = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}[orientation]
    image = drawn() if back is None else drawn().transpose(back)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(image, 'JPEG', quality=95, subsampling=0, exif=exif)


def in_colour():
    """Return what prints in colours: name -> file."""
    cmyk = drawn().convert('CMYK')
    return {
        'png': saved(drawn(), 'PNG'), 'jpeg': saved(drawn(), 'JPEG', quality=95, subsampling=0),
        'progressive-jpeg': saved(drawn(), 'JPEG', quality=95, subsampling=0, progressive=True),
        'gif': saved(drawn(), 'GIF'),
        'transparent': saved(drawn('RGBA'), 'PNG'), 'palette': _palette(),
        'transparent-palette': _palette(transparency=True), 'transparent-gif': saved(drawn('RGBA'), 'GIF'),
        'transparent-colour': saved(drawn(), 'PNG', transparency=WHITE), '16-bit': _deep('RGB'),
        '16-bit-transparent-colour': _deep('RGB', (b'tRNS', b'\xff' * 6)),
        'cmyk-jpeg': saved(cmyk, 'JPEG', quality=95, subsampling=0),
        'damaged-profile': saved(drawn(), 'PNG', icc_profile=b'no profile'),
        'profile-of-other-colours': saved(cmyk, 'JPEG', quality=95, subsampling=0, icc_profile=_swapped_profile()),
        **{f'turned-{orientation}': turned(orientation) for orientation in range(1, 9)},
    }


def in_grey():
    """Return what prints in grey: name -> file."""
    return {
        'grey': saved(drawn('L'), 'PNG'), 'grey-jpeg': saved(drawn('L'), 'JPEG', quality=95),
        'grey-in-colours': saved(drawn('L').convert('RGB'), 'PNG'), 'transparent-grey': saved(drawn('LA'), 'PNG'),
        '16-bit-grey': _deep('L'), '16-bit-grey-transparent': _deep('L', (b'tRNS', b'\xff\xff')),
    }


def swapped():
    """Return a picture whose profile says that its red is green, and the reverse."""
    return saved(drawn(), 'PNG', icc_profile=_swapped_profile())


def photo(width, height, kind='JPEG', **options):
    """Return a file with as much detail as a photo has: clouds in colours, and grain."""
    noise = Image.effect_noise((max(1, width // 16), max(1, height // 16)), 90).resize((width, height))
    grain = Image.effect_noise((width, height), 12)
    bands = [Image.blend(noise.transpose(turn), grain, 0.3)
             for turn in (Image.Transpose.ROTATE_180, Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM)]
    return saved(Image.merge('RGB', bands), kind, **options)


def hostile():
    """Return what is refused: name -> (the fault, the file)."""
    whole = {'png': saved(drawn().effect_spread(20), 'PNG'), 'jpeg': saved(drawn().effect_spread(20), 'JPEG'),
             'gif': saved(drawn().effect_spread(20), 'GIF')}
    return {
        **{f'cut-off-{kind}': ('cut_off', content[:len(content) * 2 // 3]) for kind, content in whole.items()},
        'nothing': ('unknown_kind', b''), 'text': ('unknown_kind', b'no picture'),
        'svg': ('unknown_kind', b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'),
        'pdf': ('unknown_kind', b'%PDF-1.4\n%%EOF'), 'tiff': ('unknown_kind', saved(drawn(), 'TIFF')),
        'webp': ('unknown_kind', saved(drawn(), 'WEBP')),
        'damaged': ('unreadable', whole['png'][:60] + bytes(500) + whole['png'][60:]),
        'bomb': ('too_many_pixels', png(60_000, 60_000, 1, 0, bytes(7501) * 20)),
        'too-many-pixels': ('too_many_pixels', png(10_000, 6_401, 8, 2, bytes(100))),
        'layers': ('too_many_scans', layers(1000)),
        'bomb-in-a-comment': ('unreadable', png(9, 9, 8, 0, bytes(90), *[
            (b'zTXt', b'x\0\0' + zlib.compress(bytes(60_000_000), 9))])),
    }


def layers(count):
    """Return a progressive JPEG, the last scan of which comes that often."""
    content = saved(drawn(), 'JPEG', progressive=True)
    last = content.rindex(b'\xff\xda')
    return content[:-2] + content[last:-2] * count + content[-2:]

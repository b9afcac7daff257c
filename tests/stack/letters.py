"""Judges letters on paper by another renderer's picture of them: Pango's, which had no part in making the badge."""

import os
import subprocess
from io import BytesIO
from pathlib import Path

import indico_fonts
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from tests.stack.ink import darkest


DPI = 200
#: How high both pictures are made before they are laid one on the other
_HEIGHT = 100
#: Ink of one picture that is farther than so many dots from any of the other
_TOLERANCE = 3
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include><dir>{folder}</dir></fontconfig>"""


def strip(path, box_mm):
    """Return what a page shows within a box (left, top, right, bottom in mm), in grey."""
    picture = _run('pdftoppm', '-r', DPI, '-png', '-singlefile', path)
    return darkest(Image.open(BytesIO(picture))).crop([round(side / 25.4 * DPI) for side in box_mm])


def lines_of(picture, between_mm):
    """Return the upper and the lower line of a picture, cut where there is most room between two heights.

    One of them is empty if the lines touch each other.
    """
    low, high = (round(side / 25.4 * DPI) for side in between_mm)
    blank, best = [], []
    for y in range(low, high):
        row = picture.crop((0, y, picture.width, y + 1))
        blank = [*blank, y] if row.getextrema()[0] > 200 else []
        best = max(best, blank, key=len)
    if not best:
        return picture, Image.new('L', (1, 1), 255)
    middle = best[len(best) // 2]
    return picture.crop((0, 0, picture.width, middle)), picture.crop((0, middle, *picture.size))


def drawn_by_pango(text, families, folder, language='en'):
    """Return how Pango draws a text in bold, in grey.

    :param families: The fonts it may use, in their order.
    :param folder: Where it may put files.
    """
    config, target = Path(folder, 'pango.conf'), Path(folder, 'pango.png')
    config.write_text(_FONTS.format(folder=Path(indico_fonts.__file__).parent))
    _run('pango-view', '--no-display', '--dpi', DPI, '--hinting=none', f'--font={families} Bold 30', '--margin=20',
         f'--language={language}', f'--text={text}', f'--output={target}', env={'FONTCONFIG_FILE': str(config)})
    return darkest(Image.open(target))


def ink_of(picture):
    """Return the part of a picture that has ink, or nothing if there is none."""
    box = ImageChops.invert(picture).point(lambda grey: 255 if grey > 40 else 0).getbbox()
    return picture.crop(box) if box else None


def difference(one, other):
    """Return the share of the ink of two pictures that has no ink near it in the other; 1 if one is empty."""
    one, other = ink_of(one), ink_of(other)
    if one is None or other is None:
        return 1.0
    size = (max(1, round(other.width * _HEIGHT / other.height)), _HEIGHT)
    # fonts are set a little wider or narrower at other sizes; letters that are missing change it more
    if not 0.9 < (one.width / one.height) / (other.width / other.height) < 1.1:
        return 1.0
    one, other = (picture.resize(size).point(lambda grey: 255 if grey < 128 else 0) for picture in (one, other))
    wide = [picture.filter(ImageFilter.MaxFilter(2 * _TOLERANCE + 1)) for picture in (one, other)]
    apart = [_count(ImageChops.subtract(mine, theirs)) for mine, theirs in ((one, wide[1]), (other, wide[0]))]
    return sum(apart) / max(1, _count(one) + _count(other))


def contact_sheet(rows, path, *, columns=3):
    """Save one picture with many, each with what it is and what the other renderer made of it.

    :param rows: (caption, picture, picture).
    """
    width, height = 216, 46
    per_column = -(-len(rows) // columns)
    sheet = Image.new('L', (columns * width, per_column * height), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    for number, (caption, *pictures) in enumerate(rows):
        column, row = divmod(number, per_column)
        draw.text((column * width + 4, row * height + 1), caption, fill=110, font=font)
        for i, picture in enumerate(filter(None, map(ink_of, pictures))):
            picture.thumbnail((width // 2 - 8, height - 18))
            sheet.paste(picture, (column * width + 4 + i * width // 2, row * height + 14))
    sheet.quantize(4).save(path, optimize=True)


def _count(picture):
    return picture.histogram()[255]


def _run(*args, env=None):
    return subprocess.run([str(arg) for arg in args], check=True, capture_output=True,
                          env={**os.environ, **(env or {})}).stdout

"""Where on a page the ink of each item of a template is, by the colours of the items.

What the page shows is asked, not the program that made it.
"""

import subprocess
from io import BytesIO

from PIL import Image, ImageChops


DPI = 300
#: Colours of items that are not taken for each other, edges of letters and all: each is strongest in one part of light
COLORS = {'red': '#ff0000', 'green': '#008000', 'blue': '#0000ff'}
#: How much stronger that part is. Edges are a mixture with white
_STRONGER = 60
#: How far ink may seem to be from where it is, in mm: pages and letters are moved to whole dots
TOLERANCE_MM = 0.2


def page(document):
    """Return the picture of the first page of a PDF, which is given as its bytes."""
    found = subprocess.run(['pdftoppm', '-r', str(DPI), '-png', '-singlefile'], input=document, check=True,
                           capture_output=True).stdout
    return Image.open(BytesIO(found)).convert('RGB')


def boxes(picture):
    """Return where each of `COLORS` is (left, top, right, bottom), in mm; nothing of one that is not there."""
    parts = dict(zip(COLORS, picture.split(), strict=True))
    return {color: in_mm(_more_than_others(parts, color).getbbox()) for color in COLORS}


def any_ink(picture, box_mm):
    """Return where there is ink within a box, in mm; nothing if there is none."""
    left, top, right, bottom = (round(side / 25.4 * DPI) for side in box_mm)
    found = darkest(picture.crop((left, top, right, bottom))).point(lambda grey: 255 if grey < 215 else 0).getbbox()
    return in_mm((found[0] + left, found[1] + top, found[2] + left, found[3] + top)) if found else None


def darkest(picture):
    """Return a picture in grey in which any colour is as dark as its darkest part: red letters are as black ones."""
    red, green, blue = picture.convert('RGB').split()
    return ImageChops.darker(ImageChops.darker(red, green), blue)


def in_mm(box):
    """Return a box of dots in mm."""
    return tuple(side / DPI * 25.4 for side in box) if box else None


def _more_than_others(parts, color):
    others = [part for name, part in parts.items() if name != color]
    most = ImageChops.subtract(parts[color], ImageChops.lighter(*others))
    return most.point(lambda value: 255 if value > _STRONGER else 0)

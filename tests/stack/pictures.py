"""Pictures of pages for the docs: small files, and all views of a page on one sheet."""

import subprocess
from io import BytesIO

from PIL import Image, ImageChops


#: Of a screenshot of plain pages; nobody sees the difference, and the file has a third of the size
COLOURS = 128
#: On a sheet, in pixels
GAP = 24
MAX_HEIGHT = 1000
MARGIN = 40
#: How much smaller pages are on a sheet
SHEET_SCALE = 0.5
GROUND = '#8a8f98'


def save_picture(png, path):
    """Write a screenshot as a small PNG.

    :param png: The bytes of a PNG.
    """
    _write(Image.open(BytesIO(png)), path)


def save_paper(pdf, path):
    """Write the first page of what a printer printed as a small PNG."""
    save_picture(subprocess.run(['pdftoppm', '-r', '80', '-png', '-singlefile', str(pdf)], capture_output=True,
                                check=True).stdout, path)


def save_sheet(pngs, path):
    """Write several screenshots of one page side by side, smaller, the long ones cut at their end."""
    views = []
    for png in pngs:
        view = Image.open(BytesIO(png)).convert('RGB')
        view = view.crop((0, 0, view.width, min(_bottom(view) + MARGIN, view.height, MAX_HEIGHT)))
        views.append(view.resize((round(view.width * SHEET_SCALE), round(view.height * SHEET_SCALE)),
                                 Image.Resampling.LANCZOS))
    sheet = Image.new('RGB', (sum(view.width + GAP for view in views) + GAP,
                              max(view.height for view in views) + 2 * GAP), GROUND)
    left = GAP
    for view in views:
        sheet.paste(view, (left, GAP))
        left += view.width + GAP
    _write(sheet, path)


def _bottom(view):
    """Return where the page ends and nothing but its ground follows."""
    ground = Image.new('RGB', view.size, view.getpixel((0, view.height - 1)))
    box = ImageChops.difference(view, ground).getbbox()
    return box[3] if box else 0


def _write(picture, path):
    # k-means keeps large areas in their own colour: grey stays grey
    picture.convert('RGB').quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=1,
                                    dither=Image.Dither.NONE).save(path, optimize=True)

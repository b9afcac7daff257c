"""The dots that printers make of a PDF, black on white, each dot a pixel.

Poppler smooths edges, as the drivers of many printers do, and what becomes of the greys differs by printer. The drivers
of CUPS make black and white themselves: ghostscript's filter, which Debian uses, and poppler's.
"""

import os
import re
import struct
import subprocess
from pathlib import Path

from PIL import Image


_HEADER = re.compile(rb'P5\n(\d+) (\d+)\n255\n')
#: CUPS' own driver for printers of labels: 1-bit, 203 and 300 dpi
_DRIVER = 'drv:///sample.drv/zebra.ppd'
_CUPS = Path('/usr/lib/cups')


def in_grey(document, dpi):
    """Return a picture in grey of each page of a PDF."""
    output, pages, at = _run('pdftoppm', '-gray', '-r', dpi, '-', input=document), [], 0
    while header := _HEADER.match(output, at):
        size, start = tuple(map(int, header.groups())), header.end()
        at = start + size[0] * size[1]
        pages.append(Image.frombytes('L', size, output[start:at]))
    return pages


def threshold(page):
    """Return the dots of a printer that prints black what is dark."""
    return page.point(lambda grey: 255 if grey >= 128 else 0)


def diffuse(page):
    """Return the dots of a printer that makes grey of them: error diffusion (Floyd and Steinberg)."""
    return page.convert('1', dither=Image.Dither.FLOYDSTEINBERG).convert('L')


def interpolated(document, dpi):
    """Return the pages from a driver that knows another resolution than its printer: scaled, then diffused."""
    pages = in_grey(document, 300 if dpi == 203 else 203)
    sizes = [page.size for page in in_grey(document, dpi)]
    return [diffuse(page.resize(size, Image.Resampling.BILINEAR)) for page, size in zip(pages, sizes, strict=True)]


def by_cups(program, document, dpi, width_mm, height_mm, folder):
    """Return the pages from a filter of CUPS, for the 1-bit printers of its own driver.

    :param program: ``gstoraster`` or ``pdftoraster``.
    :param folder: Where it may put files.
    """
    driver, source = Path(folder, 'labels.ppd'), Path(folder, 'labels.pdf')
    driver.write_bytes(_run(_CUPS / 'daemon' / 'cups-driverd', 'cat', _DRIVER))
    source.write_bytes(document)
    output = _run(_CUPS / 'filter' / program, '1', 'badges', 'title', '1',
                  f'Resolution={dpi}dpi PageSize=Custom.{width_mm}x{height_mm}mm', source, env={'PPD': str(driver)})
    return list(_pages_of_raster(output))


#: name -> function of (document, dpi, width_mm, height_mm, folder) that returns a picture of each page
WAYS = {
    'threshold': lambda document, dpi, *page: list(map(threshold, in_grey(document, dpi))),
    'error-diffusion': lambda document, dpi, *page: list(map(diffuse, in_grey(document, dpi))),
    'interpolate-then-dither': lambda document, dpi, *page: interpolated(document, dpi),
    'cups-ghostscript': lambda document, *page: by_cups('gstoraster', document, *page),
    'cups-poppler': lambda document, *page: by_cups('pdftoraster', document, *page),
}


def _pages_of_raster(output):
    """Yield the pages of CUPS Raster, version 3, of one bit a pixel, in which 1 is black."""
    assert output.startswith(b'3SaR'), output[:4]
    at = 4
    while at < len(output):
        # cupsWidth, cupsHeight; cupsBitsPerColor, cupsBitsPerPixel, cupsBytesPerLine, cupsColorOrder, cupsColorSpace
        width, height = struct.unpack_from('<II', output, at + 372)
        __, bits, length, __, space = struct.unpack_from('<5I', output, at + 384)
        assert (bits, space) == (1, 3), (bits, space)
        start, at = at + 1796, at + 1796 + length * height
        yield Image.frombytes('1', (width, height), output[start:at], 'raw', '1;I', length).convert('L')


def _run(*args, input=None, env=None):
    return subprocess.run([str(arg) for arg in args], input=input, capture_output=True, check=True,
                          env={**os.environ, **(env or {})}).stdout

"""Texts on badges: a font that is always there, and what another program reads in a PDF."""

import subprocess
from pathlib import Path

import indico_fonts
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen


#: The font of most badges: Latin, Greek, Cyrillic and Hebrew letters
SANS = str(Path(indico_fonts.__file__).parent / 'LiberationSans-Regular.ttf')
#: Poppler says with them that a line is read from right to left
_DIRECTIONS = dict.fromkeys(map(ord, '\u202a\u202b\u202c'))


def painted_font(path, *, painted, outlined):
    """Make a font whose glyphs have paints (COLR, version 1), of which one has an outline besides; return its path."""
    pen = TTGlyphPen(None)
    for draw, point in ((pen.moveTo, (0, 0)), (pen.lineTo, (0, 700)), (pen.lineTo, (700, 0))):
        draw(point)
    pen.closePath()
    triangle, blank = pen.glyph(), TTGlyphPen(None).glyph()
    glyphs = {'.notdef': blank, 'painted': blank, 'outlined': triangle, 'part': triangle}
    font = FontBuilder(1000)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap({ord(painted): 'painted', ord(outlined): 'outlined'})
    font.setupGlyf(glyphs)
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 0)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({'familyName': 'Painted', 'styleName': 'Regular'})
    font.setupOS2()
    font.setupPost()
    font.setupCPAL([[(1, 0, 0, 1)]])
    paint = {'Format': 10, 'Glyph': 'part', 'Paint': {'Format': 2, 'PaletteIndex': 0, 'Alpha': 1.0}}
    font.setupCOLR({'painted': paint, 'outlined': paint})
    font.save(path)
    return str(path)


def text_in(document):
    """Return what poppler, which had no part in making it, reads in a PDF."""
    text = subprocess.run(['pdftotext', '-', '-'], input=document, capture_output=True, check=True).stdout.decode()
    return text.translate(_DIRECTIONS)

"""The fonts of this machine: which there are, and what HarfBuzz makes of one.

Nothing is read before a text needs it. The list of the machine's fonts is made once in a process, from the places that
`folders` knows; new fonts count from the next start.
"""

import struct
import threading
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import count

import uharfbuzz as hb

from indico_checkin_print.badge.text import folders
from indico_checkin_print.badge.text.cff import UNITS, Charstring


REGULAR, BOLD = 400, 700

#: One of them has what a glyph looks like: outlines, or pictures in colours
_DRAWINGS = frozenset({'glyf', 'CFF ', 'CFF2', 'CBDT', 'sbix'})
_NORMAL_WIDTH = 5
#: How much stronger letters are drawn whose family has no bold ones, across and down in ems, without more room for them
_BOLDER = (0.03, 0.03, True)
#: What a process keeps of one font: some MB of Chinese characters
_MAX_CHARSTRINGS = 20_000
_lock = threading.Lock()


@dataclass(frozen=True)
class FontFile:
    """A font in a file, or one of those in a collection."""

    path: str
    index: int = 0
    family: str = ''
    #: Of its letters, 400 is regular and 700 bold
    weight: int = REGULAR
    italic: bool = False
    #: Whether its weight can be chosen
    is_variable: bool = False


@dataclass(frozen=True)
class Glyph:
    """A glyph of a shaped text; distances in thousandths of the size of the text."""

    id: int
    #: The index of the first character that it stands for
    cluster: int
    advance: int
    x: int
    y: int


class Font:
    """A font at one weight."""

    def __init__(self, file, weight=REGULAR):
        self.file = file
        face = _face(file.path, file.index)
        self._font = hb.Font(face)
        self._font.scale = (UNITS, UNITS)
        self.has_pictures = face.has_color_png
        #: Whether its glyphs may be painted from parts (COLR), which a badge does not draw
        self.is_painted = not self.has_pictures and (face.has_color_paint or face.has_color_layers)
        if file.is_variable:
            self._font.set_variations({'wght': weight})
        elif weight >= BOLD > file.weight + 100:
            self._font.synthetic_bold = _BOLDER
        self._charstrings, self._inks = {}, {}

    @cached_property
    def ascent(self):
        """How far letters rise, in thousandths of their size."""
        return self._font.get_font_extents('ltr').ascender

    @cached_property
    def descent(self):
        """How far letters hang down, in thousandths of their size; less than zero."""
        return self._font.get_font_extents('ltr').descender

    def has(self, text):
        """Return whether each character has a glyph; a font may be able to compose it when it has not."""
        return all(self._font.get_nominal_glyph(ord(char)) for char in text)

    def shape(self, text, script, *, backwards=False, language=None):
        """Return the `Glyph`s of a text of one script, from left to right.

        :param script: Four letters of ISO 15924.
        :param backwards: Whether it is written from right to left.
        """
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.direction = 'rtl' if backwards else 'ltr'
        buffer.script = script
        if language:
            buffer.language = language
        hb.shape(self._font, buffer)
        return [Glyph(info.codepoint, info.cluster, at.x_advance, at.x_offset, at.y_offset)
                for info, at in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True)]

    def advance(self, glyph):
        """Return how wide a glyph is, whatever stands beside it."""
        return self._font.get_glyph_h_advance(glyph)

    def ink(self, glyph):
        """Return the box of a glyph's ink: left, bottom, right, top; nothing for a blank."""
        if glyph not in self._inks:
            found = self._font.get_glyph_extents(glyph)
            self._inks[glyph] = (found.x_bearing, found.y_bearing + found.height, found.x_bearing + found.width,
                                 found.y_bearing) if found and found.width else None
        return self._inks[glyph]

    def picture(self, glyph):
        """Return the PNG of a glyph; nothing if it has none."""
        return bytes(self._font.get_glyph_color_png(glyph).data) if self.has_pictures else b''

    def has_outline(self, glyph):
        """Return whether something is drawn of a glyph where its paints are not."""
        blank = Charstring(0).getvalue()
        pen = Charstring(0)
        self._font.draw_glyph_with_pen(glyph, pen)
        return pen.getvalue() != blank

    def charstring(self, parts, advance):
        """Return several glyphs as one: a charstring.

        :param parts: Of each glyph its number and where it is.
        """
        key = parts, advance
        if key not in self._charstrings:
            if len(self._charstrings) >= _MAX_CHARSTRINGS:
                self._charstrings.clear()
            pen = Charstring(advance)
            for glyph, x, y in parts:
                self._font.draw_glyph_with_pen(glyph, _Moved(pen, x, y) if x or y else pen)
            self._charstrings[key] = pen.getvalue()
        return self._charstrings[key]


class _Moved:
    """A pen whose paper lies elsewhere."""

    def __init__(self, pen, x, y):
        self._pen, self._x, self._y = pen, x, y

    def moveTo(self, *points):
        self._pen.moveTo(*self._moved(points))

    def lineTo(self, *points):
        self._pen.lineTo(*self._moved(points))

    def curveTo(self, *points):
        self._pen.curveTo(*self._moved(points))

    def qCurveTo(self, *points):
        self._pen.qCurveTo(*self._moved(points))

    def closePath(self):
        self._pen.closePath()

    def _moved(self, points):
        return [(x + self._x, y + self._y) for x, y in points]


@lru_cache(maxsize=256)
def load(file, weight=REGULAR):
    """Return the `Font` of a file."""
    return Font(file, weight)


def of_family(family, *, bold=False):
    """Return the upright `Font` of a family whose weight is nearest to what is wanted; nothing if there is none."""
    files = families().get(family.casefold(), ())
    if not files:
        return None
    weight = BOLD if bold else REGULAR
    return load(min(files, key=lambda file: (not file.is_variable and abs(file.weight - weight))), weight)


def families():
    """Return the upright fonts of this machine of normal width, by the name of their family without capitals.

    A family that several places have is that of the best one. Those of the others have a name with a number after it:
    they may have letters that it lacks.
    """
    with _lock:
        # threads that come meanwhile wait, and then find what was read
        return _families()


@cache
def _families():
    found = {}
    for paths in folders.places():
        here = {}
        for path in paths:
            for file in _read(path):
                if not file.italic and file.family:
                    here.setdefault(file.family.casefold(), []).append(file)
        for name, files in here.items():
            found[_free(name, found)] = tuple(files)
    return {name: found[name] for name in sorted(found)}


def _free(name, taken):
    names = (f'{name} ({n})' if n > 1 else name for n in count(1))
    return next(name for name in names if name not in taken)


@cache
def at(path, index=0):
    """Return the `Font` in a file of which one knows where it is; one that can be set to a weight is regular."""
    file = next((file for file in _read(path) if file.index == index), None)
    file = file or FontFile(path, index)
    return load(file, REGULAR if file.is_variable else file.weight)


def checksum(file):
    """Return the checksum that a font has of all its bytes (``checkSumAdjustment`` of OpenType), with its version."""
    head = bytes(_face(file.path, file.index).reference_table('head').data)
    return head[4:12].hex()


def _read(path):
    """Return the fonts of normal width in a file; none if it is no font, or one without drawings."""
    try:
        count = hb.Face(hb.Blob.from_file_path(path), 0).count
    except hb.HarfBuzzError:
        return []
    return list(filter(None, (_describe(path, index) for index in range(count))))


def _describe(path, index):
    face = _face(path, index)
    os2 = bytes(face.reference_table('OS/2').data)
    if _DRAWINGS.isdisjoint(face.table_tags) or len(os2) < 64:
        return None
    weight, width = struct.unpack_from('>HH', os2, 4)
    italic = os2[63] & 1
    if width != _NORMAL_WIDTH:
        return None
    names = hb.OTNameIdPredefined
    family = face.get_name(names.TYPOGRAPHIC_FAMILY) or face.get_name(names.FONT_FAMILY) or ''
    return FontFile(path, index, family, weight, bool(italic), any(axis.tag == 'wght' for axis in face.axis_infos))


@lru_cache(maxsize=512)
def _face(path, index):
    return hb.Face(hb.Blob.from_file_path(path), index)

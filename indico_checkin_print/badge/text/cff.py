"""A font program of just the outlines that a document shows: a CID-keyed CFF font (Adobe Technical Notes 5176, 5177).

Outlines come from HarfBuzz, so a variable font, a font in a collection, TrueType and PostScript outlines all end up in
one format. Programs that print draw it as a font; outlines that are drawn as pictures (Type 3) come out a third bolder
where ink has one colour. Pure.
"""

#: Units per em of all fonts that are written
UNITS = 1000

_MOVE, _LINE, _CURVE, _END = b'\x15', b'\x05', b'\x08', b'\x0e'
# operators of dictionaries
_BBOX, _CHARSET, _CHARSTRINGS, _PRIVATE = b'\x05', b'\x0f', b'\x11', b'\x12'
_ROS, _CID_COUNT, _FD_ARRAY, _FD_SELECT = b'\x0c\x1e', b'\x0c\x22', b'\x0c\x24', b'\x0c\x25'
# the first strings of a font's own, after the standard ones
_ADOBE, _IDENTITY = 391, 392
_HEADER = b'\x01\x00\x04\x02'
_EMPTY_INDEX = b'\x00\x00'


class Charstring:
    """Collects an outline as a Type 2 charstring: a pen, as `uharfbuzz.Font.draw_glyph_with_pen` wants one."""

    def __init__(self, advance):
        self._parts = [_number(advance)]
        # where the pen is, exactly and in whole units
        self._exact = self._x, self._y = 0, 0

    def moveTo(self, point):
        self._add(_MOVE, point)

    def lineTo(self, point):
        self._add(_LINE, point)

    def curveTo(self, first, second, point):
        self._add(_CURVE, first, second, point)

    def qCurveTo(self, control, point):
        (x0, y0), (x1, y1), (x2, y2) = self._exact, control, point
        self.curveTo(((x0 + 2 * x1) / 3, (y0 + 2 * y1) / 3), ((x2 + 2 * x1) / 3, (y2 + 2 * y1) / 3), point)

    def closePath(self):
        """The paths of a charstring are always closed."""

    def _add(self, operator, *points):
        for point in points:
            x, y = round(point[0]), round(point[1])
            self._parts.append(_number(x - self._x) + _number(y - self._y))
            self._x, self._y = x, y
        self._exact = points[-1]
        self._parts.append(operator)

    def getvalue(self):
        """Return the charstring; an outline without any points is a blank."""
        return b''.join((*self._parts, _END))


def write(name, charstrings):
    """Return a font program whose glyphs are CID 0 (nothing) and those of the charstrings, in their order from 1.

    :param name: Its PostScript name.
    """
    charstrings = [Charstring(0).getvalue(), *charstrings]
    last = len(charstrings) - 1
    # all CIDs from 1, and one font dictionary for all: each as one range
    charset = b'\x02' + _card16(1) + _card16(last - 1) if last else b'\x00'
    fd_select = b'\x03' + _card16(1) + _card16(0) + b'\x00' + _card16(last + 1)
    glyphs = _index(charstrings)
    head = _HEADER + _index([name.encode('ascii')])
    strings = _index([b'Adobe', b'Identity']) + _EMPTY_INDEX
    # offsets are numbers of a fixed length, so the length of the dictionary does not depend on them
    start = len(head) + len(_index([_top(last, 0, 0, 0, 0)])) + len(strings)
    at_select = start + len(charset)
    at_glyphs = at_select + len(fd_select)
    at_fonts = at_glyphs + len(glyphs)
    fonts = _index([_private(0)])
    # the private dictionary is empty: widths are those that the charstrings say
    fonts = _index([_private(at_fonts + len(fonts))])
    top = _index([_top(last, start, at_select, at_glyphs, at_fonts)])
    return head + top + strings + charset + fd_select + glyphs + fonts


def _top(last, charset, fd_select, charstrings, fd_array):
    return b''.join((
        _number(_ADOBE), _number(_IDENTITY), _number(0), _ROS,
        *(_offset(side) for side in (0, -UNITS, UNITS, UNITS)), _BBOX,
        _offset(last + 1), _CID_COUNT, _offset(charset), _CHARSET, _offset(fd_select), _FD_SELECT,
        _offset(charstrings), _CHARSTRINGS, _offset(fd_array), _FD_ARRAY))


def _private(offset):
    return _offset(0) + _offset(offset) + _PRIVATE


def _index(items):
    if not items:
        return _EMPTY_INDEX
    offsets = [1]
    for item in items:
        offsets.append(offsets[-1] + len(item))
    size = (offsets[-1].bit_length() + 7) // 8
    return b''.join((_card16(len(items)), bytes([size]), *(at.to_bytes(size, 'big') for at in offsets), *items))


def _card16(number):
    return number.to_bytes(2, 'big')


def _offset(number):
    return b'\x1d' + number.to_bytes(4, 'big', signed=True)


def _number(number):
    if -107 <= number <= 107:
        return bytes([number + 139])
    if 108 <= number <= 1131:
        number -= 108
        return bytes([247 + (number >> 8), number & 0xff])
    if -1131 <= number <= -108:
        number = -number - 108
        return bytes([251 + (number >> 8), number & 0xff])
    return b'\x1c' + number.to_bytes(2, 'big', signed=True)

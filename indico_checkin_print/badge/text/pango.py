"""What Pango knows of a text: the direction of its parts, and where it may be broken.

Indico cannot start without Pango (WeasyPrint). It has FriBidi for directions and, where the distribution built it so,
LibThai for words that have no blanks between them. Only two functions of it are needed, by `ctypes`.
"""

import ctypes
from dataclasses import dataclass
from functools import cache


_LIBRARIES = ('libpango-1.0.so.0', 'libpango-1.0.dylib')
# PangoDirection: weak ones give way to the first strong letter, as rules P2 and P3 of UAX #9 have it
_WEAK_LTR = 4
# bits of PangoLogAttr
_LINE_BREAK, _MANDATORY_BREAK, _CURSOR = 1 << 0, 1 << 1, 1 << 4


@dataclass(frozen=True)
class Breaks:
    """Places in a text, in order, as indices of the characters that follow."""

    #: Where a line may end
    lines: tuple
    #: Between what people take for two letters (grapheme clusters)
    letters: tuple


def levels(text):
    """Return the embedding level of each character (UAX #9): even ones are written from left to right."""
    if text.isascii():
        return bytes(len(text))
    library, free = _library()
    data = text.encode()
    direction = ctypes.c_int(_WEAK_LTR)
    pointer = library.pango_log2vis_get_embedding_levels(data, len(data), ctypes.byref(direction))
    try:
        return ctypes.string_at(pointer, len(text))
    finally:
        free(pointer)


def breaks(text):
    """Return the `Breaks` of a text."""
    library, __ = _library()
    data = text.encode()
    attributes = (ctypes.c_uint32 * (len(text) + 1))()
    library.pango_get_log_attrs(data, len(data), -1, library.pango_language_get_default(), attributes, len(attributes))
    ends = _LINE_BREAK | _MANDATORY_BREAK
    return Breaks(tuple(i for i, bits in enumerate(attributes) if bits & ends or i == len(text)),
                  tuple(i for i, bits in enumerate(attributes) if bits & _CURSOR))


@cache
def _library():
    library = _load(_LIBRARIES)
    library.pango_log2vis_get_embedding_levels.restype = ctypes.c_void_p
    library.pango_log2vis_get_embedding_levels.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p)
    library.pango_language_get_default.restype = ctypes.c_void_p
    library.pango_language_get_default.argtypes = ()
    library.pango_get_log_attrs.restype = None
    library.pango_get_log_attrs.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_void_p,
                                            ctypes.c_void_p, ctypes.c_int)
    # GLib's, which Pango brings along
    free = library.g_free
    free.restype, free.argtypes = None, (ctypes.c_void_p,)
    return library, free


def _load(names):
    for name in names[:-1]:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    return ctypes.CDLL(names[-1])

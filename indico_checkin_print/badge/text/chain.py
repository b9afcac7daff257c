"""Which font writes a piece of text: the template's own if it can, else the first one that can of a chain by script.

The chain makes a badge look the same on all machines that have the usual fonts: the Noto family of the script, then
fonts that distributions bring along, then whatever font of this machine has the letters.
"""

from functools import lru_cache
from unicodedata import category, normalize

from fontTools.unicodedata import script as script_of
from fontTools.unicodedata import script_extension, script_name

from indico_checkin_print.badge.text import fonts
from indico_checkin_print.badge.text.runs import COMMON, EMOJI


#: Indico's own, of variable weight, so every installation has it
_CJK = ('Noto Sans CJK JP', 'Noto Sans CJK SC', 'Noto Sans JP', 'Noto Serif CJK JP', 'AR PL UMing CN', 'HanaMinA',
        'HanaMinB', 'BabelStone Han')
#: The last one has another name on distributions with newer fonts
_SYMBOLS = ('Noto Sans Symbols', 'Noto Sans Symbols2', 'Noto Sans Symbols 2')
#: Families of scripts that are not called "Noto Sans" and the name of the script
FAMILIES = {
    'Arab': ('Noto Sans Arabic', 'Noto Naskh Arabic'),
    'Bopo': _CJK,
    'Cans': ('Noto Sans Canadian Aboriginal',),
    'Cyrl': ('Noto Sans',),
    'Grek': ('Noto Sans',),
    'Hang': _CJK,
    'Hani': _CJK,
    'Hira': _CJK,
    'Kana': _CJK,
    'Latn': ('Noto Sans',),
    'Nkoo': ('Noto Sans NKo',),
    'Phag': ('Noto Sans PhagsPa',),
    'Tibt': ('Noto Serif Tibetan',),
    COMMON: ('Noto Sans', *_SYMBOLS, 'Noto Sans Math', *_CJK),
    # outlines print better than colours on paper of one colour
    EMOJI: ('Noto Emoji', 'Noto Color Emoji', 'Twemoji', 'Symbola', *_SYMBOLS),
}
#: Of all scripts, before any other font of the machine
_ANY = ('Noto Sans', 'DejaVu Sans', 'FreeSans', 'FreeSerif')
#: Fonts whose glyphs are no letters, or that are too coarse to read
_LAST = ('unifont', 'last resort', 'adobe blank')


def choose(text, script, first, *, bold=False):
    """Return the `Font` that writes a text of one script; nothing if no font of this machine can.

    :param first: The template's `Font`.
    """
    # text fonts have some emoji as signs, which would stand between pictures
    if script != EMOJI and can_write(first, text, script):
        return first
    return _fallback(text, script, bold)


def can_write(font, text, script):
    """Return whether a font has all glyphs that a text needs."""
    glyphs = font.shape(text, script) if not font.has(text) or font.has_pictures or font.is_painted else ()
    if any(glyph.id == 0 for glyph in glyphs):
        return False
    is_there = font.picture if font.has_pictures else font.has_outline if font.is_painted else None
    return is_there is None or all(is_there(glyph.id) for glyph in glyphs if glyph.advance)


def chain_of(script):
    """Return the names of the families that are tried for a script, the best first."""
    name = script_name(script).replace('_', ' ') if script not in {COMMON, EMOJI} else ''
    usual = (f'Noto Sans {name}', f'Noto Serif {name}') if name else ()
    return tuple(dict.fromkeys((*FAMILIES.get(script, ()), *usual, *_ANY)))


@lru_cache(maxsize=8192)
def _fallback(text, script, bold):
    if any(category(char) == 'Co' for char in text):
        # characters for private use are something else in each font
        return None
    if script != EMOJI and not any(script == script_of(char) or script in script_extension(char) for char in text):
        # signs that stand among letters of the script
        script = COMMON
    # without these a font need not be asked; what HarfBuzz composes or leaves out is not among them
    needed = ''.join(char for char in dict.fromkeys(text)
                     if category(char)[0] not in 'MC' and normalize('NFD', char) == char)
    families = dict.fromkeys(family.casefold() for family in chain_of(script))
    others = sorted(fonts.families().keys() - families.keys(), key=lambda family: (family.startswith(_LAST), family))
    for family in (*families, *others):
        font = fonts.of_family(family, bold=bold)
        if font is not None and font.has(needed) and can_write(font, text, script):
            return font
    return None

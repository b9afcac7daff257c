"""The parts of a text that are of one script and one direction. Pure."""

from dataclasses import dataclass
from functools import lru_cache
from unicodedata import category

from fontTools import unicodedata as scripts


#: Of no script of their own: blanks, digits, punctuation; and combining marks, which follow the letter before them
COMMON = 'Zyyy'
_SHARED = frozenset({COMMON, 'Zinh', 'Zzzz'})
#: The script of emoji (ISO 15924), which no character has
EMOJI = 'Zsye'

_EMOJI_STYLE, _ZWJ, _KEYCAP = '\ufe0f', '\u200d', '\u20e3'
_PICTURES = range(0x1F000, 0x1FB00)
_REGIONS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)


@dataclass(frozen=True)
class Run:
    """A part of a text, from one index to another."""

    start: int
    end: int
    #: The script, in four letters of ISO 15924
    script: str
    #: The embedding level (UAX #9)
    level: int


def split(text, levels):
    """Return the `Run`s of a text in the order in which it was written.

    :param levels: The embedding level of each character.
    """
    runs = []
    for i, script in enumerate(scripts_of(text)):
        if runs and (runs[-1].script, runs[-1].level) == (script, levels[i]):
            runs[-1] = Run(runs[-1].start, i + 1, script, levels[i])
        else:
            runs.append(Run(i, i + 1, script, levels[i]))
    return runs


def scripts_of(text):
    """Return the script of each character: that of its neighbours for characters which several scripts share."""
    found, current, emoji_end = [], COMMON, 0
    for i, char in enumerate(text):
        emoji_end = max(emoji_end, _end_of_emoji(text, i)) if i >= emoji_end else emoji_end
        if i < emoji_end:
            found.append(EMOJI)
            continue
        own = _own_scripts(char)
        if own and current not in own:
            current = min(own)
        found.append(current)
    # what stands before the first letter belongs to it
    first = next((script for script in found if script not in {COMMON, EMOJI}), COMMON)
    return [first if script == COMMON else script for script in found]


def visual_order(levels):
    """Return the order in which runs stand from left to right, as indices (rule L2 of UAX #9).

    :param levels: The embedding level of each run of one line.
    """
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end + 1
    return order


@lru_cache(maxsize=4096)
def _own_scripts(char):
    """Return the scripts that a character is used in; none if it is of the script of what stands before it."""
    script = scripts.script(char)
    if script not in _SHARED:
        return frozenset({script})
    # combining marks and punctuation are shared by more scripts than Unicode lists; a letter like the kana ー is not
    return frozenset(scripts.script_extension(char)) - _SHARED if category(char).startswith('L') else frozenset()


def _end_of_emoji(text, start):
    """Return where the emoji ends that starts at an index; the index itself if none does (UTS #51)."""
    end = _end_of_picture(text, start)
    while end > start and text[end:end + 1] == _ZWJ:
        following = _end_of_picture(text, end + 1, joined=True)
        if following == end + 1:
            break
        end = following
    return end


def _end_of_picture(text, start, *, joined=False):
    char, following = text[start:start + 1], text[start + 1:start + 2]
    if not char or char.isspace():
        return start
    number = ord(char)
    if number in _REGIONS and following and ord(following) in _REGIONS:
        return start + 2
    if not (joined or number in _PICTURES or following == _EMOJI_STYLE or _is_keycap(char, following)):
        return start
    end = start + 1
    while end < len(text) and (text[end] in {_EMOJI_STYLE, _KEYCAP} or ord(text[end]) in _SKIN_TONES
                               or ord(text[end]) in _TAGS):
        end += 1
    return end


def _is_keycap(char, following):
    return following == _KEYCAP and char in '0123456789#*'

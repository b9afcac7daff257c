"""What of a text is drawn: what people type is text, and neither markup nor instructions to a program. Pure.

What nobody sees (controls, characters that are ignored where they are not understood) is dropped. So are the characters
that turn the direction of what follows: the order of the scripts comes from the scripts themselves, and nobody can turn
the rest of a badge around.
"""

import unicodedata


_ZWNJ, _ZWJ, _NO_BREAK = '\u200c', '\u200d', '\u00a0'
_TAGS = range(0xE0020, 0xE0080)
#: Letters and combining marks that leave no ink (Default_Ignorable_Code_Point) and are not of the category Cf
_BLANK = frozenset('\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0')
#: Signs of the category Cf that are drawn: before numbers in Arabic, Syriac and Kaithi, and within hieroglyphs
_DRAWN = (range(0x0600, 0x0606), (0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD), range(0x13430, 0x13440))


def literal(text):
    """Return what is drawn of a text, in one line: Indico makes one blank of several and of a new line.

    A combining mark after a blank stands on a no-break one (Unicode 15.1, section 2.11): the two are one letter,
    and no line ends between them.
    """
    words = ''.join(char for char in text if char.isspace() or not _is_dropped(char)).split()
    return ''.join((_NO_BREAK if unicodedata.category(word[0]).startswith('M') else ' ') + word for word in words)[1:]


def _is_dropped(char):
    number = ord(char)
    category = unicodedata.category(char)
    if category == 'Cf':
        # joiners choose the form of a letter, tags the flag of a region
        return not (char in {_ZWNJ, _ZWJ} or number in _TAGS or any(number in drawn for drawn in _DRAWN))
    return category in {'Cc', 'Cs'} or char in _BLANK or is_noncharacter(number)


def is_noncharacter(number):
    """Return whether a code point will never be a character."""
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF

"""How many accents a letter bears: what is stacked on one without end would run over the whole badge. Pure.

No language stacks more than three accents (polytonic Greek) on a letter; points of Hebrew, vowels of Arabic and Burmese
stand in several places around it, each of a combining class of its own or of none.
"""

import unicodedata


#: Accents of one combining class (Unicode, chapter 4.3) on one letter, and accents without a class
MAX_STACKED, MAX_PLACED = 4, 8
_ENCLOSING = 'Me'
_JOINERS = frozenset('\u200c\u200d')


def cap_accents(text):
    """Return a text without the accents beyond those that a letter can bear, and how many were left out."""
    kept, found = [], {}
    for char in text:
        category = unicodedata.category(char)
        if category not in {'Mn', _ENCLOSING}:
            # a joiner is not a letter; if it were, accents with joiners between them would have no end
            found = found if char in _JOINERS else {}
            kept.append(char)
            continue
        place = _ENCLOSING if category == _ENCLOSING else unicodedata.combining(char)
        found[place] = found.get(place, 0) + 1
        if found[place] <= (MAX_PLACED if place == 0 else 1 if place == _ENCLOSING else MAX_STACKED):
            kept.append(char)
    return ''.join(kept), len(text) - len(kept)

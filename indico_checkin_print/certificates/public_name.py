"""A name as a public page shows it: who has the certificate recognizes it, and nobody learns it from there. Pure."""

import unicodedata


#: Words with fewer characters stay as they are: initials, particles
MIN_OBFUSCATED = 3
#: Joins what is before and after it into one character
_JOINER = '\N{ZERO WIDTH JOINER}'


def obfuscate(name):
    """Return a name with stars for all but the first and the last character of each word: ``Z*ë M****r``.

    The same name always has the same form, in each of Unicode's spellings of it.
    """
    return ' '.join(map(_obfuscated, unicodedata.normalize('NFC', name).split()))


def _obfuscated(word):
    characters = list(_characters(word))
    if len(characters) < MIN_OBFUSCATED:
        return word
    return characters[0] + '*' * (len(characters) - 2) + characters[-1]


def _characters(word):
    """Yield what a reader takes for one character, with its accents and vowel signs."""
    found = ''
    for c in word:
        if found and not unicodedata.category(c).startswith('M') and c != _JOINER and not found.endswith(_JOINER):
            yield found
            found = ''
        found += c
    if found:
        yield found

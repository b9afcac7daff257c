"""How rules compare names and answers: by letter and not by byte, in any script, whatever the capitals and accents.

This is the first level of the Unicode collation (UTS #10) for Latin letters, and its order of letters within Greek,
Cyrillic and other alphabets: *Ångström* is among the As and *Łukasiewicz* among the Ls, in every language. Names in
other scripts follow after the Latin ones.
"""

import unicodedata
from functools import lru_cache


#: Latin letters that are not a letter with an accent to Unicode, but are to people
_LETTERS = str.maketrans({'æ': 'ae', 'œ': 'oe', 'ø': 'o', 'đ': 'd', 'ð': 'd', 'ħ': 'h', 'ı': 'i', 'ĸ': 'k', 'ł': 'l',
                          'ŋ': 'n', 'þ': 'th', 'ŧ': 't', 'ə': 'e', 'ƒ': 'f', 'ɓ': 'b', 'ɗ': 'd', 'ƙ': 'k', 'ʼ': None})
#: Greater than any letter: a range up to *K* has all names that begin with it
LAST = '\U0010ffff'


@lru_cache(maxsize=4096)
def text_key(text):
    """Return what two answers have in common that mean the same: no capitals, accents and extra spaces."""
    decomposed = unicodedata.normalize('NFKD', unicodedata.normalize('NFKD', text).casefold())
    return ' '.join(''.join(c for c in decomposed if not unicodedata.combining(c)).split())


@lru_cache(maxsize=4096)
def name_key(name):
    """Return what orders a name: its letters and digits alone, so that *O'Neill* stands beside *Oneill*."""
    return ''.join(c for c in text_key(name).translate(_LETTERS) if c.isalnum())

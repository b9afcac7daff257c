"""Where a word may be broken that is longer than its line.

With a hyphen by the patterns of its language (pyphen, which comes with Indico's WeasyPrint), addresses without one.
"""

import re
from functools import cache, lru_cache

import pyphen
from babel.core import get_global
from babel.languages import get_official_languages

from indico_checkin_print.badge.text.runs import scripts_of


#: Scripts that write a hyphen where a word is broken
SCRIPTS = frozenset({'Latn', 'Grek', 'Cyrl', 'Geor'})
#: Letters on each side of a hyphen
MIN_LETTERS = 3
#: Longer words than this are in no language, and have no patterns
_MAX_WORD = 100
_TOKEN = re.compile(r'\S+')
_WORD = re.compile(r'[^\W\d_]+')
_ADDRESS = re.compile(r'@|\w[./:?&=_]+\w')
_AFTER = re.compile(r'[@./:?&=_]+(?=\w)')


def languages_of(country, locale):
    """Return the languages, as codes, in which somebody from a country writes, and then that of a badge.

    :param country: Its code (ISO 3166), or nothing.
    """
    return (*(get_official_languages(country) if country else ()), locale)


def places(text, languages):
    """Return where a text may be broken within its words, as index -> whether a hyphen is written there."""
    found = {}
    for token in _TOKEN.finditer(text):
        if is_address(token[0]):
            found |= dict.fromkeys((token.start() + match.end() for match in _AFTER.finditer(token[0])), False)
        else:
            for word in _WORD.finditer(token[0]):
                start = token.start() + word.start()
                found |= dict.fromkeys((start + place for place in _positions(word[0], languages)), True)
    return found


def has_hyphen(text, place):
    """Return whether a hyphen is written where a text is broken at a place, between two letters of a word."""
    if not (0 < place < len(text) and text[place - 1].isalpha() and text[place].isalpha()):
        return False
    start, end = text.rfind(' ', 0, place) + 1, text.find(' ', place)
    token = text[start:end if end >= 0 else len(text)]
    return not is_address(token) and set(scripts_of(text[place - 1:place + 1])) <= SCRIPTS


# asked for each place between its letters, of which there may be thousands
@lru_cache(maxsize=64)
def is_address(token):
    """Return whether a word is an address of a mail or a page, in which a hyphen would be read as part of it."""
    return _ADDRESS.search(token) is not None


@lru_cache(maxsize=256)
def _positions(word, languages):
    if not 2 * MIN_LETTERS <= len(word) <= _MAX_WORD or (script := scripts_of(word)[0]) not in SCRIPTS:
        return ()
    for language in languages:
        if _script_of(language) == script and (patterns := _patterns(pyphen.language_fallback(language))):
            return tuple(map(int, patterns.positions(word)))
    return ()


@cache
def _patterns(code):
    # of German a second on a slow machine, so only what a text needs is loaded
    return pyphen.Pyphen(lang=code, left=MIN_LETTERS, right=MIN_LETTERS) if code else None


def _script_of(language):
    tag = get_global('likely_subtags').get(language.replace('-', '_').split('_')[0], '')
    return next((part for part in (*language.split('_')[1:], *tag.split('_')[1:]) if len(part) == 4), '')

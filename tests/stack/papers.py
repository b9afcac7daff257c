"""Reads what came out of a printer with poppler, a reader that had no part in making it. Standard library only."""

import re
import subprocess
import unicodedata
from dataclasses import dataclass
from functools import cache


MM_PER_PT = 25.4 / 72
_SIZE = re.compile(r'^Page\s+\d+ size:\s+([\d.]+) x ([\d.]+) pts', re.MULTILINE)


#: With these poppler says that a line is read from right to left
_DIRECTIONS = dict.fromkeys(map(ord, '\u202a\u202b\u202c'))


@dataclass(frozen=True)
class Content:
    """What a PDF shows: its text, in lines, and the sizes of its pages as (width, height) in mm."""

    text: str
    pages: tuple[tuple[float, float], ...]

    def has_size(self, width_mm, height_mm, tolerance=0.5):
        """Return whether every page has this size."""
        return all(abs(w - width_mm) <= tolerance and abs(h - height_mm) <= tolerance for w, h in self.pages)


@cache
def read(path):
    """Return the `Content` of a PDF."""
    info = _run('pdfinfo', '-f', '1', '-l', '99', str(path))
    pages = tuple((float(w) * MM_PER_PT, float(h) * MM_PER_PT) for w, h in _SIZE.findall(info))
    text = _run('pdftotext', str(path), '-').translate(_DIRECTIONS)
    return Content(unicodedata.normalize('NFC', text), pages)


def lines_by_pdfium(path):
    """Return the lines that pdfium reads in a PDF, as Chromium does."""
    # only some tests run where it is installed
    import pypdfium2
    text = pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()
    return {unicodedata.normalize('NFC', line.strip()) for line in text.splitlines()}


def names_in(text, people):
    """Return the people whose given name and family name both stand in the text as words, the longest names first.

    Of two whose names are within each other's (Ann Li, Anna Li) only whole words count; of "Jo de Groot" and "Jo Groot"
    the one with the longer name is meant.
    """
    text = f'\n{text.casefold()}\n'
    found = [person for person in people
             if _has_word(text, person['first_name']) and _has_word(text, person['last_name'])]
    longest = max((len(p['first_name'] + p['last_name']) for p in found), default=0)
    return [p for p in found if len(p['first_name'] + p['last_name']) == longest]


def _has_word(text, name):
    name = unicodedata.normalize('NFC', name).casefold()
    return name in text and re.search(rf'(?<!\w){re.escape(name)}(?!\w)', text) is not None


def _run(*args):
    return subprocess.run(args, capture_output=True, text=True, check=True, encoding='utf-8').stdout

"""Texts on badges: a font that is always there, and what another program reads in a PDF."""

import subprocess
from pathlib import Path

import indico_fonts


#: The font of most badges: Latin, Greek, Cyrillic and Hebrew letters
SANS = str(Path(indico_fonts.__file__).parent / 'LiberationSans-Regular.ttf')
#: Poppler says with them that a line is read from right to left
_DIRECTIONS = dict.fromkeys(map(ord, '\u202a\u202b\u202c'))


def text_in(document):
    """Return what poppler, which had no part in making it, reads in a PDF."""
    text = subprocess.run(['pdftotext', '-', '-'], input=document, capture_output=True, check=True).stdout.decode()
    return text.translate(_DIRECTIONS)

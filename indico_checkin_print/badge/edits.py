"""The texts of one badge that somebody changes for one print: which there are, and how they get onto the badge.

Indico's designer draws each item of a template by one method, which gets the item and its text. So what is changed is
put there in place of the text, after everything that Indico and plugins do to find it, and the registration stays as it
is.
"""

import unicodedata
from dataclasses import dataclass
from io import BytesIO

from indico_checkin_print import _
from indico_checkin_print.badge.items import key_of, title_of
from indico_checkin_print.badge.text.draw import text_of


#: Characters of one text
MAX_TEXT = 200
#: Texts of one badge
MAX_TEXTS = 50


@dataclass(frozen=True)
class BadgeText:
    """One text on a badge."""

    #: What it is, see `items.key_of`
    key: str
    #: What it is in words
    title: str
    #: As it is printed unless somebody changes it
    text: str


class Edited:
    """Draws changed texts in place of those of the registration: to be put before a class of Indico's."""

    #: Texts by `items.key_of`
    edits = {}

    def _draw_item(self, canvas, item, tpl_data, content, margin_x, margin_y):
        if not isinstance(content, BytesIO):
            content = self.edits.get(key_of(item), content)
        super()._draw_item(canvas, item, tpl_data, content, margin_x, margin_y)


class Recorder:
    """Notes the texts and draws nothing: to be put before a class of Indico's."""

    def _draw_item(self, canvas, item, tpl_data, content, margin_x, margin_y):
        if not isinstance(content, BytesIO):
            self.texts.setdefault(key_of(item), (item, text_of(content)))


def in_words(texts):
    """Return the `BadgeText` of each text that a `Recorder` noted, in the order of the badge."""
    order = sorted(texts, key=lambda key: (int(texts[key][0]['y']), int(texts[key][0]['x'])))
    return [BadgeText(key, title_of(key), texts[key][1]) for key in order[:MAX_TEXTS]]


def normalize(text):
    """Return a text that somebody typed as it is printed: Indico makes one blank of several."""
    return ' '.join(text.split())


def problem_with(text):
    """Return why a text cannot be printed, as a sentence; empty if it can."""
    if len(text) > MAX_TEXT:
        return _('At most {} characters, please.').format(MAX_TEXT)
    if any(unicodedata.category(char) in {'Cc', 'Cs', 'Co', 'Cn'} for char in text):
        return _('There is a character in it that cannot be printed.')
    return ''

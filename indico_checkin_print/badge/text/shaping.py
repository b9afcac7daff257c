"""From a line of text to clusters of glyphs, in the order in which they stand on the page."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, pairwise, takewhile
from unicodedata import category

from indico_checkin_print.badge.text import chain, pango, runs
from indico_checkin_print.badge.text.fonts import Font
from indico_checkin_print.badge.text.runs import EMOJI


_HAN = frozenset({'Hani', 'Hira', 'Kana', 'Hang', 'Bopo'})


@dataclass(frozen=True)
class Cluster:
    """Characters that are written as one: a letter with accents, a syllable, a ligature. Distances as in `Glyph`."""

    text: str
    #: Where it is in the text that was written
    start: int
    font: Font
    #: Of each glyph its number and where it is, from where the cluster begins
    glyphs: tuple
    advance: int
    backwards: bool

    @cached_property
    def ink(self):
        """The box of its ink (left, bottom, right, top), from where it begins; nothing if it is blank."""
        boxes = [(x + box[0], y + box[1], x + box[2], y + box[3])
                 for glyph, x, y in self.glyphs if (box := self.font.ink(glyph)) is not None]
        if len(boxes) < 2:
            return boxes[0] if boxes else None
        lefts, bottoms, rights, tops = zip(*boxes, strict=True)
        return min(lefts), min(bottoms), max(rights), max(tops)

    @property
    def extents(self):
        """How far its ink rises above the line, and how far below (less than zero)."""
        return (max(self.ink[3], 0), min(self.ink[1], 0)) if self.ink else (0, 0)


@dataclass(frozen=True)
class Style:
    """How a text is written."""

    #: The template's `Font`
    font: Font
    bold: bool = False
    #: The language of who is on the badge, or of the badge, which decides between the forms of Chinese characters
    language: str = 'en'


class Text:
    """A text that is written in one style."""

    def __init__(self, text, style):
        self.text = text
        self.style = style
        self._levels = levels = pango.levels(text)
        han = _language_of_han(text, style.language)
        #: Each part with its `Run`, font and language, in the order in which it was written
        self._pieces = [(runs.Run(run.start + start, run.start + end, run.script, run.level), font,
                         han if run.script in _HAN else None)
                        for run in runs.split(text, levels)
                        for start, end, font in _with_fonts(text[run.start:run.end], run.script, style)]

    @property
    def missing(self):
        """The characters for which no font has a glyph, in their order, each once."""
        return ''.join(dict.fromkeys(
            char for run, font, __ in self._pieces if font is None for char in self.text[run.start:run.end]))

    def is_forwards(self, place):
        """Return whether a character is written from left to right, in a text that is."""
        return self._levels[place] == 0

    def clusters(self, start=0, end=None):
        """Return the `Cluster`s of a part of the text from left to right."""
        end = len(self.text) if end is None else end
        first = bisect_right(self._pieces, start, key=lambda piece: piece[0].end)
        parts = [(max(run.start, start), min(run.end, end), run, font or self.style.font, language)
                 for run, font, language in takewhile(lambda piece: piece[0].start < end, self._pieces[first:])]
        order = runs.visual_order([run.level for __, __, run, __, __ in parts])
        return [cluster for i in order for cluster in self._shape(*parts[i])]

    def _shape(self, start, end, run, font, language):
        text, backwards = self.text[start:end], bool(run.level % 2)
        glyphs = font.shape(text, run.script, backwards=backwards, language=language)
        begins = sorted({glyph.cluster for glyph in glyphs})
        ends = dict(zip(begins, [*begins[1:], len(text)], strict=True))
        groups = []
        for glyph in glyphs:
            if not groups or groups[-1][0].cluster != glyph.cluster:
                groups.append([])
            groups[-1].append(glyph)
        clusters = []
        for group in groups:
            pen, parts, begin = 0, [], group[0].cluster
            for glyph in group:
                parts.append((glyph.id, pen + glyph.x, glyph.y))
                pen += glyph.advance
            clusters.append(Cluster(text[begin:ends[begin]], start + begin, font, tuple(parts), pen, backwards))
        return clusters


def _with_fonts(text, script, style):
    """Return the parts of a text of one script that one font writes, each as start, end and font; none for boxes."""
    if script != EMOJI and chain.can_write(style.font, text, script):
        return [(0, len(text), style.font)]
    letters = ''.join(char for char in text if script == EMOJI or not _is_sign(char))
    font = chain.choose(letters, script, style.font, bold=style.bold) if letters else style.font
    if font is not None:
        parts = _with_signs(text, script, font, style)
    else:
        # words look better than letters of several fonts
        parts = []
        for start, end in _words(text):
            font = chain.choose(text[start:end], script, style.font, bold=style.bold)
            parts += [(start, end, font)] if font is not None else [
                (begin, stop, chain.choose(text[begin:stop], script, style.font, bold=style.bold))
                for begin, stop in _letters(text, start, end)]
    joined = []
    for start, end, font in parts:
        if joined and joined[-1][2] is font:
            joined[-1] = (joined[-1][0], end, font)
        else:
            joined.append((start, end, font))
    return joined


def _with_signs(text, script, font, style):
    """Return the parts of a text whose letters a font has.

    Signs may be of another one, as brackets in Arabic are; they are no reason to write a name in another font.
    """
    for is_other, places in groupby(range(len(text)), lambda i: _is_sign(text[i]) and not font.has(text[i])):
        first, *__, last = [*(places := list(places)), places[-1]]
        part = text[first:last + 1]
        other = chain.choose(part, script, style.font, bold=style.bold) if is_other and script != EMOJI else font
        if other is None and last > first:
            yield from ((i, i + 1, chain.choose(text[i], script, style.font, bold=style.bold))
                        for i in range(first, last + 1))
        else:
            yield first, last + 1, other


def _is_sign(char):
    return category(char)[0] in 'PSNZ'


def _words(text):
    start = 0
    for i, char in enumerate(text):
        if char == ' ':
            yield start, i + 1
            start = i + 1
    if start < len(text):
        yield start, len(text)


def _letters(text, start, end):
    borders = sorted(i for i in {*pango.breaks(text).letters, start, end} if start <= i <= end)
    return list(pairwise(borders))


@lru_cache(maxsize=1024)
def _language_of_han(text, language):
    """Return the language (BCP 47) by whose habits Chinese characters are written.

    The same character looks different in Chinese, Japanese and Korean. What else is in the text decides, then the
    language, then in which of the old national character sets all of it can be written.
    """
    scripts = set(runs.scripts_of(text))
    if not scripts & _HAN:
        return None
    if scripts & {'Hira', 'Kana'}:
        return 'ja'
    if 'Hang' in scripts:
        return 'ko'
    if language.startswith(('ja', 'ko')):
        return language[:2]
    if language.startswith('zh-'):
        return language
    han = ''.join(char for char, script in zip(text, runs.scripts_of(text), strict=True) if script == 'Hani')
    for encoding, tag in (('gb2312', 'zh-hans'), ('big5', 'zh-hant'), ('shift_jis', 'ja')):
        if _fits(han, encoding):
            return tag
    return 'zh-hans'


def _fits(text, encoding):
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True

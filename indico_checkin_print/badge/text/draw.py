"""Draws the texts of a badge: to be put before a class of Indico's, which draws all else.

Indico's own way of drawing text knows one font for each item, takes markup in a name for markup, neither joins Arabic
letters nor turns Hebrew around, and lets a text run over what stands beneath it. What fits is on the same place as
Indico has it: the first line hangs from the top of the item by the size of its letters, and so do lines follow each
other.
"""

from io import BytesIO

from markupsafe import Markup
from reportlab.lib.colors import toColor
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.units import cm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from indico.core import signals
from indico.legacy.pdfinterface.base import init_reportlab_fonts
from indico.modules.designer.pdf import ALIGNMENTS, FONT_STYLES, PIXELS_CM, _extract_font_size
from indico.modules.events.registration.models.items import PersonalDataType
from indico.util.i18n import get_current_locale
from indico.util.signals import values_from_signal
from indico.util.string import RichMarkup, strip_tags

from indico_checkin_print.badge.items import is_personal, key_of
from indico_checkin_print.badge.losses import Loss, LossKind
from indico_checkin_print.badge.names import code_points, names_of
from indico_checkin_print.badge.text import fonts
from indico_checkin_print.badge.text.accents import cap_accents
from indico_checkin_print.badge.text.cff import UNITS
from indico_checkin_print.badge.text.embed import Fonts
from indico_checkin_print.badge.text.hyphens import languages_of
from indico_checkin_print.badge.text.layout import Writing, lay_out
from indico_checkin_print.badge.text.literal import literal
from indico_checkin_print.badge.text.room import Item, Rect
from indico_checkin_print.badge.text.runs import scripts_of
from indico_checkin_print.badge.text.shaping import Style, Text
from indico_checkin_print.models.choices import DEFAULT_SMALLEST_TEXT


#: Where lines begin, or end, see `room.Item`
_ALIGN = {TA_CENTER: 0.5, TA_RIGHT: 1}
#: What people write in whose country Chinese characters have forms of their own
_LANGUAGES = {'CN': 'zh-hans', 'SG': 'zh-hans', 'TW': 'zh-hant', 'HK': 'zh-hk', 'MO': 'zh-hk', 'JP': 'ja', 'KR': 'ko',
              'KP': 'ko'}
#: One that Indico's designer offers and Indico registers nowhere
_UNREGISTERED = 'Uming-CN'


def text_of(content):
    """Return what is written for the content of an item; only what Indico itself made of markup is not literal."""
    if isinstance(content, RichMarkup):
        content = content.unescape()
        return literal(strip_tags(content))
    if isinstance(content, Markup):
        return literal(strip_tags(content))
    return literal(str(content))


def warm_up():
    """Load what the first text of a process would wait for: Indico's fonts, and the list of those of this machine."""
    init_reportlab_fonts()
    fonts.families()
    Text('Zoë 王 أب', Style(_font(FONT_STYLES['sans-serif'][1]), bold=True)).clusters()


def scripts_without_font(characters):
    """Return the characters that no font of this machine has, by their script."""
    init_reportlab_fonts()
    style, missing = Style(_font(FONT_STYLES['sans-serif'][0])), {}
    for char in literal(characters):
        if char != ' ' and Text(char, style).missing:
            script = scripts_of(char)[0]
            missing[script] = missing.get(script, '') + char
    return missing


class Written:
    """Writes texts with the fonts and the sizes that they need.

    Classes that change the text of an item come before it, those that draw other things after it: it knows what stands
    on a badge before any of it is drawn.
    """

    #: The smallest legible size, in points
    smallest = DEFAULT_SMALLEST_TEXT

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        #: Each `Loss`, each once
        self.losses = {}

    def _build_pdf(self, canvas):
        self._fonts = Fonts(canvas._doc)
        super()._build_pdf(canvas)

    def _draw_badge(self, canvas, person, template, tpl_data, pos_x, pos_y):
        self._registration, self._items = person['registration'], []
        super()._draw_badge(canvas, person, template, tpl_data, pos_x, pos_y)
        # drawn when all is known that stands on the badge, in Indico's order
        writings, pictures = {}, []
        for number, (item, content, x, y) in enumerate(self._items):
            if not isinstance(content, BytesIO):
                writings[number] = self._write(item, content, x - pos_x, y - pos_y)
            elif item.get('height') is not None:
                pictures.append(_rect_of(item, x - pos_x, y - pos_y))
        page = Rect(0, 0, tpl_data.width_cm * cm, tpl_data.height_cm * cm)
        lay_out([writing for writing, __ in filter(None, writings.values())], pictures, page, self.smallest)
        for number, (item, content, x, y) in enumerate(self._items):
            if number not in writings:
                super()._draw_item(canvas, item, tpl_data, content, x, y)
            elif writings[number]:
                self._draw_text(canvas, item, *writings[number], pos_x, self.height - pos_y)
            else:
                # a page with texts that are empty is a page
                canvas.saveState()
                canvas.restoreState()

    def _draw_item(self, canvas, item, tpl_data, content, margin_x, margin_y):
        self._items.append((item, content, margin_x, margin_y))

    def _write(self, item, content, x, y):
        """Return the `Writing` and the style of an item; nothing if there is nothing in it.

        :param x: Where the item's left side is counted from, in points from that of the badge.
        """
        style, (text, left_out) = self._style(item), cap_accents(text_of(content))
        if not text:
            return None
        if style['fontSize'] <= 0:
            raise ValueError('letters without a size')
        font = _font(style['fontName'])
        text = Text(text, Style(font, bool(item['bold']), self._language_of(text)))
        if text.missing:
            self._lose(LossKind.missing_glyphs, item, code_points(text.missing))
        if left_out:
            self._lose(LossKind.accents, item, str(left_out))
        rect, align = _rect_of(item, x, y), _ALIGN.get(style['alignment'], 0)
        return Writing(text, Item(rect.left, rect.top, rect.right - rect.left, align), font, style['fontSize'],
                       style['leading'] / style['fontSize'], item.get('text_overflow') or 'wrap',
                       is_name=bool(names_of(item['type'])), is_personal=is_personal(item['type']),
                       languages=lambda: languages_of(self._country, str(get_current_locale())),
                       padding=style['borderPadding'][2] if style['backColor'] else None), style

    def _lose(self, kind, item, detail):
        key = key_of(item)
        # the same item may be drawn of several persons
        self.losses.setdefault((kind, key, detail), Loss(kind, key, detail))

    def _language_of(self, text):
        """Return in which language a text is written, as far as it matters: for the forms of Chinese characters."""
        return '' if text.isascii() else _LANGUAGES.get(self._country) or str(get_current_locale())

    @property
    def _country(self):
        """The code of the country of who is on the badge, if it is known."""
        return next((data.data for data in self._registration.data
                     if data.field_data.field.personal_data_type == PersonalDataType.country), None)

    def _style(self, item):
        """Return the style of an item as Indico makes it, and other plugins after it."""
        size = _extract_font_size(item['font_size'])
        styles = {
            'alignment': ALIGNMENTS[item['text_align']],
            'textColor': self._normalize_color(item.get('color') or '#000000'),
            'backColor': self._normalize_color(item.get('background_color') or None),
            'borderPadding': (0, 0, 4, 0),
            'fontName': FONT_STYLES[item['font_family']][2 * bool(item['italic']) + bool(item['bold'])],
            'fontSize': size,
            'leading': size,
        }
        for update in values_from_signal(
            signals.event.designer.update_badge_style.send(self.template, item=item, styles=styles), as_list=True
        ):
            styles.update(update)
        return styles

    def _draw_text(self, canvas, item, writing, style, x, top):
        """Draw a text on a badge, whose upper left corner is at `x` and `top`, in points."""
        if writing.shown is not None or writing.clip:
            count = len(writing.text.text)
            self._lose(LossKind.cut, item, f'{count if writing.shown is None else writing.shown}/{count}')
        canvas.saveState()
        if writing.strip:
            _set_color(canvas, style['backColor'])
            canvas.rect(*_on_page(writing.strip, x, top), stroke=0, fill=1)
        if writing.clip:
            path = canvas.beginPath()
            path.rect(*_on_page(writing.clip, x, top))
            canvas.clipPath(path, stroke=0, fill=0)
        _set_color(canvas, style['textColor'])
        size = writing.drawn_size
        for line, left, stand in zip(writing.lines, writing.lefts, writing.stands, strict=True):
            blanks = sum(cluster.text == ' ' for cluster in line.clusters)
            free = (writing.sides[1] - writing.sides[0]) * UNITS / size - line.width
            stretch = free / blanks if style['alignment'] == TA_JUSTIFY and line.continues and blanks else 0
            self._draw_line(canvas, line, size, x + left, top - writing.item.top - stand, stretch)
        canvas.restoreState()

    def _draw_line(self, canvas, line, size, x, y, stretch):
        """Draw one line.

        :param stretch: How much wider its blanks are, in thousandths of the size.
        """
        pen, font, begin, written = 0, None, 0, []
        for cluster in line.clusters:
            if cluster.font is not font:
                self._show(canvas, font, size, x + begin * size / UNITS, y, written)
                font, begin, written = cluster.font, pen, []
            codes = self._fonts[font].codes(cluster)
            advance = cluster.advance + (stretch if cluster.text == ' ' else 0)
            written += [f'<{code:04X}>' for code, __ in codes]
            if gap := sum(width for __, width in codes) - advance:
                written.append(f'{gap:.6g}')
            if font.has_pictures:
                _draw_pictures(canvas, cluster, size, x + pen * size / UNITS, y)
            pen += advance
        self._show(canvas, font, size, x + begin * size / UNITS, y, written)

    def _show(self, canvas, font, size, x, y, written):
        if written:
            canvas._code.append(f'BT /{self._fonts[font].name} {size:g} Tf 1 0 0 1 {x:.3f} {y:.3f} Tm '
                                f'[{"".join(written)}] TJ ET')


def _set_color(canvas, color):
    canvas.setFillColor(toColor(color))


def _draw_pictures(canvas, cluster, size, x, y):
    """Draw a cluster of a font that has pictures instead of outlines."""
    for glyph, dx, dy in cluster.glyphs:
        if picture := cluster.font.picture(glyph):
            left, bottom, right, top = (side * size / UNITS for side in cluster.font.ink(glyph))
            canvas.drawImage(ImageReader(BytesIO(picture)), x + dx * size / UNITS + left,
                             y + dy * size / UNITS + bottom, right - left, top - bottom, mask='auto')


def _rect_of(item, x, y):
    left, top, width, height = (float(item.get(side) or 0) / PIXELS_CM * cm for side in ('x', 'y', 'width', 'height'))
    return Rect(x + left, y + top, x + left + width, y + top + height)


def _on_page(rect, x, top):
    return x + rect.left, top - rect.bottom, rect.right - rect.left, rect.bottom - rect.top


def _font(name):
    """Return the `Font` of one that ReportLab knows by a name; Indico's own if it has no file."""
    if name == _UNREGISTERED:
        return fonts.of_family('AR PL UMing CN')
    registered = pdfmetrics.getFont(name)
    if not isinstance(registered, TTFont):
        registered = pdfmetrics.getFont(FONT_STYLES['sans-serif'][0])
    return fonts.at(registered.face.filename, int(registered.face.subfontNameX[1:] or 0))

"""Draws the texts of a badge: to be put before a class of Indico's, which draws all else.

Indico's own way of drawing text knows one font for each item, takes markup in a name for markup, and neither joins
Arabic letters nor turns Hebrew around. The page is the same as Indico's otherwise: the first line hangs from the top of
the item by the size of its letters, and so do lines follow each other.
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

from indico_checkin_print.badge.items import key_of
from indico_checkin_print.badge.losses import Loss, LossKind
from indico_checkin_print.badge.names import code_points
from indico_checkin_print.badge.text import fonts
from indico_checkin_print.badge.text.cff import UNITS
from indico_checkin_print.badge.text.embed import Fonts
from indico_checkin_print.badge.text.lines import size_that_fits, wrap
from indico_checkin_print.badge.text.literal import literal
from indico_checkin_print.badge.text.runs import scripts_of
from indico_checkin_print.badge.text.shaping import Style, Text


#: The smallest size to which Indico's `resize` shrinks a text, in points
_SMALLEST = 6
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
    """Writes texts with the fonts that they need."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        #: Each `Loss`, each once
        self.losses = {}

    def _build_pdf(self, canvas):
        self._fonts = Fonts(canvas._doc)
        super()._build_pdf(canvas)

    def _draw_badge(self, canvas, person, template, tpl_data, pos_x, pos_y):
        self._registration = person['registration']
        super()._draw_badge(canvas, person, template, tpl_data, pos_x, pos_y)

    def _draw_item(self, canvas, item, tpl_data, content, margin_x, margin_y):
        if isinstance(content, BytesIO):
            super()._draw_item(canvas, item, tpl_data, content, margin_x, margin_y)
        else:
            self._draw_text(canvas, item, self._style(item), content, margin_x, margin_y)

    def _draw_text(self, canvas, item, style, content, margin_x, margin_y):
        text = text_of(content)
        text = Text(text, Style(_font(style['fontName']), bool(item['bold']), self._language_of(text)))
        if text.missing:
            self._lose(LossKind.missing_glyphs, item, code_points(text.missing))
        x, y, width = (float(item[side]) / PIXELS_CM * cm for side in ('x', 'y', 'width'))
        if item.get('text_overflow', 'wrap') == 'resize':
            whole = wrap(text, float('inf'))
            size = size_that_fits(sum(line.width for line in whole), style['fontSize'], width, _SMALLEST)
            style['fontSize'] = style['leading'] = size
        lines = wrap(text, width * UNITS / style['fontSize'])
        top = self.height - margin_y - y
        self._draw_lines(canvas, lines, style, margin_x + x, top, width)

    def _lose(self, kind, item, detail):
        key = key_of(item)
        # the same item may be drawn of several persons
        self.losses.setdefault((kind, key, detail), Loss(kind, key, detail))

    def _language_of(self, text):
        """Return in which language a text is written, as far as it matters: for the forms of Chinese characters."""
        if text.isascii():
            return ''
        country = next((data.data for data in self._registration.data
                        if data.field_data.field.personal_data_type == PersonalDataType.country), None)
        return _LANGUAGES.get(country) or str(get_current_locale())

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

    def _draw_lines(self, canvas, lines, style, x, top, width):
        """Draw lines that hang from a height.

        :param x: The left side, in points.
        :param width: The room, in points.
        """
        size = style['fontSize']
        places, bottom = _stack(lines, size, style['leading'], _font(style['fontName']))
        canvas.saveState()
        if style['backColor']:
            padding = style['borderPadding'][2]
            _set_color(canvas, style['backColor'])
            canvas.rect(x, top - bottom - padding, width, bottom + padding, stroke=0, fill=1)
        _set_color(canvas, style['textColor'])
        for line, place in zip(lines, places, strict=True):
            free = width - line.width * size / UNITS
            left = {TA_RIGHT: free, TA_CENTER: free / 2}.get(style['alignment'], 0)
            blanks = sum(cluster.text == ' ' for cluster in line.clusters)
            stretch = free / blanks if style['alignment'] == TA_JUSTIFY and line.continues and blanks else 0
            self._draw_line(canvas, line, size, x + left, top - place, stretch * UNITS / size)
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
            left, bottom, width, height = (side * size / UNITS for side in cluster.font.box(glyph))
            canvas.drawImage(ImageReader(BytesIO(picture)), x + dx * size / UNITS + left,
                             y + dy * size / UNITS + bottom, width, height, mask='auto')


def _stack(lines, size, leading, font):
    """Return how far below the top each line stands, and how high all of them are.

    Scripts that rise or hang further than the letters of the template's font get the room that they need.

    :param font: The template's.
    """
    places, edge, hung = [], 0, 0
    for line in lines:
        rises, hangs = 0, 0
        if any(cluster.font is not font for cluster in line.clusters):
            rises, hangs = (side * size / UNITS for side in line.extents)
        edge = max(edge + leading, edge + hung + rises) if places else max(size, rises)
        hung = -hangs
        places.append(edge)
    return places, edge


def _font(name):
    """Return the `Font` of one that ReportLab knows by a name; Indico's own if it has no file."""
    if name == _UNREGISTERED:
        return fonts.of_family('AR PL UMing CN')
    registered = pdfmetrics.getFont(name)
    if not isinstance(registered, TTFont):
        registered = pdfmetrics.getFont(FONT_STYLES['sans-serif'][0])
    return fonts.at(registered.face.filename, int(registered.face.subfontNameX[1:] or 0))

"""Draws the code of a ticket so that it scans: to be put before a class of Indico's, which draws all else.

Indico makes a picture of three dots a module, and each printer scales it to its own dots: black and white become grey,
which printers dither. A mask with more dots than a printer has keeps its edges. Rectangles would do so too, but
ghostscript, and with it most queues of CUPS, blackens each dot that a rectangle touches. What is in the code is what
Indico and other plugins put there, and its modules are where they are in Indico's picture.
"""

import json
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace

from qrcode import QRCode
from reportlab.lib.units import cm

from indico.core import signals
from indico.modules.designer.pdf import PIXELS_CM
from indico.modules.designer.placeholders import RegistrationTicketQRPlaceholder
from indico.modules.events.registration.util import get_ticket_qr_code_data
from indico.util.placeholders import get_placeholders

from indico_checkin_print.badge.items import key_of
from indico_checkin_print.badge.qr_limits import Code
from indico_checkin_print.badge.qr_room import BORDER, module_of, white_around
from indico_checkin_print.models.choices import QRLevel


#: The placeholders of Indico's designer, with the code as data in place of a picture
_PLACEHOLDERS = 'checkin-print-badge'
#: Dots of the mask on each side of a module: finer than printers of badges. A row of it is a number of whole bytes
MASK_DOTS = 8
#: Indico's, in both of its systems
_DESIGNER = 'designer-fields'


def connect(plugin):
    """Offer the placeholders with which badges are drawn."""
    plugin.connect(signals.core.get_placeholders, _placeholders, sender=_PLACEHOLDERS)


def _placeholders(sender, **kwargs):
    yield from (get_placeholders(_DESIGNER, **kwargs) | {_CodePlaceholder.name: _CodePlaceholder}).values()


class _CodePlaceholder(RegistrationTicketQRPlaceholder):
    @classmethod
    def render(cls, person):
        return TicketCode(payload_of(person))


def payload_of(person):
    """Return what is in the code of a person's ticket, as Indico's `generate_ticket_qr_code` writes it."""
    data = get_ticket_qr_code_data(person)
    return data if isinstance(data, str) else json.dumps(data, separators=(',', ':'))


def symbol(payload, level=QRLevel.medium):
    """Return the symbol for a payload: a list of rows, and in each whether a module is dark."""
    code = QRCode(error_correction=level.constant, border=0)
    code.add_data(payload)
    code.make()
    return code.modules


def code_on(data, item, payload, level=QRLevel.medium):
    """Return the `Code` as which an item of a template shows a payload, to be judged.

    :param data: What a `DesignerTemplate` has as its data.
    """
    return code_at(item, SimpleNamespace(**data), payload, len(symbol(payload, level)))


def code_at(item, template, payload, count):
    """Return the `Code` for a symbol.

    :param template: What has the width, height and items of the template.
    :param count: The modules on a side of the symbol.
    """
    return Code(payload, count, module_of(item, count) / PIXELS_CM * 10,
                min(white_around(item, template.items, template.width, template.height, count)))


def mask(modules):
    """Return a symbol as the rows of a mask with `MASK_DOTS` by `MASK_DOTS` dots a module, in hexadecimal."""
    rows = []
    for row in modules:
        bits = ''.join(str(int(dark)) * MASK_DOTS for dark in row)
        rows += [f'{int(bits, 2):0{len(bits) // 4}X}'] * MASK_DOTS
    return rows


class TicketCode(BytesIO):
    """The content of an item with the code of a ticket.

    Others see a picture such as Indico's, if there are any who may want to change it.
    """

    def __init__(self, payload):
        self.payload = payload
        super().__init__(_picture(payload) if signals.event.designer.draw_item_on_badge.receivers else b'')


def _picture(payload):
    code, content = QRCode(error_correction=QRLevel.medium.constant, box_size=3, border=BORDER), BytesIO()
    code.add_data(payload)
    code.make_image().save(content)
    return content.getvalue()


@dataclass(frozen=True)
class Placed:
    """A code, and where it is in a document."""

    #: The item that shows it, as `items.key_of` names it
    item: str
    code: Code
    #: The number of the page, from 0
    page: int
    #: The left, bottom, right and top of the symbol and the white around it, in points from the lower left corner
    box: tuple[float, float, float, float]


class Scannable:
    """Draws the codes of tickets as masks. It comes after `Written`, which keeps texts off them."""

    placeholders_context = _PLACEHOLDERS
    #: The `QRLevel` of all codes
    qr_level = QRLevel.medium

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        #: The `Code` that was drawn last for each item, by what `items.key_of` says
        self.codes = {}
        #: Each code that was drawn: `Placed`
        self.placed = []

    def _draw_item(self, canvas, item, tpl_data, content, margin_x, margin_y):
        if isinstance(content, TicketCode):
            modules = symbol(content.payload, self.qr_level)
            code = self.codes[key_of(item)] = code_at(item, tpl_data, content.payload, len(modules))
            box = self._draw_code(canvas, item, tpl_data, modules, margin_x, margin_y)
            self.placed.append(Placed(key_of(item), code, canvas.getPageNumber() - 1, box))
        else:
            super()._draw_item(canvas, item, tpl_data, content, margin_x, margin_y)

    def _draw_code(self, canvas, item, tpl_data, modules, margin_x, margin_y):
        """Draw a symbol in the middle of its item, on white as far as a quiet zone needs it and there is room.

        Return the `Placed.box`.
        """
        count = len(modules)
        module = module_of(item, count)
        left, top = (float(item[place]) + (item[side] - count * module) / 2
                     for place, side in (('x', 'width'), ('y', 'height')))
        white = white_around(item, tpl_data.items, tpl_data.width, tpl_data.height, count)
        scale = module / PIXELS_CM * cm
        canvas.saveState()
        canvas.translate(margin_x + left / PIXELS_CM * cm, self.height - margin_y - top / PIXELS_CM * cm)
        # from here on a unit is a module, and rows are counted from the top
        canvas.scale(scale, -scale)
        canvas.setFillGray(1)
        canvas.rect(-white[0], -white[1], white[0] + count + white[2], white[1] + count + white[3], stroke=0, fill=1)
        canvas.setFillGray(0)
        # ReportLab has no masks: what is set in it is painted black, from the top down
        canvas._code.append(f'{count} 0 0 {-count} 0 {count} cm BI /IM true /W {count * MASK_DOTS} /H '
                            f'{count * MASK_DOTS} /D [1 0] /F /AHx ID {"".join(mask(modules))}> EI')
        # the page may be turned
        corners = [canvas.absolutePosition(x, y) for x in (-white[0], count + white[2])
                   for y in (-white[1], count + white[3])]
        canvas.restoreState()
        across, upwards = zip(*corners, strict=True)
        return min(across), min(upwards), max(across), max(upwards)

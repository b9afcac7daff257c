"""Draws badges with codes of many sizes: ``python -m tests.stack.draw_codes EVENT FOLDER``, which runs inside Indico.

Reads JSON from standard input: ``hosts`` (name -> host), ``sizes`` (mm), ``page`` (mm) and ``dpi``. For each host and
size there is a code with room around it, and one that stands beside a black bar. ``ours.pdf`` and ``indico.pdf`` in the
folder have one page for each, as the product draws it and with the picture that Indico draws.

Standard output has JSON about the pages: `host`, `size`, `crowded`, `said` (what is in Indico's picture) and `judged`:
for each resolution and number of bits, as ``203/1``, whether the product calls the code ok, warn or fail before it is
printed, and how many reasons it gives.
"""

import json
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import zxingcpp
from PIL import Image
from pypdf import PdfWriter

from indico.modules.designer import TemplateType
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.designer.pdf import DesignerPDFBase
from indico.modules.designer.placeholders import EventLogoPlaceholder
from indico.modules.events.registration.badges import RegistrantsListToBadgesPDF
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.util import generate_ticket_qr_code, get_persons
from indico.web.flask.app import make_app


PX_PER_MM = 5


def main():
    wanted = json.load(sys.stdin)
    with make_app().app_context():
        print(json.dumps(draw(wanted, int(sys.argv[1]), Path(sys.argv[2]))))


def draw(wanted, event_id, folder):
    """Write the two documents and return what is on their pages."""
    from indico_checkin_print.badge.qr import code_on
    pages, writers = [], (PdfWriter(), PdfWriter())
    people = iter(Registration.query.filter_by(event_id=event_id).order_by(Registration.id))
    for host in wanted['hosts']:
        for size in wanted['sizes']:
            for crowded in (False, True):
                # each code is another person's, somewhere else on the dots of a printer
                registration, shift = next(people), len(pages) % 5
                items = list(_items(wanted['page'], size, crowded, shift))
                with mock.patch('indico.modules.events.registration.util.config',
                                SimpleNamespace(BASE_URL=f'https://{wanted["hosts"][host]}')):
                    for writer, document in zip(writers, _both(registration, items, wanted['page']), strict=True):
                        writer.append(BytesIO(document))
                    said = _said_by_indico(registration)
                side = wanted['page'] * PX_PER_MM
                code = code_on({'items': items, 'width': side, 'height': side}, items[0], said)
                pages.append({'host': host, 'size': size, 'crowded': crowded, 'said': said, 'judged': {
                    f'{dpi}/{bits}': _judged(code, dpi, bits) for dpi in wanted['dpi'] for bits in (1, 8)}})
    for writer, name in zip(writers, ('ours', 'indico'), strict=True):
        writer.write(folder / f'{name}.pdf')
    return pages


def _judged(code, dpi, bits):
    from indico_checkin_print.badge.qr_limits import judge
    verdict, why = judge(code, dpi, bits=bits)
    return verdict.name, len(why)


def _items(page, size, crowded, shift):
    where = (page - size) / 2 * PX_PER_MM + shift
    common = {'font_size': '10pt', 'font_family': 'sans-serif', 'bold': False, 'italic': False, 'text_align': 'left',
              'color': 'black', 'background_color': None, 'selected': False}
    yield {**common, 'id': 1, 'type': 'ticket_qr_code', 'x': where, 'y': where, 'width': size * PX_PER_MM,
           'height': size * PX_PER_MM}
    if crowded:
        yield {**common, 'id': 2, 'type': 'event_logo', 'x': where + size * PX_PER_MM, 'y': where,
               'width': 2 * PX_PER_MM, 'height': size * PX_PER_MM, 'preserve_aspect_ratio': False}


def _both(registration, items, page):
    """Return the badge as the product draws it, and with a code as Indico draws it."""
    from indico_checkin_print.badge.qr import Scannable
    from indico_checkin_print.badge.render import render
    from indico_checkin_print.models.choices import BadgeKind
    side = page * PX_PER_MM
    template = DesignerTemplate(type=TemplateType.badge, title='', data={
        'width': side, 'height': side, 'background_position': 'stretch', 'items': items})
    setup = SimpleNamespace(kind=BadgeKind.badge, template=template, backside=False)
    with mock.patch.object(EventLogoPlaceholder, 'render', side_effect=lambda event: _black()):
        yield render(registration, setup).content
        with (mock.patch.object(Scannable, '_draw_item', RegistrantsListToBadgesPDF._draw_item),
              mock.patch.object(Scannable, 'placeholders_context', DesignerPDFBase.placeholders_context)):
            yield render(registration, setup).content


def _black():
    picture = BytesIO()
    Image.new('L', (8, 8)).save(picture, 'PNG')
    picture.seek(0)
    return picture


def _said_by_indico(registration):
    person, = get_persons([registration], False)
    code, = zxingcpp.read_barcodes(Image.open(generate_ticket_qr_code(person)).convert('L'))
    return code.text


if __name__ == '__main__':
    main()

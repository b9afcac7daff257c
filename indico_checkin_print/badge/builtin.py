"""The badge of an event for which nobody has drawn any: name, affiliation, QR code.

It is a template like any other, made here and never stored, so whatever holds for badges holds for this one. Its size
fits a card, an A6 sheet and a roll of 62 mm alike.
"""

from indico.modules.designer import TemplateType
from indico.modules.designer.models.templates import DesignerTemplate


#: Pixels of a designer template per mm
_MM = 5
#: The size, in mm: a card (ISO/IEC 7810 ID-1, rounded up)
WIDTH, HEIGHT = 54, 86
_MARGIN = 4
#: The side of the QR code, in mm: a phone reads the longest code of Indico's tickets at 203 dpi
_CODE = 26


def builtin_template():
    """Return the template, which is in no database session."""
    return DesignerTemplate(type=TemplateType.badge, title='', data={
        'width': WIDTH * _MM, 'height': HEIGHT * _MM, 'background_position': 'stretch', 'items': [
            _text('full_name_b_no_title', 8, 26, 20, bold=True),
            _text('affiliation', 37, 12, 11),
            _item('ticket_qr_code', (WIDTH - _CODE) / 2, 54, _CODE, _CODE, 12)]})


def _text(kind, y, height, points, *, bold=False):
    return _item(kind, _MARGIN, y, WIDTH - 2 * _MARGIN, height, points, bold=bold)


def _item(kind, x, y, width, height, points, *, bold=False):
    """Return an item as the designer stores it; its place is given in mm."""
    return {'type': kind, 'x': round(x * _MM), 'y': round(y * _MM), 'width': round(width * _MM),
            'height': round(height * _MM), 'font_size': f'{points}pt', 'font_family': 'sans-serif',
            'text_align': 'center', 'bold': bold, 'italic': False, 'color': '#000000', 'selected': False, 'id': 0,
            'preserve_aspect_ratio': True}

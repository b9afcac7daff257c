"""The sheet between two groups of badges: a few large words on a page of the size of the badges."""

from indico.modules.designer import TemplateType
from indico.modules.designer.models.templates import DesignerTemplate
from indico.modules.designer.pdf import PIXELS_CM

from indico_checkin_print.badge.render import render
from indico_checkin_print.badge.sample import sample_registration
from indico_checkin_print.badge.template_choice import form_choice
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.reasons.codes import Reason


#: A4 in cm, on which tickets are
A4_CM = (21, 29.7)
#: Up to so many characters are written large
LARGE = 3


def render_separator(regform, text):
    """Render the sheet before badges of a registration form; return a `BadgePDF`."""
    setup = regform.checkin_print_setup
    width, height = (round(side * PIXELS_CM) for side in A4_CM)
    if setup.kind == BadgeKind.badge:
        width, height = form_choice(setup).size
    # drawn by the designer, which knows how to write any script; never stored
    item = {'type': 'fixed', 'text': text, 'x': 10, 'y': round(height * 0.3), 'width': width - 20, 'height': None,
            'font_size': f'{_points(text, width)}pt', 'font_family': 'sans-serif', 'text_align': 'center', 'bold': True,
            'italic': False, 'color': '#000000', 'selected': False, 'id': 0}
    template = DesignerTemplate(type=TemplateType.badge, title='', data={
        'width': width, 'height': height, 'background_position': 'stretch', 'items': [item]})
    with sample_registration(regform) as registration:
        return render(registration, setup, template=template, accepted={Reason.no_name, Reason.missing_glyphs})


def _points(text, width):
    """Return the size of the letters: a quarter of the page for a letter, less for a company."""
    width_pt = width / PIXELS_CM / 2.54 * 72
    return max(12, min(120, round(width_pt / 3 if len(text) <= LARGE else width_pt * 1.4 / max(len(text), 10))))

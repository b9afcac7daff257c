"""Which badge templates a registration form can print."""

from operator import attrgetter

from indico.core import signals
from indico.modules.designer import TemplateType
from indico.modules.designer.util import get_inherited_templates, get_printable_event_templates
from indico.modules.events.registration.forms import BadgeSettingsForm

from indico_checkin_print import _


#: Pixels of a designer template per millimetre
PIXELS_MM = 5


def usable_templates(regform):
    """Return what Indico lets print for a form, by title, and what the form uses now."""
    templates = [tpl for tpl in {*get_printable_event_templates(regform), *get_inherited_templates(regform.event)}
                 if tpl.type == TemplateType.badge]
    # plugins may hide some of them, as they do in Indico's own dialog
    signals.event.filter_selectable_badges.send(BadgeSettingsForm, badge_templates=templates)
    setup = regform.checkin_print_setup
    if setup is not None and setup.template is not None and setup.template not in templates:
        templates.append(setup.template)
    return sorted(templates, key=attrgetter('title', 'id'))


def title_of(template):
    """Return what a dialog calls a template: its title, its size, and whether it has a backside."""
    width, height = (f'{template.data[side] / PIXELS_MM:g}' for side in ('width', 'height'))
    title = f'{template.title} ({width} × {height} mm)'
    return title if template.backside_template is None else _('{template}, with backside').format(template=title)

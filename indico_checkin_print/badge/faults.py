"""What is wrong with a template whose badge could not be drawn: the item, and a sentence about it.

Templates are users' input, and Indico's drawing raises whatever its libraries raise. The text of such an exception may
quote what is on the badge, and its place in a file helps nobody at a desk; the item does. The sentence is written down
with the job, so it is in the language of the badge.
"""

from indico.modules.designer.pdf import FONT_STYLES
from indico.modules.designer.util import is_regform_field_placeholder
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.util.placeholders import get_placeholders

from indico_checkin_print import _


_LOST_PICTURE = _('the picture is missing or cannot be drawn. Upload it again.')


def describe_fault(exc):
    """Return what is wrong, as one or two sentences; ``''`` if it was no part of the template that failed."""
    frames = _frames(exc)
    if any(frame.f_code.co_name == 'lay_out' for frame in frames):
        # of all texts together
        return ''
    drawing = next((frame for frame in reversed(frames) if frame.f_code.co_name == '_draw_badge'), None)
    if drawing is None:
        return ''
    item = drawing.f_locals.get('item')
    if item is None:
        return _('The background image of the template: {}').format(_LOST_PICTURE)
    return _('The item {item} of the template: {fault}').format(
        item=_title(item), fault=_item_fault(exc, item, frames[frames.index(drawing):]))


def _frames(exc):
    frames, traceback = [], exc.__traceback__
    while traceback is not None:
        frames.append(traceback.tb_frame)
        traceback = traceback.tb_next
    return frames


def _title(item):
    kind = item.get('type', '')
    if is_regform_field_placeholder(item):
        field = RegistrationFormField.query.get(item.get('field_id') or kind.removeprefix('field-'))
        return f'"{field.title}"' if field is not None else f'"{kind}"'
    placeholder = get_placeholders('designer-fields').get(kind)
    return f'"{placeholder.description}"' if placeholder is not None else f'"{kind}"'


def _item_fault(exc, item, frames):
    names = {frame.f_code.co_name for frame in frames}
    if item.get('font_family') not in FONT_STYLES:
        return _('its font "{}" does not exist. Choose another one.').format(item.get('font_family'))
    if 'drawImage' in names or ('render' in names and _is_image(item)):
        return _LOST_PICTURE
    if isinstance(exc, TypeError) and item.get('height') is None and _is_image(item):
        return _('a picture needs a height. Give it one.')
    if '_extract_font_size' in names:
        return _('its font size is no number.')
    if any('color' in name.lower() for name in names):
        return _('one of its colours does not exist.')
    if '_write' in names:
        return _('its text cannot be set. Check its size.')
    return _('it cannot be drawn. The log of the server has more.')


def _is_image(item):
    placeholder = get_placeholders('designer-fields').get(item.get('type'))
    return placeholder is not None and placeholder.is_image

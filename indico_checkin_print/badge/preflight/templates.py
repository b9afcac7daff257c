"""What is wrong with a template, without the badge of anybody. Pure, but for its pictures."""

from indico_checkin_print.badge.items import key_of
from indico_checkin_print.badge.pictures.check import faults_of
from indico_checkin_print.badge.preflight.findings import Finding, FindingKind
from indico_checkin_print.badge.qr_room import box_of
from indico_checkin_print.badge.templates import PIXELS_MM


#: An item may stick out by so many mm: nobody sees it, and designers align items with the edge by hand
MAX_OUTSIDE_MM = 0.5


def findings_of(template, fields_of_forms, existing, smallest):
    """Yield each `Finding` about a `DesignerTemplate` and its backside.

    :param fields_of_forms: What the forms have that print it, a list with a dict for each: whether a field is in use,
                            by its id; deleted ones are not among them.
    :param existing: The ids of the fields that any form has.
    :param smallest: The smallest text of the event, in points.
    """
    for side in filter(None, (template, template.backside_template)):
        seen = set()
        for finding in of_items(side.data, fields_of_forms, existing, smallest):
            # the same field twice is one thing to mend
            if finding not in seen:
                seen.add(finding)
                yield Finding(finding.kind, template.id, finding.item, finding.detail)
    for words in faults_of(template):
        yield Finding(FindingKind.template_picture, template.id, '', str(words))


def of_items(data, fields_of_forms, existing, smallest):
    """Yield each `Finding` about the items of a template, by what it has as its data."""
    for item in data['items']:
        key = key_of(item)
        if (outside := _outside_mm(item, data)) > MAX_OUTSIDE_MM:
            yield Finding(FindingKind.outside, None, key, f'{outside:.0f}' if outside >= 1 else f'{outside:.1f}')
        if fault := _field_fault(item, fields_of_forms, existing):
            yield Finding(FindingKind.field, None, key, fault)
        if (size := _points(item)) and size < smallest:
            yield Finding(FindingKind.small_text, None, key, f'{size:g}/{smallest:g}')


def _outside_mm(item, data):
    """Return by how much an item sticks out of the page, in mm."""
    left, top, right, bottom = box_of(item)
    return max(-left, -top, right - float(data['width']), bottom - float(data['height'])) / PIXELS_MM


def field_of(item):
    """Return the id of the field that an item of a template shows, or ``None``."""
    number = item['type'].removeprefix('field-')
    return int(number) if number != item['type'] and number.isdigit() else None


def _field_fault(item, fields_of_forms, existing):
    id_ = field_of(item)
    if id_ is None or all(fields.get(id_) for fields in fields_of_forms):
        return ''
    if id_ not in existing:
        return 'deleted'
    return 'off' if any(fields.get(id_) is False for fields in fields_of_forms) else 'foreign'


def _points(item):
    """Return the size of an item's letters in points; nothing of a picture or a code."""
    if item.get('height') is not None:
        return 0
    digits = ''.join(char for char in str(item.get('font_size') or '') if char.isdigit() or char == '.')
    try:
        return float(digits)
    except ValueError:
        # the drawing of a badge says so
        return 0

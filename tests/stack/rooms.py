"""Whether the texts of the badge of `seed.py` stay in their rooms on paper, with each item in a colour of its own."""

import json

from tests.stack import ink


#: The colours of the items, from the top of the badge down
ITEMS = {'first_name': 'red', 'last_name': 'blue', 'affiliation': 'green'}
#: Between which sides their ink may be, and where the QR code begins and ends, in mm
SIDES, CODE = (4, 92), (86, 122)
HEIGHT = 134


def colour(stack, moved=None):
    """Give each item of the template its colour; move items to other places, in pixels from the top."""
    id_ = stack.seeded['template']['id']
    data = json.loads(stack.postgres.sql('indico', f'SELECT data FROM indico.designer_templates WHERE id = {id_}')[0])
    for item in data['items']:
        if item['type'] in ITEMS:
            item['color'] = ink.COLORS[ITEMS[item['type']]]
        item['y'] = (moved or {}).get(item['type'], item['y'])
    stack.postgres.sql('indico', f"""
        UPDATE indico.designer_templates SET data = '{json.dumps(data)}'::jsonb WHERE id = {id_}""")
    return {item['type']: item['y'] / 5 for item in data['items']}


def overflow(document, tops, *, has_pictures=False):
    """Return where ink is that should not be there, in words.

    :param document: The bytes of a PDF.
    :param tops: Where each item begins, in mm from the top of the badge.
    :param has_pictures: Whether letters may be pictures, which have colours of their own.
    """
    page = ink.page(document)
    found, tolerance = ink.boxes(page), ink.TOLERANCE_MM
    faults = []
    edge = 0
    for item, color in () if has_pictures else ITEMS.items():
        if (box := found[color]) is None:
            continue
        left, top, right, bottom = box
        if left < SIDES[0] - tolerance or right > SIDES[1] + tolerance:
            faults.append(f'{item} is between {left:.1f} and {right:.1f} mm')
        if top < max(tops[item], edge) - tolerance:
            faults.append(f'{item} begins at {top:.1f} mm, where {max(tops[item], edge):.1f} belongs to others')
        edge = bottom
    if edge > CODE[0] + tolerance:
        faults.append(f'the QR code is reached: {edge:.1f} mm')
    margins = ((0, 18, SIDES[0] - tolerance, HEIGHT), (SIDES[1] + tolerance, 18, 96, HEIGHT),
               (0, CODE[1] + 1, 96, HEIGHT))
    return faults + [f'ink in a margin at {spot}' for margin in margins if (spot := ink.any_ink(page, margin))]

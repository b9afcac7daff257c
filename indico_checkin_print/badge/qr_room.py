"""How much room there is for the quiet zone of a code: what the other items and the edge of the badge leave. Pure."""

#: The white border of Indico's own picture of a code, which is part of its item, in modules
BORDER = 1
#: What ISO/IEC 18004 asks for, in modules
QUIET_ZONE = 4
#: Pixels of a template for a point of a font
_PIXELS_PT = 50 * 2.54 / 72
#: How much of a line hangs below its letters' size
_DESCENT = 0.25


def room_around(item, items, width, height, wanted):
    """Return how far an item may grow to the left, top, right and bottom, until there is another item or the edge.

    All measures are in pixels of the template. An item that lies partly or wholly over this one leaves no room at all.

    :param items: All items of the template. `item` itself does not count, and neither does another version of it.
    :param width: The template's, as `height` is.
    :param wanted: No side grows more.
    """
    mine = box_of(item)
    room = [min(wanted, free) for free in (mine[0], mine[1], width - mine[2], height - mine[3])]
    for other in items:
        if other is item or (other.get('id'), other['type']) == (item.get('id'), item['type']):
            continue
        theirs = box_of(other)
        gaps = (mine[0] - theirs[2], mine[1] - theirs[3], theirs[0] - mine[2], theirs[1] - mine[3])
        # on which sides it is: two if it is beyond a corner, and then it is enough to stay clear of it on one of them
        sides = [side for side in range(4) if gaps[side] >= 0]
        if not sides:
            room = [0] * 4
        elif all(gaps[side] < room[side] for side in sides):
            side = max(sides, key=gaps.__getitem__)
            room[side] = gaps[side]
    return tuple(max(0, free) for free in room)


def white_around(item, items, width, height, count):
    """Return how much white there is around a code to the left, top, right and bottom, in modules.

    It is never less than what Indico's picture has, nor more than a quiet zone.

    :param count: The modules on a side of the symbol.
    """
    module = module_of(item, count)
    room = room_around(item, items, width, height, (QUIET_ZONE - BORDER) * module)
    return tuple(BORDER + free / module for free in room)


def module_of(item, count):
    """Return the width of a module of a code, in pixels of the template.

    :param count: The modules on a side of the symbol.
    """
    return min(item['width'], item['height']) / (count + 2 * BORDER)


def box_of(item):
    """Return the left, top, right and bottom of an item, in pixels; a text without a height has one line."""
    left, top = float(item['x']), float(item['y'])
    height = item.get('height')
    if height is None:
        digits = ''.join(filter(str.isdigit, str(item.get('font_size') or '')))
        height = int(digits or 0) * _PIXELS_PT * (1 + _DESCENT)
    return left, top, left + float(item['width']), top + float(height)

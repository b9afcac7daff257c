"""The white around a code: as much as a quiet zone needs, where no other item and no edge is."""

import pytest

from indico_checkin_print.badge.qr_room import module_of, room_around, white_around


CODE = {'id': 1, 'type': 'ticket_qr_code', 'x': 100, 'y': 100, 'width': 70, 'height': 70, 'font_size': '10pt'}


def other(x, y, width, height, kind='fixed_image'):
    return {'id': 2, 'type': kind, 'x': x, 'y': y, 'width': width, 'height': height, 'font_size': '20pt'}


@pytest.mark.parametrize(('item', 'room'), [
    # on each side
    (other(80, 100, 15, 70), (5, 0, 0, 0)),
    (other(100, 80, 70, 15), (0, 5, 0, 0)),
    (other(175, 100, 15, 70), (0, 0, 5, 0)),
    (other(100, 175, 70, 15), (0, 0, 0, 5)),
    # far off
    (other(300, 100, 15, 70), (0, 0, 0, 0)),
    # beyond a corner: it is in the way of one of two sides only
    (other(175, 182, 15, 15), (0, 0, 0, 12)),
    # within the room of one side, but not of the other
    (other(175, 300, 15, 15), (0, 0, 0, 0)),
])
def test_another_item(item, room):
    wanted = 20
    found = room_around(CODE, [CODE, item], 480, 670, wanted)
    limited = tuple(0 if free == wanted else free for free in found)
    assert limited == room
    assert all(free <= wanted for free in found)


def test_it_touches():
    assert room_around(CODE, [other(170, 100, 15, 70)], 480, 670, 20) == (20, 20, 0, 20)


@pytest.mark.parametrize('item', [other(0, 0, 480, 670), other(150, 150, 50, 50)])
def test_an_item_that_overlaps(item):
    assert room_around(CODE, [item], 480, 670, 20) == (0, 0, 0, 0)


@pytest.mark.parametrize(('x', 'y', 'room'), [(5, 100, (5, 20, 20, 20)), (100, 0, (20, 0, 20, 20)),
                                              (405, 100, (20, 20, 5, 20)), (100, 610, (20, 20, 20, 0))])
def test_the_edge(x, y, room):
    assert room_around({**CODE, 'x': x, 'y': y}, [], 480, 670, 20) == room


def test_a_text_has_the_height_of_a_line():
    """Indico knows no height of a text."""
    text = other(100, 50, 70, None, kind='full_name')
    # 20 points are 35 pixels, and a quarter of them hangs below
    assert room_around(CODE, [text], 480, 670, 20)[1] == pytest.approx(50 - 20 / 72 * 2.54 * 50 * 1.25)


def test_a_version_of_the_same_item():
    """Other plugins draw a copy of an item elsewhere."""
    assert room_around({**CODE, 'x': 110}, [CODE], 480, 670, 20) == (20, 20, 20, 20)
    assert room_around(CODE, [CODE | {'id': 9}], 480, 670, 20) == (0, 0, 0, 0)


def test_in_modules():
    assert module_of(CODE, 33) == 2
    assert module_of({**CODE, 'height': 35}, 33) == 1
    # a module is part of the item, three more are a quiet zone
    assert white_around(CODE, [], 480, 670, 33) == (4, 4, 4, 4)
    assert white_around({**CODE, 'x': 0, 'y': 3}, [], 480, 670, 33) == (1, 2.5, 4, 4)

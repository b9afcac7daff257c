"""What room a text has."""

import pytest

from indico_checkin_print.badge.text.room import GAP, Item, Rect, room_for, stands_on


PAGE, ROW = Rect(0, 0, 200, 300), 6
LEFT, CENTER, RIGHT = 0, 0.5, 1


def room(item, *things, neighbours=()):
    return tuple(room_for(Item(*item), list(things), [Item(*one) for one in neighbours], PAGE, ROW))


def test_touches():
    rect = Rect(0, 0, 10, 10)
    assert rect.touches(Rect(9, 9, 20, 20))
    assert not rect.touches(Rect(10, 0, 20, 10))
    assert not rect.touches(Rect(0, 10, 10, 20))
    assert rect.is_inside(Rect(0, 0, 10, 10))
    assert not rect.is_inside(Rect(1, 0, 10, 10))


def test_down_to_the_edge_of_the_badge():
    assert room((10, 20, 100, LEFT)) == (10, 20, 110, 300)


@pytest.mark.parametrize('item', [(150, 20, 100, LEFT), (150, 20, 0, LEFT), (150, 20, 50, RIGHT)])
def test_no_further_than_the_badge(item):
    assert room(item) == (150, 20, 200, 300)


def test_outside_of_the_badge():
    left, __, right, __ = room((250, 20, 100, LEFT))
    assert right <= left
    __, top, __, bottom = room((10, 320, 100, LEFT))
    assert bottom <= top


def test_down_to_what_stands_beneath():
    lower, beside = Rect(60, 100, 90, 120), Rect(150, 50, 200, 80)
    assert room((10, 20, 100, LEFT), lower, beside, Rect(0, 200, 200, 210)) == (10, 20, 110, 100 - GAP)
    # hardly room for a line
    assert room((10, 90, 100, LEFT), lower) == (10, 90, 110, 100)
    # what stands above is in the way of nobody, and takes care itself
    assert room((10, 20, 100, LEFT), Rect(0, 0, 200, 19)) == (10, 20, 110, 300)


@pytest.mark.parametrize(('align', 'sides'), [
    (LEFT, (10, 140 - GAP)), (CENTER, (60 + GAP, 140 - GAP)), (RIGHT, (160 + GAP, 190))])
def test_beside_a_picture(align, sides):
    """What is centred stays where it is, and text that ends at the other side of a picture stays there."""
    left, __, right, __ = room((10, 20, 180, align), Rect(140, 0, 160, 60))
    assert (left, right) == sides


def test_a_picture_on_the_left():
    assert room((10, 20, 180, CENTER), Rect(0, 0, 40, 60)) == (40 + GAP, 20, 160 - GAP, 300)
    assert room((40, 20, 100, LEFT), Rect(0, 0, 40, 60)) == (40 + GAP, 20, 140, 300)


@pytest.mark.parametrize(('item', 'other', 'sides'), [
    ((10, 20, 180, LEFT), (100, 22, 90, LEFT), (10, 100)), ((100, 22, 90, LEFT), (10, 20, 180, LEFT), (100, 190)),
    ((10, 20, 120, RIGHT), (50, 20, 140, RIGHT), (10, 130)), ((50, 20, 140, RIGHT), (10, 20, 120, RIGHT), (130, 190)),
    ((10, 20, 120, CENTER), (50, 20, 140, CENTER), (45, 95)), ((10, 20, 180, LEFT), (10, 20, 180, RIGHT), (10, 100)),
    # nothing separates what grows from one place
    ((10, 20, 180, LEFT), (10, 20, 180, LEFT), (10, 190)), ((10, 20, 180, LEFT), (10, 40, 180, LEFT), (10, 190))])
def test_two_texts_beside_each_other(item, other, sides):
    left, __, right, __ = room(item, neighbours=[other])
    assert (left, right) == sides


def test_a_text_on_a_picture():
    strip = Rect(0, 10, 200, 60)
    assert stands_on(Item(10, 20, 180, LEFT), strip)
    assert not stands_on(Item(10, 5, 180, LEFT), strip)
    assert not stands_on(Item(10, 60, 180, LEFT), strip)
    assert not stands_on(Item(10, 20, 180, CENTER), Rect(0, 10, 50, 60))

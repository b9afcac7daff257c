"""What is wrong with the items of a template, before anybody's badge is drawn."""

import pytest

from indico_checkin_print.badge.preflight.templates import of_items


#: 96 x 134 mm
PAGE = {'width': 480, 'height': 670}


def found(*items, forms=({1: True},), existing=frozenset({1, 2, 3}), smallest=6):
    return [(finding.kind, finding.item, finding.detail) for finding in of_items(
        {**PAGE, 'items': items}, list(forms), existing, smallest)]


def item(kind='affiliation', x=20, y=20, width=400, height=None, size='14pt'):
    return {'type': kind, 'x': x, 'y': y, 'width': width, 'height': height, 'font_size': size}


@pytest.mark.parametrize(('place', 'outside'), [
    ({}, None), ({'x': 80}, None), ({'x': 82}, None), ({'x': 84}, '0.8'), ({'x': 180}, '20'), ({'x': -10}, '2'),
    ({'y': 665}, '5'), ({'y': 600, 'height': 90}, '4'), ({'y': -5}, '1')])
def test_outside_the_page(place, outside):
    assert found(item(**place)) == ([] if outside is None else [('outside', 'affiliation', outside)])


@pytest.mark.parametrize(('forms', 'fault'), [
    ([{1: True}], None), ([{1: False}], 'off'), ([{}], 'foreign'), ([{1: True}, {}], 'foreign'),
    ([{1: True}, {1: True}], None), ([{1: True}, {1: False}], 'off')])
def test_fields(forms, fault):
    assert found(item('field-1'), forms=forms) == ([] if fault is None else [('field', 'field-1', fault)])


def test_a_field_that_is_deleted():
    assert found(item('field-4')) == [('field', 'field-4', 'deleted')]


def test_small_text():
    assert found(item(size='5.5pt'), item(size='6pt'), item('picture', size='4pt', height=50)) == [
        ('small_text', 'affiliation', '5.5/6')]
    # a size that is none keeps the badge from being drawn, which is found then
    assert found(item(size='large')) == []

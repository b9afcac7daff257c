"""Sizes by the names that printers give them, and what fits on what."""

import pytest

from print_agent.protocol import media


ANY_SIZE = ('custom_min_20x20mm', 'custom_max_300x450mm')


@pytest.mark.parametrize(('name', 'size'), [
    ('oe_badge_96x134mm', (96, 134)), ('na_index-4x6_4x6in', (101.6, 152.4)), ('Custom.54.5x86mm', (54.5, 86)),
    ('iso_a6_105x148mm', (105, 148)), ('custom_max_300x450mm', None), ('roll_max_62x3000mm', None),
    ('roll_current_62x0mm', None), ('photo', None), ('96x134', None), ('', None)])
def test_names_of_sizes(name, size):
    found = media.media_size(name)
    assert (None if found is None else pytest.approx(found)) == size


def test_the_closest_name_wins():
    names = ('oe_rough_101.6x152.4mm', 'oe_exact_102x152mm', 'oe_other_103x152mm')
    assert media.name_of((102, 152), names) == 'oe_exact_102x152mm'
    assert media.name_of((102, 152), names[:1]) == 'oe_rough_101.6x152.4mm'
    assert media.name_of((102.2, 152), names[:1]) is None
    assert media.name_of((102, 152), ()) is None


@pytest.mark.parametrize(('size', 'names', 'takes'), [
    ((62, 29), ANY_SIZE, True), ((19, 29), ANY_SIZE, False), ((301, 29), ANY_SIZE, False),
    ((62, 29), ANY_SIZE[:1], False), ((62, 29), ('oe_badge_96x134mm',), False)])
def test_sizes_without_a_name(size, names, takes):
    assert media.takes_custom(size, names) is takes


@pytest.mark.parametrize(('badge', 'loaded', 'largest'), [
    ((96, 134), ('oe_badge_96x134mm',), None),
    ((134, 96), ('oe_badge_96x134mm',), None),  # as it lies
    ((98, 134), ('oe_badge_96x134mm',), None),  # the edge of its background
    ((99, 134), ('oe_badge_96x134mm',), (96, 134)),
    ((96, 137), ('oe_label_62x29mm', 'oe_badge_96x134mm'), (96, 134)),
    ((96, 134), ('iso_a6_105x148mm',), None),
    # nobody knows
    ((96, 134), (), None), ((96, 134), ('roll_current_62x0mm',), None),
    ((96, 134), ('oe_label_62x29mm', 'photo'), None),
])
def test_badges_larger_than_what_is_loaded(badge, loaded, largest):
    assert media.too_small(badge, loaded) == largest


@pytest.mark.parametrize(('loaded', 'is_loaded'), [
    (('oe_badge_96x134mm',), True), (('oe_across_134x96mm',), True), (('na_index-4x6_4x6in',), False), ((), True),
    (('oe_label_62x29mm', 'roll_current_62x0mm'), True), (('oe_label_62x29mm', 'oe_badge_95x133mm'), True)])
def test_labels_of_the_size_of_a_badge(loaded, is_loaded):
    assert media.is_loaded((96, 134), loaded) is is_loaded


def test_words():
    assert media.in_words((96, 133.6)) == '96 x 134 mm'

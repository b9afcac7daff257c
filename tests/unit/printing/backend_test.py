"""A job is known again by its name, or by what a printer left of it; its back is where a reader looks for it."""

import pytest

from print_agent.printing.backend import PrintRequest, is_named, short_tag


def test_a_job_is_known_by_what_a_printer_left_of_its_name():
    tag = '0b6e0d4e-9c3f-4c6e-8f5b-0123456789ab.1-0a1b2c3d'
    name = f'{short_tag(tag)} badge 7 [{tag}]'
    for left in (name, name[:40], name[:20], name[-60:]):
        assert is_named(left, tag)
    for other in ('', 'badge', name[:8], f'{short_tag("another")} badge'):
        assert not is_named(other, tag)


@pytest.mark.parametrize(('width', 'height', 'sideways', 'sides'), [
    (96, 134, False, 'two-sided-long-edge'), (134, 96, False, 'two-sided-short-edge'),
    # a badge that is wider than high on labels that are higher than wide, and the other way round
    (96, 134, True, 'two-sided-short-edge'), (134, 96, True, 'two-sided-long-edge'),
])
def test_the_back_is_upright_on_a_lanyard(width, height, sideways, sides):
    request = PrintRequest(tag='t', title='t', document=b'', copies=1, width_mm=width, height_mm=height, expires=0,
                           two_sided=True, sideways=sideways)
    assert request.sides == sides


def test_one_page_has_no_back():
    assert PrintRequest(tag='t', title='t', document=b'', copies=1, width_mm=134, height_mm=96, expires=0
                        ).sides == 'one-sided'

"""What is in the code of a badge, read as a printer prints it."""

from dataclasses import replace

import pytest

from indico_checkin_print.badge.preflight.codes import read_codes
from indico_checkin_print.badge.preview import Dots, picture_of_part, pictures_of
from indico_checkin_print.badge.render import render
from indico_checkin_print.models.choices import Fold
from tests.plugin.conftest import text_item


@pytest.mark.parametrize(('side', 'is_read'), [(180, True), (12, False)])
def test_read_codes(reg, form, template, side, is_read):
    """36 mm, and 2.4 mm, in which a printer with 203 dpi has fewer dots than the code has squares."""
    template.data = {**template.data, 'items': [text_item('full_name', 20), {
        **text_item('ticket_qr_code', 300), 'width': side, 'height': side}]}
    part, = render(reg, form).parts
    assert read_codes(part.content, Dots(203), part.placed) == set(part.placed[:is_read])
    assert read_codes(part.content, Dots(1200), part.placed) == set(part.placed)


def test_a_code_is_where_it_is_said_to_be(mocker, reg, form, template, create_template):
    """On the back of a badge that is folded it is upside down; nowhere is the whole page needed to find it."""
    pages = mocker.patch('indico_checkin_print.badge.preflight.codes.pictures_of')
    code = {**text_item('ticket_qr_code', 300), 'x': 20, 'width': 150, 'height': 150}
    template.data = {**template.data, 'items': [{**code, 'x': 60, 'y': 100}]}
    template.backside_template, form.backside = create_template('Back', items=[code]), True
    for form.fold, places in ((Fold.none, [0, 1]), (Fold.side, [0, 0]), (Fold.top, [0, 0])):
        part, = render(reg, form).parts
        assert [each.page for each in part.placed] == places
        assert read_codes(part.content, Dots(), part.placed) == set(part.placed)
    assert not pages.called
    # and where it is not, it is looked for on all pages
    pages.side_effect = pictures_of
    away = replace(part.placed[0], box=(0, 0, 20, 20))
    assert read_codes(part.content, Dots(), [away]) == {away}
    assert pages.called


def test_a_part_of_a_page_has_the_same_dots(reg, form):
    part, = render(reg, form).parts
    page, = pictures_of(part.content, Dots(203, 8))
    left, __, right, top = part.placed[0].box
    picture = picture_of_part(part.content, Dots(203, 8), 0, part.placed[0].box)
    assert picture.width == pytest.approx((right - left) / 72 * 203, abs=2)
    corners = [(x, y) for x in range(page.width - picture.width) for y in (
        round(page.height - top / 72 * 203) + shift for shift in (-1, 0, 1)) if abs(x - left / 72 * 203) < 2]
    assert any(page.crop((x, y, x + picture.width, y + picture.height)).tobytes() == picture.tobytes()
               for x, y in corners)

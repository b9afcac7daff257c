"""What is in the code of a badge, read as a printer prints it."""

import pytest

from indico_checkin_print.badge.preflight.codes import read_codes
from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.badge.render import render
from tests.plugin.conftest import text_item


@pytest.mark.parametrize(('side', 'is_read'), [(180, True), (12, False)])
def test_read_codes(reg, form, template, side, is_read):
    """36 mm, and 2.4 mm, in which a printer with 203 dpi has fewer dots than the code has squares."""
    template.data = {**template.data, 'items': [text_item('full_name', 20), {
        **text_item('ticket_qr_code', 300), 'width': side, 'height': side}]}
    pdf = render(reg, form)
    code = pdf.codes['ticket_qr_code']
    assert (code.payload in read_codes(pdf.content, Dots(203), {code.payload})) == is_read
    assert read_codes(pdf.content, Dots(1200), {code.payload}) == {code.payload}

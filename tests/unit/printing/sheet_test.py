"""Which sheet of a printer a badge is printed on."""

import pytest

from print_agent.printing.sheet import MM_PER_POINT, Sheet, Sheets, choose


ANY_SIZE = ('custom_min_20x20mm', 'custom_max_300x450mm')
BADGE, LABEL, INCHES = 'oe_badge_96x134mm', 'oe_label_62x29mm', 'na_index-4x6_4x6in'


@pytest.mark.parametrize(('wanted', 'offered', 'takes_pdf', 'sheet'), [
    # a folder takes what comes
    ((62, 29), (), True, Sheet(62, 29)),
    # the printer's own name; what is about as large is that one to CUPS, too
    ((96, 134), (BADGE, *ANY_SIZE), True, Sheet(96, 134, BADGE)),
    ((102, 152), (INCHES, *ANY_SIZE), False, Sheet(101.6, pytest.approx(152.4), INCHES)),
    ((96.3, 134.2), (LABEL, BADGE), True, Sheet(96, 134, BADGE)),
    # only the other way round
    ((134, 96), (BADGE,), True, Sheet(96, 134, BADGE, is_turned=True)),
    ((134, 96), (BADGE, *ANY_SIZE), False, Sheet(96, 134, BADGE, is_turned=True)),
    # a printer that takes PDF may have it lie across, if it says so
    ((134, 96), (BADGE, *ANY_SIZE), True, Sheet(134.06, 95.96)),
    ((134, 96), (BADGE, 'oe_across_134x96mm'), False, Sheet(134, 96, 'oe_across_134x96mm')),
    # Ghostscript would turn it, as it is less exact than CUPS
    ((135, 96), (BADGE, *ANY_SIZE), False, Sheet(96, 134, BADGE, is_turned=True)),
    ((135, 96), (BADGE, 'oe_across_134x96mm', *ANY_SIZE), False, Sheet(135.12, 95.96)),
    # none of its own
    ((54, 86), ANY_SIZE, True, Sheet(53.98, 86.08)),
])
def test_sheets(wanted, offered, takes_pdf, sheet):
    assert choose(wanted, Sheets(offered, takes_pdf=takes_pdf)) == sheet


@pytest.mark.parametrize('tenths', range(200, 4500, 7))
def test_what_cups_is_asked_for_is_what_comes_out(tenths):
    """CUPS reads hundredths of a millimetre and cuts to whole points (``_ppdCacheGetPageSize``)."""
    side = tenths / 10
    sheet = choose((side, side), Sheets(ANY_SIZE))
    points = int(round(sheet.width * 100) * 72 / 2540)
    assert abs(points * MM_PER_POINT - side) < 0.18
    assert abs(points * MM_PER_POINT - sheet.width) <= 0.0101

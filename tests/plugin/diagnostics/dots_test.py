"""What is known of the dots of a desk's printer."""

import pytest

from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.diagnostics.dots import dots_of


@pytest.mark.parametrize(('reported', 'dots'), [
    ({}, Dots(203, 1)),
    ({'model': 'ZTC ZD421-300dpi ZPL'}, Dots(300, 1)),
    ({'model': 'Label 1203dpix'}, Dots(203, 1)),
    ({'model': 'ZD421-300dpi', 'dpi': 600, 'bits': 8}, Dots(600, 8)),
    ({'dpi': 0, 'bits': 0}, Dots(203, 1)),
])
def test_what_its_agent_says(desk, agent, reported, dots):
    agent.printers = [{'name': 'other', 'dpi': 1200}, {'name': 'p1', **reported}]
    assert dots_of(desk.printers[0]) == dots


def test_without_a_printer(desk, agent):
    assert dots_of(None) == Dots()
    agent.printers = []
    assert dots_of(desk.printers[0]) == Dots()

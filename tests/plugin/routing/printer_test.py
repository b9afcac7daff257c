"""Which printer takes a badge, and which takes none."""

from dataclasses import replace

import pytest

from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.routing.printer import Candidate, choose_printer, reported_block


S = JobState


def test_choose_printer():
    def candidate(position, *, healthy=True, load=0):
        return Candidate(1, f'p{position}', position, healthy, load)
    assert choose_printer([]) is None
    assert choose_printer([candidate(0, healthy=False)]) is None
    assert choose_printer([candidate(1), candidate(0)]).position == 0
    assert choose_printer([candidate(0, load=2), candidate(1, load=1)]).position == 1
    assert choose_printer([candidate(0, healthy=False), candidate(1, load=9)]).position == 1
    # one that returned it gets it only if there is no other
    assert choose_printer([replace(candidate(0), returned=True), candidate(1, load=9)]).position == 1
    assert choose_printer([replace(candidate(0), returned=True), candidate(1, healthy=False)]).position == 0


@pytest.mark.parametrize(('changes', 'healthy'), [
    ({}, True), ({'state': 'processing'}, True), ({'state': 'stopped'}, False), ({'accepting': False}, False),
    ({'reasons': ['media-empty-error']}, False), ({'reasons': ['toner-low-warning']}, True),
])
def test_what_an_agent_reports_blocks_a_printer(changes, healthy):
    assert (not reported_block({'name': 'p', 'state': 'idle', 'accepting': True, 'reasons': [], **changes})) == healthy

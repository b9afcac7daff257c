"""Names for the largest run that seeds people (`bench`): all differ."""

import re
from pathlib import Path

from tests.stack.names import people


ROOT = Path(__file__).parents[3]


def test_enough_people_for_the_benchmark():
    wanted = int(re.search(r'^REGISTRATIONS = (\d+)$', (ROOT / 'bench' / '__main__.py').read_text(), re.M).group(1))
    names = {(given, family) for given, family, __, __ in people(wanted)}
    assert len(names) == wanted

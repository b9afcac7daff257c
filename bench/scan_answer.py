"""How fast the scan station answers: from the last key to the answer on the screen, beside the bare check-in API."""

import time

from tests.stack import browser
from tests.stack.checkin import CheckIn
from tests.stack.facts import percentile
from tests.stack.scan_page import ScanPage, tickets


SCANS = 50
WARM_UP = 10
#: After each answer the badge is left alone to render and print, in seconds.
GAP = 0.3


def measure(stack, plain, people, say):
    """Return the latencies in ms of both, in turn: those of the page, and of the check-in API without the plugin.

    :param people: `WARM_UP` and `SCANS` people whom nothing else checks in: each has a badge to print.
    """
    say(f'{SCANS} tickets at the scan station')
    took = {'page': [], 'api': []}
    bare, undo = CheckIn(stack, plain.port), CheckIn(stack)
    with browser.chromium() as chromium:
        station = ScanPage.open(stack, chromium)
        for number, (person, code) in enumerate(zip(people, tickets(stack, people), strict=True)):
            milliseconds = station.scan(code)['ms']
            time.sleep(GAP)
            undo(person, False)
            seconds = bare(person)
            time.sleep(GAP / 2)
            bare(person, False)
            if number >= WARM_UP:
                took['page'].append(milliseconds)
                took['api'].append(seconds * 1000)
    answer = {f'p{percent}': percentile(took['page'], percent) for percent in (50, 95)}
    return answer | {'api_p50': percentile(took['api'], 50),
                     'ratio': round(answer['p50'] / percentile(took['api'], 50), 2)}

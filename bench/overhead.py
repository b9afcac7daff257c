"""What a check-in costs more with the plugin: two web servers on one database answer in turn."""

import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import percentile


PAIRS = 300
WARM_UP = 15
#: After each request the badge is left alone to render and print, in seconds, so that its work does not slow the next
#: request, which may be one of the other server.
GAP = 0.15


def measure(stack, plain, people, say, pairs=PAIRS):
    """Return the ratios of the check-in API's latency with and without the plugin, and the latencies in ms.

    :param people: So many more than pairs who have no badge: one that was printed before is held, so each check-in with
                   the plugin has a person of its own.
    """
    servers = {'with': CheckIn(stack), 'without': CheckIn(stack, plain.port)}
    took = {'with': [], 'without': []}
    for number in range(WARM_UP + pairs):
        if number % 100 == WARM_UP:
            say(f'check-ins with and without the plugin: {number - WARM_UP} of {pairs}')
        # the order changes from pair to pair
        for which in ('with', 'without') if number % 2 else ('without', 'with'):
            person = people[number + (which == 'without')]
            seconds = servers[which](person)
            if number >= WARM_UP:
                took[which].append(seconds * 1000)
            time.sleep(GAP)
            # the person's turn at the other server comes next; both servers have the same to do
            servers[which](person, False)
            time.sleep(GAP / 2)
    ratios = {f'p{percent}': round(percentile(took['with'], percent) / percentile(took['without'], percent), 3)
              for percent in (50, 95)}
    return ratios, took


def needed(pairs=PAIRS):
    """Return how many people `measure` checks in."""
    return WARM_UP + pairs + 1

"""What a check-in costs more with the plugin: two web servers on one database answer in turn."""

import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import percentile


PAIRS = 300
WARM_UP = 15
#: After each request the badge is left alone to render and print, in seconds, so that its work does not slow the next
#: request, which may be one of the other server.
GAP = 0.15


def measure(stack, plain, say):
    """Return the ratios of the check-in API's latency with and without the plugin, and the latencies in ms."""
    people = stack.seeded['registrations']
    servers = {'with': CheckIn(stack), 'without': CheckIn(stack, plain.port)}
    took = {'with': [], 'without': []}
    for number in range(-WARM_UP, PAIRS):
        if number % 100 == 0:
            say(f'check-ins with and without the plugin: {number} of {PAIRS}')
        # the order changes from pair to pair; each has its own person
        order = ('with', 'without') if number % 2 else ('without', 'with')
        for which in order:
            person = people[(2 * number + (which == 'with')) % len(people)]
            seconds = servers[which](person)
            if number >= 0:
                took[which].append(seconds * 1000)
            time.sleep(GAP)
            # so that the next check-in of this person is a real one again
            servers[which](person, False)
    ratios = {f'p{percent}': round(percentile(took['with'], percent) / percentile(took['without'], percent), 3)
              for percent in (50, 95)}
    return ratios, took

"""What a check-in costs more with the plugin: two web servers on one database answer in turn."""

import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import percentile


PAIRS = 300
WARM_UP = 15
#: After each request the badge is left alone to render and print, in seconds, so that its work does not slow the next
#: request, which may be one of the other server.
GAP = 0.15


def measure(stack, plain, printed, say):
    """Return the ratios of the check-in API's latency with and without the plugin, and the latencies in ms.

    :param printed: People whose badges are out already.
    """
    # a badge that was printed before is held, so each check-in with the plugin has a person of its own
    people = _without_badge(stack, printed)
    servers = {'with': CheckIn(stack), 'without': CheckIn(stack, plain.port)}
    took = {'with': [], 'without': []}
    for number in range(WARM_UP + PAIRS):
        if number % 100 == WARM_UP:
            say(f'check-ins with and without the plugin: {number - WARM_UP} of {PAIRS}')
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


def others(stack, printed):
    """Return whom `measure` did not check in, of those without a badge."""
    return _without_badge(stack, printed)[WARM_UP + PAIRS + 1:]


def _without_badge(stack, printed):
    printed = {person['id'] for person in printed}
    return [person for person in stack.seeded['registrations'] if person['id'] not in printed]

"""Something that printing needs is away. Check-in must not notice, and the badges come out when it is back.

How fast a check-in answers is compared, request by request in turn, with a second Indico on the same database and
under the same outage that does not have the plugin. People checked in there get no badge.
"""

import contextlib
import statistics
import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.indico import Indico
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running


#: A check-in that takes more than so many times what it takes without the plugin has noticed the outage.
MAX_RATIO = 3
COUNT = 20


@contextlib.contextmanager
def without_plugin(stack):
    """Run a second web server on the same database, without the plugin; yields its `CheckIn`."""
    plain = Indico('plain', stack.folder, database=stack.postgres.uri('indico'), redis=stack.redis, plugin=False)
    web = plain.web()
    say('a second Indico starts, without the plugin')
    try:
        web.start()
        yield CheckIn(stack, plain.port)
    finally:
        web.stop()


def compare(stack, plain, with_badge, without_badge):
    """Check people in here and there in turn; return the comparison."""
    here = CheckIn(stack)
    took = {'with_plugin': [], 'without': []}
    for one, other in zip(with_badge, without_badge, strict=True):
        took['without'].append(plain(other))
        took['with_plugin'].append(here(one))
        time.sleep(0.05)
    medians = {key: round(statistics.median(values) * 1000, 1) for key, values in took.items()}
    slowest = {key: round(max(values) * 1000, 1) for key, values in took.items()}
    return {'checkin_ms': medians, 'checkin_max_ms': slowest,
            'ratio': round(medians['with_plugin'] / medians['without'], 2)}


def outage(wanted, break_it, repair_it, timeout, what):
    """Check people in while something is away; return facts once it is back and the badges had time to come out."""
    with running(wanted, say=say) as stack, without_plugin(stack) as plain:
        people = evenly(stack, 2 * COUNT + 4)
        # all processes have done this once before
        warm, others = people[:4], people[4:]
        here = CheckIn(stack)
        for one, other in ((warm[0], warm[2]), (warm[1], warm[3])):
            here(one)
            plain(other)
        wait_for_badges(stack, 2)
        say(f'{what}: {COUNT} people are checked in')
        break_it(stack)
        with_badge, without_badge = others[0::4] + others[1::4], others[2::4] + others[3::4]
        about = compare(stack, plain, with_badge, without_badge)
        # what needs nothing that is away comes out meanwhile
        wait_for_badges(stack, 2 + COUNT, timeout=10)
        about['printed_meanwhile'] = len(stack.papers()) - 2
        say(f'{about["printed_meanwhile"]} badges came out meanwhile; now it is back')
        back = time.monotonic()
        repair_it(stack)
        wait_for_badges(stack, 2 + COUNT, timeout=timeout, extra=0)
        about['all_out_after_s'] = round(time.monotonic() - back, 1)
        # and what comes later goes the usual way
        here(warm[2], False)
        here(warm[2])
        wait_for_badges(stack, 3 + COUNT, timeout=timeout, extra=2)
        facts = judge(stack, [*warm[:3], *with_badge], not_printed=[warm[3], *without_badge])
        if about['ratio'] > MAX_RATIO:
            facts.faults.append(f'A check-in took {about["ratio"]} times as long as without the plugin.')
        if facts.faults:
            say(stack.tails())
        return facts, about


@scenario('redis-down', 'Redis, and with it Celery, is away during twenty check-ins.')
def redis_down():
    return outage(Wanted(), lambda stack: stack.redis.stop(), lambda stack: stack.redis.start(), 60, 'Redis is away')


@scenario('dead-webhook', 'The receiver of the webhooks is away during twenty check-ins.')
def dead_webhook():
    return outage(Wanted(way='webhook'), _stop_agents, _start_agents, 180, 'The receivers are away')


@scenario('agent-away', 'The print agents are away during twenty check-ins.')
def agent_away():
    return outage(Wanted(), _stop_agents, _start_agents, 60, 'The agents are away')


def _stop_agents(stack):
    for agent in stack.agents.values():
        agent.stop()


def _start_agents(stack):
    for agent in stack.agents.values():
        agent.start()

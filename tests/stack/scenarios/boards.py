"""Two hundred boards are open at once, and check-ins and web workers do not notice."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from hashlib import sha256

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, percentile, wait_for_badges
from tests.stack.indico import ROOT
from tests.stack.manager import Manager
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import NOT_ENDED


BOARDS = 200
PEOPLE = 60
WARM_UP = 10
#: Seconds between two check-ins
CHECK_IN_INTERVAL = 0.4
#: Most of what a check-in may take longer while the boards are open: two runs on a busy machine are a rough measure
MAX_RATIO = 1.5


@contextmanager
def many_boards(stack, manager, desk_ids):
    """Boards of these desks in turn, with tickets that a volunteer's pages got.

    :return: how many are connected, and a function that ends them and returns what they count.
    """
    process = subprocess.Popen([sys.executable, '-m', 'tests.stack.many_boards', stack.url], cwd=ROOT, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for number in range(BOARDS):
            process.stdin.write(manager.get(f'/desk/{desk_ids[number % len(desk_ids)]}/board/ticket').strip() + '\n')
            process.stdin.flush()
        process.stdin.write('\n')
        process.stdin.flush()
        yield (json.loads(process.stdout.readline())['connected'],
               lambda: json.loads(process.communicate('', timeout=60)[0]))
    finally:
        process.kill()


@scenario('boards', 'Two hundred boards are open while sixty people check in: they ask no web worker.')
def boards():
    with running(Wanted(), say=say) as stack:
        people = evenly(stack, WARM_UP + 2 * PEOPLE)
        first, second = people[WARM_UP:][:PEOPLE], people[WARM_UP + PEOPLE:]
        check_in, manager = CheckIn(stack), Manager(stack, 'volunteer')
        desk_ids = list(stack.seeded['desks'].values())
        check_in.every(people[:WARM_UP], CHECK_IN_INTERVAL)
        say(f'{PEOPLE} check-ins without boards')
        without = check_in.every(first, CHECK_IN_INTERVAL)
        wait_for_badges(stack, WARM_UP + PEOPLE, 120)
        with many_boards(stack, manager, desk_ids) as (connected, end):
            say(f'{connected} boards are open; {PEOPLE} check-ins')
            asked = requests(stack)
            with_boards = check_in.every(second, CHECK_IN_INTERVAL)
            wait_for_badges(stack, len(people), 120)
            asked = requests(stack) - asked - PEOPLE
            ended = wait_until(lambda: not unfinished(stack), 60)
            page_ms = [probe(manager) for __ in range(5)]
            # the boards are drawn every few seconds in any case
            time.sleep(6)
            counted = end()
        facts = judge(stack, people)
        shown = {desk_id: set(counted['shown'][number::len(desk_ids)]) for number, desk_id in enumerate(desk_ids)}
        right = {desk_id: sha256(manager.get(f'/desk/{desk_id}/board/live').encode()).hexdigest()
                 for desk_id in desk_ids}
        agree = sum(x == right[desk_ids[number % len(desk_ids)]] for number, x in enumerate(counted['shown']))
        ratio = {f'p{x}': round(percentile([s * 1000 for s in with_boards], x)
                                / percentile([s * 1000 for s in without], x), 3) for x in (50, 95)}
        if connected != BOARDS or counted['lost']:
            facts.faults.append(f'{connected} boards were connected, {counted["lost"]} lost their link.')
        if agree != BOARDS:
            facts.faults.append(f'{agree} boards show at last what Indico does; there are '
                                f'{[len(x) for x in shown.values()]} versions.')
        if asked:
            facts.faults.append(f'The boards made {asked} requests to web workers.')
        if not ended:
            facts.faults.append('Some badges have not ended.')
        if ratio['p50'] > MAX_RATIO:
            facts.faults.append(f'With boards a check-in takes {ratio["p50"]} times as long.')
        if facts.faults:
            say(stack.tails())
        return facts, {'boards': connected, 'agree': agree, 'checkin_ratio': ratio,
                       'checkin_ms': {'without': percentile([s * 1000 for s in without], 50),
                                      'with': percentile([s * 1000 for s in with_boards], 50)},
                       'web_requests_of_boards': asked, 'messages': counted['messages'], 'pushed': counted['pushed'],
                       'page_ms': percentile(page_ms, 50)}


def requests(stack):
    """Return how many requests the web server has answered."""
    return len((stack.folder / 'indico-access.log').read_text().splitlines())


def unfinished(stack):
    """Return how many badges have not ended."""
    count, = stack.postgres.sql('indico', f'SELECT count(*) FROM plugin_checkin_print.jobs WHERE state IN {NOT_ENDED}')
    return int(count)


def probe(manager):
    """Return how long a web worker takes for a page of the volunteers, in ms."""
    started = time.perf_counter()
    manager.get('/desk/')
    return (time.perf_counter() - started) * 1000

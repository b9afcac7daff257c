"""Two hundred boards and twenty kiosks are open at once, and check-ins and web workers do not notice.

What a check-in costs more with the plugin is measured as the benchmark does: in turn with a web server on the same
database that has no plugin, before anything is open, while all is, and when it is closed.
"""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from hashlib import sha256

from tests.stack import proc
from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, percentile, wait_for_badges
from tests.stack.indico import ROOT
from tests.stack.kiosk_page import add_kiosk
from tests.stack.manager import Manager
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.outages import without_plugin
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import NOT_ENDED


BOARDS = 200
KIOSKS = 20
#: Check-ins with the plugin while all is open; half of them before and half after. As many without it
PAIRS = 60
WARM_UP = 10
#: After each check-in its badge is left alone to render and print, in seconds
CHECK_IN_INTERVAL = 0.25
#: For how long all is open and nobody checks in, in seconds: each kiosk asks at least once
IDLE = 20
#: How many requests a web server of the stack can answer at once
THREADS = 2 * 4
#: Most of what a check-in may cost more by what is open: two runs on a busy machine are a rough measure
MAX_RATIO = 1.5


@contextmanager
def many(module, url, lines):
    """Many clients in a process of their own.

    :param lines: What its standard input has for each.
    :return: what it says when all are there, and a function that ends them and returns what they count.
    """
    process = subprocess.Popen([sys.executable, '-m', f'tests.stack.{module}', url], cwd=ROOT, text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        for line in lines:
            process.stdin.write(f'{line}\n')
            process.stdin.flush()
        process.stdin.write('\n')
        process.stdin.flush()
        yield json.loads(process.stdout.readline()), lambda: json.loads(process.communicate('', timeout=60)[0])
    finally:
        process.kill()


class Pairs:
    """Check-ins with and without the plugin in turn; those with it print."""

    def __init__(self, stack, plain, people):
        self.printed, self.not_printed = [], []
        self._servers = {'with': CheckIn(stack), 'without': plain}
        self._people = iter(people)

    def __call__(self, count):
        """Check so many people in at each server; return the answers' times in ms, by server."""
        took = {'with': [], 'without': []}
        for number in range(count):
            for which in ('with', 'without') if number % 2 else ('without', 'with'):
                person = next(self._people)
                took[which].append(self._servers[which](person) * 1000)
                (self.printed if which == 'with' else self.not_printed).append(person)
                time.sleep(CHECK_IN_INTERVAL)
        return took


@scenario('boards', 'Two hundred boards and twenty kiosks are open while people check in: web workers stay free.')
def boards():
    with running(Wanted(registrations=400), say=say) as stack, without_plugin(stack) as plain:
        volunteer, manager = Manager(stack, 'volunteer'), Manager(stack)
        desk_ids = list(stack.seeded['desks'].values())
        pairs = Pairs(stack, plain, evenly(stack, 2 * (WARM_UP + 2 * PAIRS)))
        say(f'{WARM_UP} pairs of check-ins to warm up, {PAIRS // 2} while nothing is open')
        pairs(WARM_UP)
        closed = pairs(PAIRS // 2)
        page_ms = {'closed': [probe(volunteer) for __ in range(20)]}
        codes = [add_kiosk(manager, stack, f'Kiosk {number}', f'Desk {number % len(desk_ids) + 1}')[0]
                 for number in range(KIOSKS)]
        tickets = (volunteer.get(f'/desk/{desk_ids[number % len(desk_ids)]}/board/ticket').strip()
                   for number in range(BOARDS))
        with many('many_boards', stack.url, tickets) as (there, end), \
                many('many_kiosks', stack.url, codes) as (paired, end_kiosks):
            say(f'{there["connected"]} boards and {paired["paired"]} kiosks are open; {IDLE} s in which nobody comes')
            idle = Idle(stack)
            time.sleep(IDLE)
            idle.end()
            page_ms['open'] = [probe(volunteer) for __ in range(20)]
            say(f'{PAIRS} pairs of check-ins')
            asked = Requests(stack).others
            opened = pairs(PAIRS)
            wait_for_badges(stack, len(pairs.printed), 120)
            asked = Requests(stack).others - asked
            ended = wait_until(lambda: not unfinished(stack), 60)
            # the boards are drawn every few seconds in any case
            time.sleep(6)
            counted, kiosks = end(), end_kiosks()
            right = [sha256(volunteer.get(f'/desk/{desk_id}/board/live').encode()).hexdigest() for desk_id in desk_ids]
        say(f'all is closed; {PAIRS // 2} pairs')
        for which, took in pairs(PAIRS // 2).items():
            closed[which] += took
        wait_for_badges(stack, len(pairs.printed), 120)
        facts = judge(stack, pairs.printed, not_printed=pairs.not_printed)
        agree = sum(x == right[number % len(desk_ids)] for number, x in enumerate(counted['shown']))
        overhead = {'closed': _ratios(closed), 'open': _ratios(opened)}
        more = round(overhead['open']['p50'] / overhead['closed']['p50'], 3)
        if there['connected'] != BOARDS or counted['lost']:
            facts.faults.append(f'{there["connected"]} boards were connected, {counted["lost"]} lost their link.')
        if agree != BOARDS:
            versions = len(set(counted['shown']))
            facts.faults.append(f'{agree} boards show at last what Indico does; there are {versions} versions.')
        if paired['paired'] != KIOSKS or kiosks['failed'] or kiosks['asked'] < KIOSKS:
            facts.faults.append(f'{paired["paired"]} kiosks asked {kiosks["asked"]} times, {kiosks["failed"]} in vain.')
        if asked or idle.others:
            facts.faults.append(f'The boards made {asked + idle.others} requests to web workers.')
        if not ended:
            facts.faults.append('Some badges have not ended.')
        if more > MAX_RATIO:
            facts.faults.append(f'With all that is open a check-in costs {more} times as much.')
        if facts.faults:
            say(stack.tails())
        return facts, {
            'boards': there['connected'], 'agree': agree, 'kiosks': paired['paired'], 'overhead': overhead,
            'checkin_ms': {name: {which: percentile(values, 50) for which, values in took.items()}
                           for name, took in (('closed', closed), ('open', opened))},
            'web_requests_of_boards': asked, 'messages': counted['messages'], 'pushed': counted['pushed'],
            'kiosk_requests': kiosks['asked'], 'kiosk_ms': {f'p{x}': percentile(kiosks['ms'], x) for x in (50, 95)},
            'idle': idle.as_dict(kiosks['ms']),
            'page_ms': {name: percentile(values, 50) for name, values in page_ms.items()}}


class Idle:
    """What the web server and the relay do while all is open and nobody checks in."""

    def __init__(self, stack):
        self._stack = stack
        self._before = self._now()

    def _now(self):
        web, requests = self._stack.web.pid, Requests(self._stack)
        return {'t': time.monotonic(), 'kiosks': requests.of_kiosks, 'others': requests.others,
                'web': sum(map(proc.cpu_seconds, [web, *proc.children(web)])),
                'relay': proc.cpu_seconds(self._stack.relay.pid)}

    def end(self):
        now = self._now()
        self._spent = {key: now[key] - value for key, value in self._before.items()}
        #: Requests that no kiosk made
        self.others = self._spent['others']

    def as_dict(self, kiosk_ms):
        """Return rates, and which part of the web server's threads is busy, in percent.

        :param kiosk_ms: How long the answers to kiosks took, as these saw it.
        """
        seconds = self._spent['t']
        busy = self._spent['kiosks'] * (sum(kiosk_ms) / len(kiosk_ms) / 1000 if kiosk_ms else 0)
        return {'web_requests_a_second': round((self._spent['kiosks'] + self.others) / seconds, 2),
                'web_busy_percent': round(100 * busy / seconds / THREADS, 2),
                'web_cpu_percent': round(100 * self._spent['web'] / seconds, 1),
                'relay_cpu_percent': round(100 * self._spent['relay'] / seconds, 1)}


def _ratios(took):
    return {f'p{x}': round(percentile(took['with'], x) / percentile(took['without'], x), 3) for x in (50, 95)}


class Requests:
    """How many requests the web server has answered to idle kiosks, and how many to others than us."""

    def __init__(self, stack):
        # in one reading: a kiosk may ask at any moment
        lines = (stack.folder / 'indico-access.log').read_text().splitlines()
        self.of_kiosks = sum('/kiosk/alive' in line for line in lines)
        # ours are known by what they ask for: the line of the last one may be written after its answer
        ours = sum('"PATCH /api/checkin/' in line or '/desk/ HTTP' in line for line in lines)
        self.others = len(lines) - self.of_kiosks - ours


def unfinished(stack):
    """Return how many badges have not ended."""
    count, = stack.postgres.sql('indico', f'SELECT count(*) FROM plugin_checkin_print.jobs WHERE state IN {NOT_ENDED}')
    return int(count)


def probe(manager):
    """Return how long a web worker takes for a page of the volunteers, in ms."""
    started = time.perf_counter()
    manager.get('/desk/')
    return (time.perf_counter() - started) * 1000

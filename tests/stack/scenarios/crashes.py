"""The Celery worker is killed at the worst moments: while it draws a badge, and while it POSTs one."""

import re
import signal
import time

import psycopg2

from tests.stack.checkin import CheckIn
from tests.stack.facts import desk_of, judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import UNDER_WAY, JobState


KILLS = 20
#: After so many rounds the moments cannot be caught
MAX_ROUNDS = 60
#: `MAX_RENDERS` of the ledger
MAX_RENDERS = 3
#: What is dispatched without an agent is a POST under way
MOMENTS = {'rendering': f'state = {JobState.rendering}',
           'posting': f'state = {JobState.dispatched} AND agent_id IS NULL'}
#: The relay helps as well, and is not killed: what it is busy with does not count
BY_CELERY = """EXISTS (SELECT 1 FROM plugin_checkin_print.job_history h
                       WHERE h.id = (SELECT max(id) FROM plugin_checkin_print.job_history WHERE job_id = jobs.id)
                       AND h.actor LIKE 'celery:%%')"""


def webhook_for(stack, number):
    """Let a desk get its badges by a signed webhook, as its manager does."""
    manager, name = Manager(stack), f'desk{number}'
    agent = stack.agents[f'laptop{number}']
    answer = manager.post('/manage/checkin-print/webhooks/add',
                          {'name': name, 'url': agent.webhook_url(name), 'send_badge': '1'})
    secret = re.search(r'whsec_[A-Za-z0-9+/=]+', answer.json()['html'])[0]
    agent.stop()
    agent.add_webhooks({name: secret})
    agent.start()
    webhook, = stack.postgres.sql('indico', 'SELECT max(id) FROM plugin_checkin_print.webhooks')
    desk, = stack.postgres.sql('indico', f"SELECT id FROM plugin_checkin_print.desks WHERE name = 'Desk {number}'")
    manager.post(f'/manage/checkin-print/desks/{desk}/', {'name': f'Desk {number}', 'delivery': f'webhook:{webhook}'})


def catch(cursor, moment, timeout=6):
    """Return the ids of the jobs that a Celery worker is busy with, as soon as there are any."""
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        cursor.execute(f'SELECT id FROM plugin_checkin_print.jobs WHERE {MOMENTS[moment]} AND {BY_CELERY}', [])
        if rows := cursor.fetchall():
            return [id_ for id_, in rows]
    return []


def still(cursor, ids, moment):
    """Return which of some jobs were left by Celery where they were caught."""
    cursor.execute(f'SELECT id FROM plugin_checkin_print.jobs WHERE id = ANY(%s) AND {MOMENTS[moment]} AND {BY_CELERY}',
                   [ids])
    return [id_ for id_, in cursor.fetchall()]


def restart(celery):
    """Start the worker and wait until it takes work; its log has a line for every start."""
    starts = celery.log.read_bytes().count(b' ready.')
    celery.start()
    wait_until(lambda: celery.log.read_bytes().count(b' ready.') > starts)


@scenario('crash', 'The Celery worker is killed twenty times, while it draws badges and while it POSTs them.')
def crash():
    # where a relay runs, it makes the POSTs
    with running(Wanted(way='poll', relay=False), say=say) as stack:
        webhook_for(stack, 2)
        everybody = evenly(stack, len(stack.seeded['registrations']))
        queues = {name: [p for p in everybody if desk_of(stack, p) == name] for name in ('desk1', 'desk2')}
        check_in, receiver = CheckIn(stack), stack.agents['laptop2'].service
        connection = psycopg2.connect(stack.postgres.uri('indico'))
        connection.autocommit = True
        cursor = connection.cursor()
        people, kills = [], dict.fromkeys(MOMENTS, 0)
        for round_ in range(MAX_ROUNDS):
            if sum(kills.values()) == KILLS:
                break
            # a badge whose worker dies three times fails by design: it may be the cause
            wait_until(lambda: not died_twice(cursor), 90, interval=0.2)
            moment = 'posting' if kills['posting'] < kills['rendering'] else 'rendering'
            # every POST hangs: the receiver has it, or will have it, and nobody hears the answer
            if moment == 'posting':
                receiver.send(signal.SIGSTOP)
            now = [queues['desk1'].pop(), queues['desk2'].pop()]
            for person in now if moment == 'rendering' else now[::-1]:
                check_in(person)
            people += now
            caught = catch(cursor, moment)
            stack.celery.kill()
            left = still(cursor, caught, moment)
            kills[moment] += bool(left)
            say(f'round {round_ + 1}: killed while {moment}: {len(left)} badges left behind')
            receiver.send(signal.SIGCONT)
            # the lease runs out
            cursor.execute("UPDATE plugin_checkin_print.jobs SET lease_dt = lease_dt - interval '40 s' "
                           'WHERE id = ANY(%s) AND lease_dt IS NOT NULL', [left])
            restart(stack.celery)
        say(f'{sum(kills.values())} times killed; {len(people)} people were checked in')
        wait_for_badges(stack, len(people), timeout=180, extra=5)
        wait_until(lambda: not under_way(cursor), 60, interval=0.5)
        facts = judge(stack, people)
        cursor.execute("SELECT count(*) FROM plugin_checkin_print.job_history WHERE reason = 'worker_died'")
        taken_over = cursor.fetchone()[0]
        connection.close()
        if sum(kills.values()) != KILLS:
            facts.faults.append(f'Only {kills} kills hit their moment.')
        if facts.faults:
            say(stack.tails())
        return facts, {'kills': kills, 'taken_over': taken_over}


def died_twice(cursor):
    """Return how many badges wait for their last worker, or have it."""
    cursor.execute('SELECT count(*) FROM plugin_checkin_print.jobs '
                   f'WHERE (state = {JobState.queued} AND attempts >= {MAX_RENDERS - 1}) '
                   f'OR (state = {JobState.rendering} AND attempts >= {MAX_RENDERS})')
    return cursor.fetchone()[0]


def under_way(cursor):
    """Return how many jobs have not ended."""
    cursor.execute(f'SELECT count(*) FROM plugin_checkin_print.jobs WHERE state IN {UNDER_WAY}')
    return cursor.fetchone()[0]

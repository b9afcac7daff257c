"""More print agents than any conference has, on one relay."""

import hashlib
import json
import os
import statistics
import subprocess
import time
import urllib.request
from contextlib import contextmanager

from tests.stack.agent import COMMAND
from tests.stack.facts import Facts
from tests.stack.indico import ROOT
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running
from tests.stack.states import JobState


AGENTS = 1000
MAX_MEMORY_PER_AGENT = 200  # KiB of the relay
#: In a soak: agents, and how much of itself the relay may grow by in the second half
SOAK_AGENTS = 100
SOAK_ROUND = 20  # seconds from one badge of each agent to the next
LINK_DURATION = 120  # seconds, more or less
MAX_GROWTH = 0.03
#: A badge for each of a thousand desks: their agents, their desks, and a document that is small but real.
PEOPLE = """
    WITH a AS (
        INSERT INTO plugin_checkin_print.agents (event_id, name, token_hash, software, spool, link, printers, paired_dt,
                                                 created_dt)
        SELECT {event}, 'Laptop ' || n, encode(sha256(('icpa_' || n || '{salt}')::bytea), 'hex'), '', '', '', '[]',
               now(), now() FROM generate_series(1, {count}) n
        RETURNING id, name
    ), d AS (
        INSERT INTO plugin_checkin_print.desks (event_id, name, paused, is_deleted)
        SELECT {event}, 'Desk of ' || name, false, false FROM a RETURNING id, name
    )
    INSERT INTO plugin_checkin_print.desk_printers (desk_id, position, agent_id, printer)
    SELECT d.id, 0, a.id, 'p' FROM a JOIN d ON d.name = 'Desk of ' || a.name;
"""
JOBS = """
    WITH f AS (
        INSERT INTO plugin_checkin_print.documents (content, kind, length, sha256, pages, width_mm, height_mm,
                                                    created_dt)
        SELECT c, 1, length(c), encode(sha256(c), 'hex'), 1, 96, 134, now()
        FROM (SELECT convert_to(repeat('a badge of 10 kB ', 600), 'UTF8') AS c) x
        RETURNING id
    ), j AS (
        INSERT INTO plugin_checkin_print.jobs (event_id, purpose, desk_id, document_id, state, created_dt, changed_dt,
                                               expires_dt, queue_dt, next_try_dt)
        SELECT d.event_id, 'test', d.id, f.id, 4, t, t, t + interval '30 min', t, t
        FROM plugin_checkin_print.desks d, f, (SELECT now() AT TIME ZONE 'UTC' AS t) x WHERE d.name LIKE 'Desk of %'
    )
    SELECT pg_notify('checkin_print', 'agent ' || agent_id) FROM plugin_checkin_print.desk_printers WHERE printer = 'p'
"""
#: Jobs whose outcome nobody knows
UNKNOWN = f"SELECT count(*) FROM plugin_checkin_print.jobs WHERE purpose = 'test' AND state = {JobState.unknown}"
PRINTED = f"SELECT count(*) FROM plugin_checkin_print.jobs WHERE purpose = 'test' AND state = {JobState.completed}"
#: How long each badge took from its commit to the outcome, in ms.
TOOK = f"""
    SELECT extract(epoch FROM h.dt - j.created_dt) * 1000 FROM plugin_checkin_print.jobs j
    JOIN plugin_checkin_print.job_history h ON h.job_id = j.id AND h.state = {JobState.completed}
    WHERE j.purpose = 'test'
"""


def memory(stack):
    """Return the resident memory of the relay, in bytes, as it says itself."""
    with urllib.request.urlopen(f'http://127.0.0.1:{stack.relay_port}/metrics', timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(line for line in lines if line.startswith('checkin_print_relay_memory_bytes')).split()[1]))


@contextmanager
def many_agents(stack, count, duration=None):
    """So many agents, each with a desk, connected to the relay.

    :param duration: How many seconds each link lasts, more or less; without it, as long as the agents.
    :return: What they said when all were welcomed, and a function that ends them and returns what they count.
    """
    salt = hashlib.sha256(os.urandom(16)).hexdigest()
    stack.postgres.sql('indico', PEOPLE.format(event=stack.seeded['event']['id'], count=count, salt=salt))
    # in the agents' environment, which has no Indico
    command = [COMMAND.parent / 'python', '-m', 'tests.stack.many_agents',
               f'ws://127.0.0.1:{stack.relay_port}/checkin-print/ws', *([str(duration)] if duration else [])]
    agents = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        agents.stdin.write('\n'.join(f'icpa_{n}{salt}' for n in range(1, count + 1)) + '\n\n')
        agents.stdin.flush()
        welcomed = json.loads(agents.stdout.readline())['welcomed']
        yield welcomed, lambda: json.loads(agents.communicate('', timeout=60)[0])
    finally:
        agents.kill()


def badge_for_each(stack, total, timeout):
    """Give each desk a badge; return whether `total` badges in all are printed in time."""
    stack.postgres.sql('indico', JOBS)
    return wait_until(lambda: int(stack.postgres.sql('indico', PRINTED)[0]) >= total, timeout, interval=0.5)


def account(stack, counted, total):
    """Return the facts: what the agents were asked to print, and what they count."""
    ms = [float(x) for x in stack.postgres.sql('indico', TOOK) if x]
    unknown = int(stack.postgres.sql('indico', UNKNOWN)[0])
    facts = Facts(checked_in=total, printed=counted['printed'], duplicates=counted['duplicates'],
                  lost=total - counted['printed'], unknown=unknown, ms=ms)
    if counted['lost_links'] or facts.lost or facts.duplicates or len(ms) != total:
        facts.faults.append(f'{counted["lost_links"]} links were lost, {facts.lost} badges were lost, '
                            f'{facts.duplicates} came twice, {unknown} are unknown, the ledger knows of {len(ms)}.')
    return facts


@scenario('thousand-agents', 'A thousand print agents on one relay, by real websockets, get a badge each, three times.')
def thousand_agents():
    with running(Wanted(registrations=10), say=say) as stack:
        before = memory(stack)
        with many_agents(stack, AGENTS) as (welcomed, end):
            idle = memory(stack)
            each = (idle - before) / AGENTS / 1024
            say(f'{welcomed} agents are connected; {each:.0f} KiB of memory for each')
            after, rounds = [], []
            for number in range(1, 4):
                started = time.monotonic()
                done = badge_for_each(stack, AGENTS * number, 300)
                rounds.append(round(time.monotonic() - started, 1))
                after.append(memory(stack))
                say(f'round {number}: {"all" if done else "not all"} have their badge after {rounds[-1]} s')
            facts = account(stack, end(), 3 * AGENTS)
        if welcomed != AGENTS:
            facts.faults.append(f'{welcomed} agents were welcomed.')
        if each > MAX_MEMORY_PER_AGENT:
            facts.faults.append(f'An agent costs {each:.0f} KiB.')
        if facts.faults:
            say(stack.tails())
        return facts, {'agents': welcomed, 'memory_per_agent_kib': round(each, 1), 'round_seconds': rounds,
                       'memory_mib': [round(x / 2**20, 1) for x in (before, idle, *after)]}


@scenario('relay-soak', 'A hundred agents print and connect anew for an hour (ARGS=minutes); the memory stays flat.')
def relay_soak(minutes='60'):
    seconds = float(minutes) * 60
    with (running(Wanted(registrations=10), say=say) as stack,
          many_agents(stack, SOAK_AGENTS, LINK_DURATION) as (welcomed, end)):
        say(f'{welcomed} agents are connected')
        samples, total, started = [], 0, time.monotonic()
        while (passed := time.monotonic() - started) < seconds:
            total += SOAK_AGENTS
            if not badge_for_each(stack, total, 300):
                break
            samples.append((passed / 3600, memory(stack) / 2**20))
            if len(samples) % 10 == 0:
                say(f'{passed / 60:4.0f} minutes: {total} badges, {samples[-1][1]:.1f} MiB')
            time.sleep(max(0, SOAK_ROUND - (time.monotonic() - started - passed)))
        counted = end()
        facts = account(stack, counted, total)
        # the first half warms up: caches and the allocator's arenas are filled
        later = samples[len(samples) // 2:]
        slope = statistics.linear_regression(*zip(*later, strict=True)).slope if len(later) > 1 else 0.0
        growth = statistics.median(x for __, x in later[len(later) // 2:]) / later[0][1] - 1 if later else 0.0
        if growth > MAX_GROWTH:
            facts.faults.append(f'The relay has grown by {growth:.1%} in the second half.')
        if facts.faults:
            say(stack.tails())
        return facts, {'agents': welcomed, 'minutes': float(minutes), 'links': welcomed + counted['ended_links'],
                       'memory_mib': [round(x, 1) for __, x in samples[::max(1, len(samples) // 12)]],
                       'mib_per_hour': round(slope, 2)}

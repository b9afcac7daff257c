"""More print agents than any conference has, on one relay."""

import hashlib
import json
import os
import subprocess
import urllib.request

from tests.stack.agent import COMMAND
from tests.stack.facts import Facts
from tests.stack.indico import ROOT
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running


AGENTS = 1000
#: A relay may need so much memory for an agent, in KiB.
MEMORY = 200
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
    WITH j AS (
        INSERT INTO plugin_checkin_print.jobs (event_id, purpose, desk_id, state, created_dt, changed_dt, expires_dt,
                                               queue_dt, next_try_dt)
        SELECT event_id, 'test', id, 4, t, t, t + interval '30 min', t, t
        FROM plugin_checkin_print.desks, (SELECT now() AT TIME ZONE 'UTC' AS t) x WHERE name LIKE 'Desk of %'
        RETURNING id
    ), f AS (
        INSERT INTO plugin_checkin_print.documents (job_id, content, kind, length, sha256, pages, width_mm, height_mm,
                                                    created_dt)
        SELECT id, c, 1, length(c), encode(sha256(c), 'hex'), 1, 96, 134, now()
        FROM j, (SELECT convert_to(repeat('a badge of 10 kB ', 600), 'UTF8') AS c) x
    )
    SELECT pg_notify('checkin_print', 'agent ' || agent_id) FROM plugin_checkin_print.desk_printers WHERE printer = 'p'
"""
#: How long each badge took from its commit to the word that it is printed, in ms.
TOOK = """
    SELECT extract(epoch FROM h.dt - j.created_dt) * 1000 FROM plugin_checkin_print.jobs j
    JOIN plugin_checkin_print.job_history h ON h.job_id = j.id AND h.state = 7 WHERE j.purpose = 'test'
"""


def memory(stack):
    """Return the resident memory of the relay, in bytes, by its own word."""
    with urllib.request.urlopen(f'http://127.0.0.1:{stack.relay_port}/metrics', timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return int(next(line for line in lines if line.startswith('checkin_print_relay_memory_bytes')).split()[1])


@scenario('thousand-agents', 'A thousand print agents on one relay, by real websockets, get a badge each, three times.')
def thousand_agents():
    with running(Wanted(registrations=10), say=say) as stack:
        salt = hashlib.sha256(os.urandom(16)).hexdigest()
        stack.postgres.sql('indico', PEOPLE.format(event=stack.seeded['event']['id'], count=AGENTS, salt=salt))
        before = memory(stack)
        # in the agents' environment, which has no Indico
        crowd = subprocess.Popen([COMMAND.parent / 'python', '-m', 'tests.stack.crowd',
                                  f'ws://127.0.0.1:{stack.relay_port}/checkin-print/ws'], cwd=ROOT, text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            crowd.stdin.write('\n'.join(f'icpa_{n}{salt}' for n in range(1, AGENTS + 1)) + '\n\n')
            crowd.stdin.flush()
            welcomed = json.loads(crowd.stdout.readline())['welcomed']
            idle = memory(stack)
            say(f'{welcomed} agents are connected; {(idle - before) / AGENTS / 1024:.0f} KiB of memory for each')
            after = []
            for number in range(1, 4):
                stack.postgres.sql('indico', JOBS)
                done = wait_until(lambda number=number: len(stack.postgres.sql('indico', TOOK)) >= AGENTS * number, 120,
                                  interval=0.5)
                after.append(memory(stack))
                say(f'round {number}: {"all" if done else "not all"} have their badge')
            ms = [float(x) for x in stack.postgres.sql('indico', TOOK) if x]
            output, __ = crowd.communicate('', timeout=60)
        finally:
            crowd.kill()
        told = json.loads(output)
        facts = Facts(checked_in=3 * AGENTS, printed=told['printed'], duplicates=told['duplicates'],
                      lost=3 * AGENTS - told['printed'], ms=ms)
        each = (idle - before) / AGENTS / 1024
        if welcomed != AGENTS or told['lost_links'] or facts.lost or facts.duplicates or len(ms) != 3 * AGENTS:
            facts.faults.append(f'{welcomed} were welcomed, {told["lost_links"]} links were lost, {facts.lost} badges '
                                f'were lost, {facts.duplicates} came twice.')
        if each > MEMORY:
            facts.faults.append(f'An agent costs {each:.0f} KiB.')
        if facts.faults:
            say(stack.tails())
        return facts, {'agents': welcomed, 'memory_per_agent_kib': round(each, 1),
                       'memory_mib': [round(x / 2**20, 1) for x in (before, idle, *after)]}

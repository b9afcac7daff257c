"""What is between Indico and the printers fails: a relay, a cable, a printer, an agent's right to be there."""

import json
import random
import threading
import time

from tests.stack.cable import Cable
from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.process import wait_until
from tests.stack.proxy import Proxy
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.printers import answer_questions, history, open_questions
from tests.stack.scenarios.ways import evenly, print_badges
from tests.stack.stack import Wanted, running
from tests.stack.states import NOT_ENDED, JobState, sql_list


PRINT_DURATION = 2  # seconds that a slow printer takes for a badge
#: Badges with a go that a printer has at most: one in it, and one behind it
MAX_GOES_PER_PRINTER = 2
WITH_GO = (JobState.dispatched, JobState.printing)
#: How long a job without a go waits for another agent once its own fell silent
REASSIGN_TIMEOUT = 45  # seconds


def with_agent(stack, agent, states=(JobState.ready, *WITH_GO)):
    """Return the states of the jobs that the ledger says are with an agent, as {uuid: state}."""
    rows = stack.postgres.sql('indico', f"""
        SELECT j.uuid, j.state FROM plugin_checkin_print.jobs j JOIN plugin_checkin_print.agents a ON a.id = j.agent_id
        WHERE a.name = '{agent}' AND j.state IN {sql_list(*states)}""")
    return {uuid: int(state) for uuid, state in (row.split('\t') for row in rows if row)}


def of_first_desk(stack, count, start=0):
    """Return people whose badges come out at the first desk."""
    form = stack.seeded['forms'][0]['id']
    return [p for p in stack.seeded['registrations'] if p['form_id'] == form][start:start + count]


def end(stack, facts, about):
    """Return what a scenario returns; with the last lines of all logs if something is not as it should be."""
    if facts.faults:
        say(stack.tails())
    return facts, about


@scenario('relay-kill', 'Eighty badges are printed while two relays behind nginx are killed twenty times.')
def relay_kill():
    with running(Wanted(relays=2, shared=True), say=say) as stack:
        people, manager = evenly(stack, 80), Manager(stack)
        for printer in stack.printers.values():
            printer.slow(0.3)
        seed = time.time_ns() % 100_000
        chance = random.Random(seed)
        say(f'80 people are checked in while relays are killed 20 times (random seed {seed})')
        scans = threading.Thread(target=CheckIn(stack).every, args=(people, 1))
        scans.start()
        while_printing = 0
        for __ in range(20):
            time.sleep(chance.uniform(0.5, 2))
            # one that is only starting has no agents to lose
            relay = chance.choice([r for r in stack.relays if r.ready()] or stack.relays)
            while_printing += len(stack.papers()) < 80
            relay.kill()
            relay.spawn()
        scans.join()
        wait_for_badges(stack, 80, timeout=90, extra=3)
        asked = answer_questions(stack, manager)
        facts = judge(stack, people, anywhere=True)
        return end(stack, facts, {'kills': 20, 'while_printing': while_printing, 'asked_a_person': asked})


@scenario('network-cut', 'A laptop with a queue loses its network twice; once it still speaks, but hears nothing.')
def network_cut():
    with Cable() if Cable.possible() else Proxy() as cable:
        # all addresses: the one of the cable is another than that of the other laptop
        wanted = Wanted(shared=True,
                        relay_host='0.0.0.0' if isinstance(cable, Cable) else '127.0.0.1')
        with running(wanted, say=say) as stack:
            move_behind(stack, cable)
            for printer in stack.printers.values():
                printer.slow(PRINT_DURATION)
            first = cut(stack, of_first_desk(stack, 20), cable.unplug, cable.restore, wait_for_unknown=True)
            second = cut(stack, of_first_desk(stack, 20, 20), cable.swallow, cable.restore, wait_for_unknown=False)
            facts = judge(stack, of_first_desk(stack, 40), anywhere=True)
            for about in (first, second):
                if about['with_go'] > MAX_GOES_PER_PRINTER or about['were_unknown'] > about['with_go']:
                    facts.faults.append(f'{about["with_go"]} had a go, {about["were_unknown"]} became unknown.')
                if about['moved_after_s'] is None:
                    facts.faults.append('Not all badges without a go came out at the other printer.')
            return end(stack, facts, {'way': type(cable).__name__.lower(), 'cable_pulled': first,
                                      'hears_nothing': second})


def move_behind(stack, cable):
    """Put the first laptop at the other end of the cable."""
    laptop = stack.agents['laptop1']
    laptop.stop()
    port = stack.relay_port
    if isinstance(cable, Proxy):
        cable.target, port = stack.relay_port, cable.port
    path, = (laptop.folder / 'pairings').glob('*.json')
    pairing = json.loads(path.read_text())
    pairing['stream'] = f'ws://{cable.indico}:{port}/checkin-print/ws'
    path.write_text(json.dumps(pairing))
    cable.put_in(laptop.service, [printer.port for printer in stack.printers.values()])
    laptop.start()
    assert wait_until(lambda: b'by websocket' in laptop.service.log.read_bytes().split(b'print-agent ')[-1], 30), (
        laptop.service.tail())


def cut(stack, people, cut_it, repair_it, *, wait_for_unknown):
    """Check people in, cut the laptop off in the middle of its queue, and let it return. Return what happened."""
    before = len(stack.papers())
    check_in = CheckIn(stack)
    for person in people:
        check_in(person)
    wait_for_badges(stack, before + 3, extra=0)
    cut_it()
    time.sleep(0.5)
    started = time.monotonic()
    held = with_agent(stack, 'laptop1')
    with_go = [uuid for uuid, state in held.items() if state != JobState.ready]
    say(f'cut off: the laptop holds {len(held)} badges, {len(with_go)} with a go')

    def others_are_out():
        return not set(waiting(stack, people)) - set(with_go)

    moved = wait_until(others_are_out, REASSIGN_TIMEOUT + 20 * PRINT_DURATION + 30, interval=0.2)
    took = round(time.monotonic() - started, 1) if moved else None
    say(f'all without a go are out at the other printer after {took} s')
    unknown = 0
    if wait_for_unknown:
        wait_until(lambda: not with_agent(stack, 'laptop1', WITH_GO), 120, interval=0.5)
        unknown = len(open_questions(stack))
        say(f'{unknown} badges are unknown; now the network is back')
    repair_it()
    ended = wait_until(lambda: not waiting(stack, people) and not open_questions(stack), 120, interval=0.2)
    time.sleep(2)
    return {'held': len(held), 'with_go': len(with_go), 'moved_after_s': took, 'were_unknown': unknown,
            'ended_by_the_agent': bool(ended)}


def waiting(stack, people):
    """Return the jobs of people that have not come to an end."""
    ids = ', '.join(str(p['id']) for p in people)
    return [x for x in stack.postgres.sql('indico', f"""
        SELECT uuid FROM plugin_checkin_print.jobs
        WHERE registration_id IN ({ids}) AND state IN {NOT_ENDED}""") if x]


@scenario('failover', 'The printer of a desk fails; its badges come out at the other, and it comes back automatically.')
def failover():
    with running(Wanted(shared=True), say=say) as stack:
        people, manager = of_first_desk(stack, 20), Manager(stack)
        stack.printers['desk1'].break_down()
        say('the first printer fails every page; 20 people are checked in')
        CheckIn(stack).every(people[:16], 0.5)
        wait_for_badges(stack, 16)
        page = manager.get('/manage/checkin-print/')
        shown = page.count('Came out at desk2. desk1: ')
        elsewhere = sum(paper.printer == 'desk2' for paper in stack.papers())
        stack.printers['desk1'].repair()
        say(f'{elsewhere} came out at the other printer, the page says why of {shown}; now the first is repaired')
        back = wait_until(lambda: b'"idle"' in json.dumps(printer_of(stack, 'laptop1')).encode(), 90, interval=0.3)
        check_in = CheckIn(stack)
        for person in people[16:]:
            check_in(person)
        wait_for_badges(stack, 20, extra=2)
        at_first = sum(paper.printer == 'desk1' for paper in stack.papers())
        facts = judge(stack, people, anywhere=True)
        failures = len([row for row in history(stack, 'TRUE') if row[2] in {'engine_failed', 'rejected'}])
        if elsewhere != 16 or not shown or not back or not at_first:
            facts.faults.append(f'{elsewhere} of 16 came out elsewhere, {shown} were shown; back in service: {back}, '
                                f'{at_first} badges came out there.')
        return end(stack, facts, {'elsewhere': elsewhere, 'shown_on_page': shown, 'tries_that_failed': failures,
                                  'at_the_first': at_first})


def printer_of(stack, agent):
    row, = stack.postgres.sql('indico', f"SELECT printers FROM plugin_checkin_print.agents WHERE name = '{agent}'")
    return json.loads(row)[0]


@scenario('revoke', 'An agent is revoked in the middle of its queue: its link closes at once, nothing more goes there.')
def revoke():
    with running(Wanted(shared=True), say=say) as stack:
        people, manager = of_first_desk(stack, 20), Manager(stack)
        for printer in stack.printers.values():
            printer.slow(PRINT_DURATION)
        check_in = CheckIn(stack)
        for person in people:
            check_in(person)
        wait_for_badges(stack, 4, extra=0)
        agent_id, = stack.postgres.sql('indico', "SELECT id FROM plugin_checkin_print.agents WHERE name = 'laptop1'")
        started = time.monotonic()
        manager.post(f'/manage/checkin-print/agents/{agent_id}/revoke')
        log = stack.agents['laptop1'].service.log
        closed = wait_until(lambda: b'was revoked' in log.read_bytes(), 10, interval=0.01)
        took = round(time.monotonic() - started, 2)
        # counted now: until it was revoked, the agent reported badges and got a go for the next
        with_go = with_agent(stack, 'laptop1', WITH_GO)
        there = sum(paper.printer == 'desk1' for paper in stack.papers())
        say(f'revoked: the link is closed after {took} s; {len(with_go)} badges had a go')
        wait_for_badges(stack, 20, timeout=120, extra=5)
        later = sum(paper.printer == 'desk1' for paper in stack.papers()) - there
        # it cannot report what it had a go for any more: a person checks
        wait_until(lambda: not with_agent(stack, 'laptop1', WITH_GO), 150, interval=0.5)
        asked = answer_questions(stack, manager)
        wait_for_badges(stack, 20, extra=2)
        facts = judge(stack, people, anywhere=True)
        if not closed or len(with_go) > MAX_GOES_PER_PRINTER or later > len(with_go) or asked > len(with_go):
            facts.faults.append(f'Closed: {bool(closed)}; {later} came out there afterwards, {len(with_go)} had a '
                                f'go, {asked} were asked about.')
        return end(stack, facts, {'closed_after_s': took, 'had_go': len(with_go), 'came_out_there_later': later,
                                  'asked_a_person': asked})


@scenario('poll-only', 'Twenty check-ins over two desks without any relay: everything goes by polling.')
def poll_only():
    return print_badges(Wanted(way='poll', relay=False), 20)

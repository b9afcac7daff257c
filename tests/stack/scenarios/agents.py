"""What is around a printer dies or sleeps: the print agent, CUPS, the laptop. Nothing is lost or comes out twice."""

import random
import signal
import threading
import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.printers import answer_until_done, history, open_questions
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import JobState


BADGES = 100
#: Seconds that the virtual printers take for a badge: long enough that most kills hit one that is being printed.
PRINT_DURATION = 0.4


def killing(times, kill, pauses):
    """Check a hundred people in while something is killed again and again; judge what came out.

    :param kill: Kills something of a `Stack` and starts it again; gets a random generator.
    :param pauses: The shortest and the longest pause between two kills, in seconds.
    """
    with running(Wanted(), say=say) as stack:
        people, manager = evenly(stack, BADGES), Manager(stack)
        for printer in stack.printers.values():
            printer.slow(PRINT_DURATION)
        seed = time.time_ns() % 100_000
        chance = random.Random(seed)
        say(f'{BADGES} people are checked in while it is killed {times} times (random seed {seed})')
        scans = threading.Thread(target=CheckIn(stack).every, args=(people, 0.3))
        scans.start()
        printed_at_kill = []
        for _ in range(times):
            time.sleep(chance.uniform(*pauses))
            printed_at_kill.append(len(stack.papers()))
            kill(stack, chance)
        scans.join()
        say(f'{len(stack.papers())} badges are out')
        asked = answer_until_done(stack, manager, BADGES, timeout=240)
        facts = judge(stack, people)
        questions = [row for row in history(stack, 'TRUE') if row[1] == str(JobState.unknown)]
        if len(questions) > times:
            facts.faults.append(f'{len(questions)} badges were unknown after {times} kills.')
        if facts.faults:
            say(stack.tails())
        return facts, {'kills': times, 'while_printing': sum(n < BADGES for n in printed_at_kill),
                       'were_unknown': len(questions), 'why': sorted({row[2] for row in questions}),
                       'asked_a_person': asked}


@scenario('agent-kill', 'A hundred badges are printed while the print agents are killed thirty times.')
def agent_kill():
    def kill(stack, chance):
        agent = chance.choice(list(stack.agents.values()))
        agent.service.kill()
        agent.start()
    return killing(30, kill, (0.1, 1.0))


@scenario('cupsd-kill', 'A hundred badges are printed while CUPS is killed ten times.')
def cupsd_kill():
    def kill(stack, chance):
        stack.printing.cups.service.kill()
        time.sleep(chance.uniform(0, 1))
        stack.printing.cups.start()
    return killing(10, kill, (0.5, 4.0))


@scenario('laptop-sleep', 'A laptop sleeps for a minute with badges; what came out elsewhere is not printed on waking.')
def laptop_sleep():
    with running(Wanted(desks=2, shared=True), say=say) as stack:
        people, manager = evenly(stack, 24), Manager(stack)
        first = stack.agents['laptop1']
        check_in = CheckIn(stack)
        check_in.every(people[:4], 0.5)
        wait_for_badges(stack, 4)
        # the printers are slow, so that both laptops hold badges with and without a go
        for printer in stack.printers.values():
            printer.slow(1.5)
        check_in.every(people[4:16], 0.1)
        wait_until(lambda: len(stack.papers()) >= 6, 20)
        first.service.send(signal.SIGSTOP)
        slept = time.monotonic()
        held = stack.postgres.sql('indico', 'SELECT count(*), count(*) FILTER (WHERE state >= 5) FROM '
                                            'plugin_checkin_print.jobs j JOIN plugin_checkin_print.agents a '
                                            f"ON a.id = j.agent_id WHERE a.name = '{first.name}' "
                                            'AND j.state BETWEEN 4 AND 6')[0].split('\t')
        say(f'{first.name} sleeps; it holds {held[0]} badges, {held[1]} of them with a go')
        check_in.every(people[16:20], 0.3)
        # what has no go at the sleeper comes out at the other desk; a person is asked about the others
        wait_until(lambda: time.monotonic() - slept > 65, 120, interval=0.5)
        elsewhere, questions = len(stack.papers()), len(open_questions(stack))
        own = len(stack.printers['desk1'].papers())
        say(f'{elsewhere} badges are out, {questions} are unknown; {first.name} wakes')
        first.service.send(signal.SIGCONT)
        time.sleep(8)
        on_waking = len(stack.printers['desk1'].papers()) - own
        asked = answer_until_done(stack, manager, 20)
        CheckIn(stack).every(people[20:], 1)  # a connection that was quiet for long may be closed
        answer_until_done(stack, manager, len(people))
        facts = judge(stack, people, anywhere=True)
        if on_waking:
            facts.faults.append(f'{on_waking} badges were printed on waking.')
        if facts.faults:
            say(stack.tails())
        return facts, {'slept_s': 65, 'held': int(held[0]), 'with_permission': int(held[1]),
                       'out_while_asleep': elsewhere, 'unknown_while_asleep': questions,
                       'printed_on_waking': on_waking, 'asked_a_person': asked}

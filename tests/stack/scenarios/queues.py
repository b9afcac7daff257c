"""A print queue that looks ready and prints nothing: its device is dead, or its printer cancels what it gets."""

import contextlib
import socket
import threading
import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.process import free_port, wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.links import end, of_first_desk, printer_of
from tests.stack.scenarios.printers import history
from tests.stack.stack import Wanted, running


#: People who are checked in at the same moment.
BURST = 12
OUT_TIMEOUT = 15  # seconds until all of them have their badges
SHOWN_TIMEOUT = 10  # seconds until a person can read what is wrong
#: How many badges a printer may cancel before others get its work
MAX_TRIES = 3


@contextlib.contextmanager
def deaf_port():
    """Yield a port of this computer that answers no attempt to connect: its queue of them is full."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(('127.0.0.1', 0))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@scenario('dead-queue', 'The first printer of a desk takes no connection, first refusing, then swallowing it.')
def dead_queue():
    with running(Wanted(desks=2, shared=True), say=say) as stack, deaf_port() as deaf:
        people = of_first_desk(stack, 2 * BURST)
        about, late = {}, []
        for number, (kind, port) in enumerate({'refusing': free_port(), 'swallowing': deaf}.items()):
            stack.printing.cups.add_raw_queue('desk1', f'socket://127.0.0.1:{port}')
            if number:
                # nobody knows of the other device before it is tried
                wait_until(lambda: _state(stack)[0] != 'stopped', 20)
            say(f'the first printer is dead ({kind}); {BURST} people are checked in at once')
            start = time.monotonic()
            threading.Thread(target=CheckIn(stack).every, daemon=True,
                             args=(people[number * BURST:(number + 1) * BURST], 0)).start()
            stopped = wait_until(lambda: _state(stack) == ('stopped', ['printer_unreachable']), 30, interval=0.1)
            shown = round(time.monotonic() - start, 1) if stopped else None
            wait_for_badges(stack, (number + 1) * BURST, extra=0)
            out = round(time.monotonic() - start, 1)
            about |= {f'{kind}_shown_after_s': shown, f'{kind}_all_out_after_s': out}
            say(f'shown after {shown} s, all out after {out} s')
            if shown is None or shown > SHOWN_TIMEOUT or out > OUT_TIMEOUT:
                late.append(f'{kind}: shown after {shown} s, all out after {out} s.')
        time.sleep(2)
        facts = judge(stack, people, anywhere=True)
        about['reasons'] = sorted({reason for _job, state, reason in history(stack, 'TRUE') if state == '4'})
        facts.faults += late
        if {paper.printer for paper in stack.papers()} != {'desk2'}:
            facts.faults.append('Not all badges came out at the second printer.')
        return end(stack, facts, about)


def _state(stack):
    """Return what the agent reported of the first printer: its state and its reasons."""
    try:
        printer = printer_of(stack, 'laptop1')
    except IndexError:  # CUPS is making the queue anew
        return '', []
    return printer['state'], printer['reasons']


@scenario('canceling-printer', 'A printer cancels every badge that it gets; they come out at the other one.')
def canceling_printer():
    with running(Wanted(desks=2, shared=True), say=say) as stack:
        people = of_first_desk(stack, 10)
        stack.printers['desk1'].cancel_jobs()
        say('the first printer cancels every badge; 10 people are checked in')
        CheckIn(stack).every(people, 0.5)
        wait_for_badges(stack, 10, extra=2)
        elsewhere = sum(paper.printer == 'desk2' for paper in stack.papers())
        tries = stack.printers['desk1'].canceled()
        facts = judge(stack, people, anywhere=True)
        if elsewhere != 10 or not 0 < tries <= MAX_TRIES:
            facts.faults.append(f'{elsewhere} of 10 came out at the other printer, after {tries} tries at the first.')
        return end(stack, facts, {'elsewhere': elsewhere, 'tries_at_the_first': tries,
                                  'retries': sum(row[2] == 'printer_cancels' for row in history(stack, 'TRUE'))})

"""A printer fails in one of the ways in which printers fail. Two desks, each with a laptop and a printer of its own.

While the first printer is broken its desk's badges come out at the other one. A badge that was in the broken printer
waits, comes out when that is repaired, or becomes a question to a person, who checks and answers.
"""

import time
from html import unescape

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.printer import HERE
from tests.stack.process import wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import NOT_ENDED, JobState


SHOWN_TIMEOUT = 5  # seconds until the reason is on the page
#: Badges that are checked in while the printer is broken.
PEOPLE_MEANWHILE = 10


def history(stack, where):
    """Return what the ledger's history says about jobs, oldest first: (job, state, reason) as text."""
    return [tuple(row.split('\t')) for row in stack.postgres.sql('indico', f"""
        SELECT h.job_id, h.state, h.reason FROM plugin_checkin_print.job_history h
        JOIN plugin_checkin_print.jobs j ON j.id = h.job_id WHERE {where} ORDER BY h.id""") if row]


def open_questions(stack):
    """Return (id, uuid) of all jobs of which nobody knows whether the badge came out."""
    rows = stack.postgres.sql(
        'indico', f'SELECT id, uuid FROM plugin_checkin_print.jobs WHERE state = {JobState.unknown} ORDER BY id')
    return [tuple(row.split('\t')) for row in rows if row]


def answer_questions(stack, manager):
    """Check each badge that is unknown, as a person at the desk does, and answer on the page. Return how many."""
    questions = open_questions(stack)
    for id_, uuid in questions:
        seen = any(uuid in paper.title for paper in stack.papers())
        manager.post(f'/manage/checkin-print/jobs/{id_}/{"came-out" if seen else "missed"}')
    return len(questions)


def answer_until_done(stack, manager, count, timeout=120):
    """Wait until everybody has a badge; answer what is asked meanwhile. Return how many questions there were."""
    asked, deadline = 0, time.monotonic() + timeout
    while time.monotonic() < deadline and (len(stack.papers()) < count or open_questions(stack) or _busy(stack)):
        if open_questions(stack):
            time.sleep(2)  # a person walks to the printer first, and a badge on its way comes out meanwhile
            asked += answer_questions(stack, manager)
        time.sleep(0.2)
    time.sleep(2)
    return asked


def _busy(stack):
    return stack.postgres.sql('indico', 'SELECT count(*) FROM plugin_checkin_print.jobs '
                                        f'WHERE state IN {NOT_ENDED}') != ['0']


def _wait_for_state(stack, person, state):
    wait_until(lambda: any(row[1] == str(state) for row in history(stack, f'registration_id = {person["id"]}')), 20)


class Watch:
    """Reads the manager's page until some words are on it."""

    def __init__(self, manager):
        self._manager = manager

    def until(self, words, timeout=30):
        """Return the seconds until the words were there; None if they never were."""
        start = time.monotonic()
        seen = wait_until(lambda: words in unescape(self._manager.get('/manage/checkin-print/live')), timeout,
                          interval=0.1)
        return round(time.monotonic() - start, 1) if seen else None


def broken(break_it, repair_it, words, *, holding=False, hidden=False, back_before=None):
    """Run one scenario of a fault.

    :param break_it: Breaks a `Printer`.
    :param repair_it: Repairs it.
    :param words: What the page must say about it.
    :param holding: Whether the printer has a badge when it breaks.
    :param hidden: Whether nobody can see it before the printer gets a badge.
    :param back_before: Other words that the page must say once the printer is repaired.
    """
    with running(Wanted(desks=2, shared=True), say=say) as stack:
        people, manager = evenly(stack, PEOPLE_MEANWHILE + 9), Manager(stack)
        watch, check_in, printer = Watch(manager), CheckIn(stack), stack.printers['desk1']
        check_in.every(people[:4], 0.5)
        wait_for_badges(stack, 4)
        victim, others, later = people[4], people[5:5 + PEOPLE_MEANWHILE], people[5 + PEOPLE_MEANWHILE:]
        if holding:
            printer.slow(2)
            check_in(victim)
            _wait_for_state(stack, victim, JobState.printing)
        break_it(printer)
        say('the printer of desk 1 is broken')
        if not holding:
            check_in(victim)
        if hidden:
            _wait_for_state(stack, victim, JobState.dispatched)
        # as the state of the printer, that is: badges that came out elsewhere keep saying why
        on_page = f'– {words}'
        shown = watch.until(on_page)
        say(f'"{words}" is on the page after {shown} s; {PEOPLE_MEANWHILE} more people are checked in')
        other = stack.printers['desk2']
        before = len(other.papers())
        check_in.every(others, 0.3)
        wait_until(lambda: len(other.papers()) - before >= PEOPLE_MEANWHILE, 20, interval=0.1)
        elsewhere = len(other.papers()) - before
        say(f'{elsewhere} came out at the other printer; now it is repaired')
        repaired = time.monotonic()
        repair_it(printer)
        afterwards = watch.until(back_before) if back_before else None
        asked = answer_until_done(stack, manager, 5 + PEOPLE_MEANWHILE)
        all_out = round(time.monotonic() - repaired - 2, 1)
        own = len(printer.papers())
        is_over = wait_until(lambda: on_page not in unescape(manager.get('/manage/checkin-print/live')), 70,
                             interval=0.5)
        CheckIn(stack).every(later, 1)  # a connection that was quiet for long may be closed
        wait_for_badges(stack, len(people), extra=2)
        asked += answer_until_done(stack, manager, len(people))
        facts = judge(stack, people, anywhere=True)
        reasons = sorted({reason for _job, _state, reason in history(stack, f'registration_id = {victim["id"]}')}
                         - {'checked_in', 'claimed', 'rendered', 'pushed', 'at_printer', 'printed'})
        if shown is None or shown > SHOWN_TIMEOUT:
            facts.faults.append(f'The page said "{words}" after {shown} s.')
        if not is_over:
            facts.faults.append(f'The page still said "{words}" 70 s after the printer was repaired.')
        if elsewhere < PEOPLE_MEANWHILE:
            facts.faults.append(f'Only {elsewhere} of {PEOPLE_MEANWHILE} badges came out at the other one meanwhile.')
        if len(printer.papers()) == own:
            facts.faults.append('The printer got no badge after it was repaired.')
        if back_before and afterwards is None:
            facts.faults.append(f'The page never said "{back_before}".')
        if facts.faults:
            say(stack.tails())
        return facts, {'shown': words, 'shown_after_s': shown, 'reasons_of_the_badge': reasons, 'elsewhere': elsewhere,
                       'asked_a_person': asked, 'all_out_after_s': all_out,
                       'printed_there_later': len(printer.papers()) - own}


@scenario('paper-out', 'A printer runs out of labels with a badge in it, which comes out when there are new ones.')
def paper_out():
    def runs_out(printer):
        printer.run_out_of_media()
    return broken(runs_out, lambda printer: printer.repair(), 'out of paper', hidden=True)


@scenario('printer-frozen', 'A printer hangs with a badge in it, which comes out when it works again.')
def printer_frozen():
    def resumes(printer):
        printer.repair()
        printer.thaw()
    return broken(lambda printer: printer.freeze(), resumes, 'hangs; switch it off and on', holding=True)


@scenario('printer-power-cycle', 'A printer is switched off and on with a badge in it, about which a person is asked.')
def printer_power_cycle():
    def back(printer):
        printer.repair()
        printer.start()
    return broken(lambda printer: printer.cut_power(), back, 'switched off or not connected', holding=True,
                  back_before='The printer was switched off and on while it had the badge.')


@scenario('printer-rejects', 'A printer has labels of the wrong size and rejects every badge until it has others.')
def printer_rejects():
    return broken(lambda printer: printer.reject_documents(HERE / 'printer-reject.conf'),
                  lambda printer: printer.reject_documents(HERE / 'printer.conf'), 'rejected the last badge',
                  hidden=True)


@scenario('engine-fails', 'The print engine of a printer fails each badge, until it is repaired.')
def engine_fails():
    return broken(lambda printer: printer.break_down(), lambda printer: printer.repair(),
                  'could not print the last badge', hidden=True)


@scenario('printer-gone', 'A printer is unplugged, and plugged in again later.')
def printer_gone():
    return broken(lambda printer: printer.cut_power(), lambda printer: printer.start(), 'switched off or not connected')

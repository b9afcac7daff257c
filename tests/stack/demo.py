"""``make demo``: the whole product on one machine. Twenty people are checked in; a table shows their badges come out.

With ``--once`` it ends then, with exit code 0 only if every badge came out once; without, it stays until Ctrl-C.
"""

import argparse
import signal
import sys
import threading
import time

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from tests.stack.checkin import CheckIn
from tests.stack.facts import commit_times, judge, percentile
from tests.stack.papers import names_in, read
from tests.stack.process import StartError
from tests.stack.say import say
from tests.stack.scan_page import tickets
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import Wanted, running


COUNT = 20
CHECK_IN_INTERVAL = 0.5  # seconds between two check-ins
#: How long badges may take until the demo gives up
PRINT_TIMEOUT = 60  # seconds


class Board:
    """Who was checked in, and whose badge is out: read from the printers' files."""

    def __init__(self, stack, people):
        self.stack = stack
        self.people = people
        self.scanned = set()
        self.printed = {}
        self._committed = {}
        self._seen = set()

    def look(self):
        """Read the papers that are new."""
        new = [paper for paper in self.stack.papers() if paper.path not in self._seen]
        if new:
            self._committed = commit_times(self.stack)
        for paper in new:
            self._seen.add(paper.path)
            for person in names_in(read(paper.path).text, self.people)[:1]:
                self.printed.setdefault(person['id'], paper)

    def table(self):
        """Draw the table."""
        table = Table(title='Check-in → badge',
                      caption='time: from the commit of the check-in to the first byte at the printer')
        table.add_column('person', min_width=34)
        table.add_column('desk')
        table.add_column('badge', min_width=8)
        table.add_column('time', justify='right', min_width=8)
        for person in self.people:
            paper = self.printed.get(person['id'])
            state = '[green]printed' if paper else '…' if person['id'] in self.scanned else ''
            took = f'{(paper.first_byte - self._committed[person["id"]]) * 1000:.0f} ms' if paper else ''
            table.add_row(f'{person["first_name"]} {person["last_name"]}',
                          self.stack.seeded['desk_of_form'][str(person['form_id'])], state, took)
        return table


def check_in(stack, console):
    """Check people in and show their badges coming out; return the `Facts`."""
    people = evenly(stack, COUNT)
    board = Board(stack, people)

    def scan():
        volunteer = CheckIn(stack)
        for person in people:
            volunteer(person)
            board.scanned.add(person['id'])
            time.sleep(CHECK_IN_INTERVAL)

    scanning = threading.Thread(target=scan, daemon=True)
    scanning.start()
    with Live(board.table(), console=console, auto_refresh=False) as live:
        deadline = time.monotonic() + COUNT * CHECK_IN_INTERVAL + PRINT_TIMEOUT
        while (scanning.is_alive() or len(board.printed) < COUNT) and time.monotonic() < deadline:
            time.sleep(0.1)
            board.look()
            if console.is_terminal:
                live.update(board.table(), refresh=True)
        live.update(board.table(), refresh=True)
    # for a badge that comes twice
    time.sleep(1)
    return judge(stack, people)


def main():
    parser = argparse.ArgumentParser(prog='make demo', description=__doc__)
    parser.add_argument('--once', action='store_true', help='end after the check-ins')
    args = parser.parse_args()
    console = Console(highlight=False)
    # a shell without job control lets what it starts in the background ignore it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with running(Wanted(), say=say) as stack:
            facts = check_in(stack, console)
            console.print(f'\n{facts.printed} of {facts.checked_in} printed, {facts.duplicates} duplicates, '
                          f'{facts.lost} lost; half of them within {percentile(facts.ms, 50)} ms, 95% within '
                          f'{percentile(facts.ms, 95)} ms. Counted at the printers.', soft_wrap=True)
            for fault in facts.faults:
                console.print(f'NOT AS IT SHOULD BE: {fault}')
            if args.once:
                return 1 if facts.faults else 0
            stay(stack, console)
    except StartError as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def stay(stack, console):
    """Say where everything is, and wait for Ctrl-C."""
    manager, volunteer = (stack.seeded['users'][name] for name in ('manager', 'volunteer'))
    person, other = evenly(stack, COUNT + 2)[-2:]
    address = (f'{stack.url}/api/checkin/event/{stack.seeded["event"]["id"]}/forms/{person["form_id"]}'
               f'/registrations/{person["id"]}')
    console.print(f"""
Everything keeps running. Press Ctrl-C to end and remove it.

  Event page:   {stack.event_url}/manage/checkin-print/
  Registrations {stack.event_url}/manage/registration/{stack.seeded['forms'][0]['id']}/registrations/
  Login:        {manager['login']} / {manager['password']}   (volunteer: {volunteer['login']}, same password)
  Badges:       {stack.folder}/printer-desk1, printer-desk2

To try, from another terminal:

  Printer desk1 runs out of paper, until you remove the file:

  echo media-empty >{stack.folder}/printer-desk1/fault
  rm {stack.folder}/printer-desk1/fault

  A print agent of your own, with a code from "Add a print agent" (then "run"):

  export CUPS_SERVER={stack.printing.cups.server} PRINT_AGENT_CONFIG={stack.folder}/my-agent
  .venv/agent/bin/print-agent pair {stack.url} CODE

  Check {person['first_name']} {person['last_name']} in:

  curl -X PATCH -H 'Authorization: Bearer {stack.seeded['token']}' -H 'Content-Type: application/json' \\
    -d '{{"checked_in": true}}' {address}

  A ticket of {other['first_name']} {other['last_name']}, to be typed at a scan station or a kiosk, with Enter:

  {escape(tickets(stack, [other])[0])}

  Others have theirs on Indico's page of the registration, as a QR code in "Get ticket".

A walk-in needs an e-mail address whose domain exists, because Indico asks DNS.
Webhooks may go to http://127.0.0.1 here. No e-mail is sent.
""", soft_wrap=True)
    known = {paper.path for paper in stack.papers()}
    while True:
        time.sleep(0.3)
        for paper in stack.papers():
            if paper.path not in known:
                known.add(paper.path)
                lines = [line for line in read(paper.path).text.splitlines() if line.strip()]
                console.print(f'{paper.printer}: {" · ".join(lines[:4])}  ({paper.path})', soft_wrap=True)


if __name__ == '__main__':
    sys.exit(main())

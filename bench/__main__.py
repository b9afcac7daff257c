"""``make bench``: a table for people, then one JSON object as the last line."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import board, certificates, first_badge, overhead, path, prepared, render, scan_answer, throughput
from tests.fakes.keys import Authority, conf_for
from tests.stack.facts import percentile
from tests.stack.indico import Indico
from tests.stack.process import StartError
from tests.stack.say import say
from tests.stack.stack import Wanted, running


#: Tickets by hand after each block of badges
FLOORS = 12
#: The first of them warm the process up.
FLOORS_WARM_UP = 5
#: Each badge that prints has a person of its own.
REGISTRATIONS = 1000
#: Pairs of check-ins with badges that are made before
PREPARED_PAIRS = 100
#: The last of them come to the scan station.
SCANNED = scan_answer.WARM_UP + scan_answer.SCANS


def main():
    try:
        with (tempfile.TemporaryDirectory() as folder,
              running(Wanted(registrations=REGISTRATIONS, conf=conf_for(Path(folder), Authority())), say=say) as stack):
            plain = Indico('plain', stack.folder, database=stack.postgres.uri('indico'), redis=stack.redis,
                           plugin=False)
            web = plain.web()
            try:
                say('a second Indico starts, without the plugin')
                web.start()
                fresh, ahead = path.people(stack)
                others = [x for x in stack.seeded['registrations'] if x not in fresh and x not in ahead]
                with_prepared, others = split(others, overhead.needed(PREPARED_PAIRS))
                prepared.make(stack, [*ahead, *with_prepared], say)
                with Floor(stack, plain) as floor:
                    ways = path.Path(stack, fresh, say), path.Path(stack, ahead, say, prepared=True)
                    for _block in range(path.BLOCKS):
                        for way in ways:
                            way.run()
                        floor.run(FLOORS)
                # now, because what follows takes check-ins back while their badges are drawn
                facts = path.judge_all(stack, *ways)
                fresh_ms, ahead_ms = (way.result(facts) for way in ways)
                prepared_ratios, __ = overhead.measure(stack, plain, with_prepared, say, PREPARED_PAIRS)
                people, others = split(others, overhead.needed())
                ratios, took = overhead.measure(stack, plain, people, say)
                scanned, others = split(others, SCANNED)
                result = {'checkin_overhead': ratios, 'checkin_overhead_prepared': prepared_ratios,
                          'scan_to_printer_ms': fresh_ms, 'scan_to_printer_prepared_ms': ahead_ms,
                          'floor_ms': {'p50': percentile(floor.took(), 50)}}
                # a fault in what follows does not lose a quarter of an hour of measuring
                say(json.dumps(result))
                result |= {'board_ms': board.measure(stack, others, say),
                           'scan_answer_ms': scan_answer.measure(stack, plain, scanned, say),
                           'render_ms': render.measure(stack, say),
                           'first_badge_ms': first_badge.measure(stack, say),
                           # last: Celery is stopped
                           'certificates_per_s': certificates.measure(stack, say)}
                say(json.dumps(result))
            finally:
                web.stop()
        result['badges_per_s'] = throughput.measure()
    except StartError as exc:
        print(exc, file=sys.stderr)
        return 1
    show(result, took)
    print(json.dumps(result))
    return 0


def split(people, count):
    """Return the first so many of some people, and the others."""
    return people[:count], people[count:]


class Floor:
    """A process that prints tickets by hand (see ``floor.py``)."""

    def __init__(self, stack, plain):
        self._printer = stack.printers['desk1']
        env = {**os.environ, **plain.env, **stack.printing.env}
        args = [sys.executable, '-m', 'bench.floor', stack.seeded['event']['id'], 'desk1', self._printer.folder]
        with (stack.folder / 'floor.log').open('w') as log:
            self._process = subprocess.Popen([str(arg) for arg in args], env=env, text=True, stdin=subprocess.PIPE,
                                             stdout=subprocess.PIPE, stderr=log)
        self._begun = []

    def __enter__(self):
        self.run(FLOORS_WARM_UP)
        self._begun.clear()
        return self

    def __exit__(self, *args):
        self._process.terminate()
        self._process.wait()

    def run(self, count):
        """Print so many tickets."""
        say(f'{count} tickets by hand')
        self._process.stdin.write(f'{count}\n')
        self._process.stdin.flush()
        # Indico may print something of its own when it starts
        while not (line := self._process.stdout.readline()).startswith('[['):
            if not line:
                raise StartError('The process that prints tickets by hand has ended.')
        self._begun += json.loads(line)

    def took(self):
        """Return how long each took, in ms."""
        arrived = {paper.title: paper.first_byte for paper in self._printer.papers()}
        return [(arrived[title] - started) * 1000 for title, started in self._begun]


def show(result, took):
    """Print the table for people."""
    way, ratios, least = result['scan_to_printer_ms'], result['checkin_overhead'], result['floor_ms']['p50']
    print(f'\nCheck-in API, {len(took["with"])} pairs in turn             p50       p95')
    for words, which in (('without the plugin', 'without'), ('with the plugin', 'with')):
        print(f'  {words:40}{percentile(took[which], 50):6.1f} ms {percentile(took[which], 95):6.1f} ms')
    print(f'  {"ratio":40}{ratios["p50"]:6.3f}    {ratios["p95"]:6.3f}       (aim: 1.05, 1.10)')
    print(f'\nFrom the commit to the first byte at the printer, {path.BLOCKS * path.BLOCK} badges, 5 a second')
    for stage, sentence in path.STAGES.items():
        print(f'  {stage:8}{sentence:45}{way["stages"][stage]["p50"]:6.1f} ms {way["stages"][stage]["p95"]:6.1f} ms')
    print(f'  {"in all":53}{way["p50"]:6.1f} ms {way["p95"]:6.1f} ms')
    ahead = result['scan_to_printer_prepared_ms']
    print(f'\nThe same of badges that were made before, {path.BLOCKS * path.BLOCK} badges')
    for stage, sentence in path.PREPARED_STAGES.items():
        ms = ahead['stages'][stage]
        print(f'  {stage:8}{sentence:45}{ms["p50"]:6.1f} ms {ms["p95"]:6.1f} ms')
    print(f'  {"in all":53}{ahead["p50"]:6.1f} ms {ahead["p95"]:6.1f} ms')
    print(f'\nThe least possible: generate_ticket and a bare pycups, {path.BLOCKS * FLOORS} times')
    print(f'  {"in all":53}{least:6.1f} ms')
    print(f'  {"ratio of the medians":53}{way["p50"] / least:6.2f}             (aim: 2)')
    print(f'  {"ratio of badges that were made before":53}{ahead["p50"] / least:6.2f}    {ahead["p95"] / least:6.2f}'
          '   (aim: 0.9, 1.5)')
    board_ms = result['board_ms']
    print(f'\nFrom a change in the ledger to the board in a browser, {board_ms["changes"]} changes')
    print(f'  {"until it is shown":53}{board_ms["p50"]:6.1f} ms {board_ms["p95"]:6.1f} ms (aim: 150, 400)')
    answer = result['scan_answer_ms']
    print(f'\nScan station, from the last key to the answer on the screen, {scan_answer.SCANS} tickets')
    print(f'  {"in all":53}{answer["p50"]:6.1f} ms {answer["p95"]:6.1f} ms')
    print(f'  {"times the check-in API without the plugin (p50)":53}{answer["ratio"]:6.2f}             (aim: 1.5)')
    print(f'\nTo draw a badge, {render.BADGES} of each kind')
    for kind, ms in result['render_ms'].items():
        print(f'  {kind:53}{ms["p50"]:6.1f} ms {ms["p95"]:6.1f} ms')
    print('  aim: no kind above 1.5 times plain')
    first = result['first_badge_ms']
    print(f'\nThe first badge of a process: {first["first"]:.1f} ms, later {first["warm"]:.1f} ms '
          f'(aim: at most twice as long)')
    made = result['certificates_per_s']
    print(f'\nCertificates by one process: {made["per_s"]} a second, to draw and sign alone {made["ceiling"]}, ratio '
          f'{made["ratio"]} (aim: 10, 0.9)')
    print(f'  with {certificates.RECORDS} records: {made["per_s_10000"]} a second, ratio {made["ratio_10000"]}')
    rate = result['badges_per_s']
    print(f'\n{throughput.BADGES} badges that were made before at {throughput.DESKS} printers: {rate["badges"]} a '
          f'second, CUPS alone {rate["ceiling"]}, ratio {rate["ratio"]} (aim: 20, 0.8)\n')


if __name__ == '__main__':
    sys.exit(main())

"""``make bench``: a table for people, then one JSON object as the last line."""

import json
import sys

from bench import overhead, path
from tests.stack.facts import percentile
from tests.stack.indico import Indico
from tests.stack.process import StartError
from tests.stack.say import say
from tests.stack.stack import Wanted, running


FLOORS = 40
#: Each badge that prints has a person of its own.
REGISTRATIONS = 480


def main():
    try:
        with running(Wanted(registrations=REGISTRATIONS), say=say) as stack:
            plain = Indico('plain', stack.folder, database=stack.postgres.uri('indico'), redis=stack.redis,
                           plugin=False)
            web = plain.web()
            try:
                say('a second Indico starts, without the plugin')
                web.start()
                way, printed = path.measure(stack, say)
                least = floor(stack, plain)
                ratios, took = overhead.measure(stack, plain, printed, say)
            finally:
                web.stop()
    except StartError as exc:
        print(exc, file=sys.stderr)
        return 1
    result = {'checkin_overhead': ratios, 'scan_to_printer_ms': way, 'floor_ms': {'p50': percentile(least, 50)}}
    show(result, took, path.COUNT, len(least))
    print(json.dumps(result))
    return 0


def floor(stack, plain):
    """Return how long the bare way takes, in ms (see ``floor.py``)."""
    say(f'{FLOORS} tickets by hand')
    printer = stack.printers['desk1']
    plain.env |= stack.printing.env
    begun = json.loads(plain.run(sys.executable, '-m', 'bench.floor', stack.seeded['event']['id'], 'desk1',
                                 printer.folder, FLOORS).splitlines()[-1])
    arrived = {paper.title: paper.first_byte for paper in printer.papers()}
    return [(arrived[title] - started) * 1000 for title, started in begun]


def show(result, took, count, floors):
    """Print the table for people."""
    way, ratios, least = result['scan_to_printer_ms'], result['checkin_overhead'], result['floor_ms']['p50']
    print(f'\nCheck-in API, {len(took["with"])} pairs in turn             p50       p95')
    for words, which in (('without the plugin', 'without'), ('with the plugin', 'with')):
        print(f'  {words:40}{percentile(took[which], 50):6.1f} ms {percentile(took[which], 95):6.1f} ms')
    print(f'  {"ratio":40}{ratios["p50"]:6.3f}    {ratios["p95"]:6.3f}       (aim: 1.05, 1.10)')
    print(f'\nFrom the commit to the first byte at the printer, {count} badges, 5 a second')
    for stage, sentence in path.STAGES.items():
        print(f'  {stage:8}{sentence:45}{way["stages"][stage]["p50"]:6.1f} ms {way["stages"][stage]["p95"]:6.1f} ms')
    print(f'  {"in all":53}{way["p50"]:6.1f} ms {way["p95"]:6.1f} ms')
    print(f'\nThe least possible: generate_ticket and a bare pycups, {floors} times')
    print(f'  {"in all":53}{least:6.1f} ms')
    print(f'  {"ratio of the medians":53}{way["p50"] / least:6.2f}             (aim: 2)\n')


if __name__ == '__main__':
    sys.exit(main())

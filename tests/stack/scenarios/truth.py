"""What is on a badge is true at the moment when it may print: dates, language, names, templates, states."""

import json
import sys
import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.papers import read
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import CHECK_IN_INTERVAL, evenly
from tests.stack.stack import Wanted, running


#: What the badge of the seed's one-day event says: it begins at 22:00 UTC of the day before.
ONE_DAY = ('4 août', '07:00', '12,00')


def correct(stack, **wanted):
    """Change people or the template, see ``correct.py``."""
    stack.indico.run(sys.executable, '-m', 'tests.stack.correct', stdin=json.dumps(wanted))


@scenario('one-day', 'A one-day event in Tokyo, in French, on a server in UTC: right dates, hours and prices.')
def one_day():
    with running(Wanted(one_day=True), say=say) as stack:
        people, check_in = evenly(stack, 10), CheckIn(stack)
        say('five people are checked in, whose badges Celery draws')
        check_in.every(people[:5], CHECK_IN_INTERVAL)
        wait_for_badges(stack, 5)
        stack.celery.stop()
        say('Celery is stopped; five more, whose badges the relay draws')
        check_in.every(people[5:], CHECK_IN_INTERVAL)
        wait_for_badges(stack, len(people))
        facts = judge(stack, people)
        texts = [' '.join(read(paper.path).text.split()) for paper in stack.papers()]
        for words in ONE_DAY:
            if wrong := sum(words not in text for text in texts):
                facts.faults.append(f'"{words}" is not on {wrong} badges, e.g. {texts[0]!r}.')
        drawn = {row.split('\t')[0]: int(row.split('\t')[1]) for row in stack.postgres.sql('indico', """
            SELECT split_part(actor, ':', 1), count(*) FROM plugin_checkin_print.job_history
            WHERE reason = 'rendered' GROUP BY 1""")}
        if drawn != {'celery': 5, 'relay': 5}:
            facts.faults.append(f'The badges were drawn by {drawn}.')
        return facts, {'says': list(ONE_DAY), 'drawn_by': drawn}


@scenario('corrected', 'Names and the template change, and people withdraw, while a desk has no labels or is paused.')
def corrected():
    with running(Wanted(desks=1), say=say) as stack:
        people, manager = evenly(stack, 21), Manager(stack)
        check_in, printer = CheckIn(stack), stack.printers['desk1']
        first, *waiting = people
        # one badge is in the printer when it runs out of labels: it has its go
        printer.run_out_of_media()
        check_in(first)
        time.sleep(1)
        gone, named = [], []
        for number, (what, batch) in enumerate((('out of labels', waiting[:10]), ('paused', waiting[10:])), 1):
            if what == 'paused':
                manager.post('/manage/checkin-print/pause', {'paused': '1'})
            check_in.every(batch, CHECK_IN_INTERVAL)
            time.sleep(3)
            withdraw, rename = batch[:3], batch[3:7]
            say(f'{what}: {len(rename)} names are corrected, {len(withdraw)} people withdraw, the template changes')
            for person in rename:
                person['first_name'] = f'Corrected{person["id"]}'
            correct(stack, rename={p['id']: p['first_name'] for p in rename}, withdraw=[p['id'] for p in withdraw],
                    template=[stack.seeded['template']['id'], f'Version {number}'])
            gone += withdraw
            named += rename
            if what == 'paused':
                manager.post('/manage/checkin-print/pause', {'paused': '0'})
            else:
                printer.repair()
            wait_for_badges(stack, 1 + 7 * number, timeout=90, extra=3)
        facts = judge(stack, [p for p in people if p not in gone], not_printed=gone)
        versions = [f'Version {number}' in read(facts.papers[p['id']].path).text
                    for number, batch in ((1, waiting[3:10]), (2, waiting[13:])) for p in batch
                    if p['id'] in facts.papers]
        if not all(versions):
            facts.faults.append(f'{versions.count(False)} badges have the old template.')
        # the commit that counts is that of the check-in, and these rows were written again since
        facts.ms = []
        if facts.faults:
            say(stack.tails())
        return facts, {'corrected': len(named), 'withdrawn': len(gone),
                       'old_names': sum(p['id'] not in facts.papers for p in named),
                       'old_templates': versions.count(False)}

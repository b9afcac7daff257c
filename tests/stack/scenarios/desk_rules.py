"""At which desk badges come out: rules."""

import json
import sys

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import CHECK_IN_INTERVAL
from tests.stack.stack import Wanted, running


@scenario('routing', 'Twelve desk rules, 300 people, four desks: every badge comes out where the pure function says.')
def routing():
    with running(Wanted(desks=4), say=say) as stack:
        people = stack.seeded['registrations']
        desks = stack.seeded['desks']
        expected = json.loads(stack.indico.run(sys.executable, '-m', 'tests.stack.route',
                                               stdin=json.dumps(list(desks.values()))))
        printers = {id_: name.lower().replace(' ', '') for name, id_ in desks.items()}
        say(f'{len(people)} people are checked in')
        took = CheckIn(stack).every(people, CHECK_IN_INTERVAL / 2)
        wait_for_badges(stack, len(people), timeout=180)
        facts = judge(stack, people, anywhere=True)
        wrong = 0
        for id_, paper in facts.papers.items():
            if paper.printer != printers[expected['desks'][str(id_)]]:
                wrong += 1
                facts.faults.append(f'The badge of registration {id_} came out at {paper.printer}.')
        if facts.faults:
            say(stack.tails())
        return facts, {'rules': 12, 'wrong_desk': wrong, 'by_rule': expected['by_rule'],
                       'desks': {name: len(printer.papers()) for name, printer in stack.printers.items()},
                       'checkin_ms': round(sorted(took)[len(took) // 2] * 1000, 1)}

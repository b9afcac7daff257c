"""What rules add to a badge comes out with it, once, at the same printer."""

import json
import sys

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.meals import COPIES, TEXT
from tests.stack.papers import read
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.prepared import STEPS, prepare_badges
from tests.stack.scenarios.ways import CHECK_IN_INTERVAL, evenly
from tests.stack.stack import Wanted, running


PEOPLE = 40


@scenario('parts', 'Forty people, of whom ten get two meal tickets with the badge, made before check-in.')
def parts():
    with running(Wanted(), say=say) as stack:
        people, check_in = evenly(stack, PEOPLE), CheckIn(stack)
        say(f'{len(people[::2])} people come before there are tickets')
        check_in.every(people[::2], CHECK_IN_INTERVAL)
        wait_for_badges(stack, len(people[::2]))
        # who has a badge already gets no ticket
        eat = people[1::4]
        stack.indico.run(sys.executable, '-m', 'tests.stack.meals', stdin=json.dumps(
            {'template': stack.seeded['template']['id'], 'registrations': [person['id'] for person in eat]}))
        took = prepare_badges(stack, Manager(stack))
        say(f'{len(eat)} people get {COPIES} tickets each; all others come, and everybody is scanned twice')
        check_in.every(people[1::2], CHECK_IN_INTERVAL)
        check_in.every(people, CHECK_IN_INTERVAL / 4)
        wait_for_badges(stack, len(people), extra=3)
        facts = judge(stack, people, pages={person['id']: 1 + COPIES for person in eat})
        tickets = {id_: read(paper.path).text.count(TEXT) for id_, paper in facts.papers.items()}
        expected = {person['id']: COPIES for person in eat}
        wrong = [id_ for id_, count in tickets.items() if count != expected.get(id_, 0)]
        ready = sum(row.split('\t')[1] == 't' for row in stack.postgres.sql('indico', STEPS))
        if wrong:
            facts.faults.append(f'{len(wrong)} people have another number of tickets.')
        if ready < len(people[1::2]):
            facts.faults.append(f'{ready} badges were ready at once.')
        if facts.faults:
            say(stack.tails())
        return facts, {'with_tickets': len(eat), 'tickets': sum(tickets.values()), 'wrong_tickets': len(wrong),
                       'ready_at_once': ready, 'prepare_s': round(took, 1)}

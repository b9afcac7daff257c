"""The scan station: a hundred tickets from a scanner that types, among them many that let nobody in."""

import json
import random
import time
from collections import Counter

from tests.stack import browser
from tests.stack.facts import judge, percentile, wait_for_badges
from tests.stack.say import say
from tests.stack.scan_page import ScanPage, tickets
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running
from tests.stack.states import RegistrationState


#: How many tickets of each kind: by the answer that is right. Those who are scanned again are among those who came in
KINDS = {'welcome': 65, 'already_in': 15, 'other_event': 5, 'withdrawn': 5, 'not_paid': 5, 'unknown': 5}
#: So many other tickets come between the two scans of one
MIN_TICKETS_BETWEEN = 8
#: Seconds between two tickets: twice as fast as one person at a desk
CHECK_IN_INTERVAL = 1
STATES = {'withdrawn': RegistrationState.withdrawn, 'not_paid': RegistrationState.unpaid}
BROKEN = ['{"i":[2,"', 'https://indico.example.com/event/1/', '{"i":[2,"x","AAAA"]}', '4006381333931', '{"i":{}}']


@scenario('scan-station', 'A hundred tickets are typed by a scanner: right answers, right prints, and how fast.')
def scan_station():
    with running(Wanted(), say=say) as stack, browser.chromium() as chromium:
        people = iter(stack.seeded['registrations'])
        kinds = {kind: [next(people) for __ in range(KINDS[kind])]
                 for kind in ('welcome', 'other_event', *STATES)}
        for kind, state in STATES.items():
            ids = ', '.join(str(person['id']) for person in kinds[kind])
            stack.postgres.sql('indico', f'UPDATE event_registration.registrations SET state = {state} '
                                         f'WHERE id IN ({ids})')
        codes = {kind: tickets(stack, group) for kind, group in kinds.items()}
        # tickets of people whom this server does not know, of a server elsewhere
        codes['other_event'] = [code.replace(stack.url, 'indico.elsewhere.example')
                                for code in unknown_tickets(codes['other_event'])]
        queue = line_up(codes)
        station = ScanPage.open(stack, chromium)
        say(f'{len(queue)} tickets are typed')
        wrong = []
        for number, (expected, code) in enumerate(queue):
            begun = time.monotonic()
            answer = station.scan(code)
            if answer['answer'] != expected:
                wrong.append(f'Ticket {number} was answered {answer["answer"]} instead of {expected}.')
            time.sleep(max(0, begun + CHECK_IN_INTERVAL - time.monotonic()))
        answers = station.answers()
        wait_for_badges(stack, KINDS['welcome'], 300)
        facts = judge(stack, kinds['welcome'])
        facts.faults += wrong
        counts = Counter(answer['answer'] for answer in answers)
        if counts != KINDS:
            facts.faults.append(f'The answers were {dict(counts)}.')
        if facts.faults:
            say(stack.tails())
        took = [answer['ms'] for answer in answers]
        return facts, {'tickets': len(queue), 'answers': dict(counts),
                       'answer_ms': {'p50': percentile(took, 50), 'p95': percentile(took, 95)}}


def unknown_tickets(codes):
    """Return codes of the same shape, with secrets that nobody has."""
    parsed = [json.loads(code) for code in codes]
    for code in parsed:
        code['i'][2] = code['i'][2].swapcase()
    return [json.dumps(code, separators=(',', ':')) for code in parsed]


def line_up(codes):
    """Return what is typed, in an order that is the same each time: pairs of the right answer and the code."""
    chance = random.Random(12)
    queue = [(kind, code) for kind, group in codes.items() for code in group]
    queue += [('unknown', code) for code in BROKEN]
    chance.shuffle(queue)
    early = [code for kind, code in queue[:len(queue) - MIN_TICKETS_BETWEEN] if kind == 'welcome']
    for code in chance.sample(early, KINDS['already_in']):
        place = next(number for number, (__, other) in enumerate(queue) if other == code)
        queue.insert(chance.randint(min(place + MIN_TICKETS_BETWEEN, len(queue)), len(queue)), ('already_in', code))
    return queue

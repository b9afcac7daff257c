"""Batches: badges of many people before the doors open, in order, paused and resumed."""

import re
import time

from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.process import wait_for
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running


PEOPLE, CHECKED_IN = 300, 200
#: How many badges a printer may still have when its batch is paused: one prints, one has permission
AT_A_PRINTER = 2


def _order(person):
    from indico_checkin_print.routing.collation import name_key
    return name_key(person['last_name']), name_key(person['first_name']), person['id']


@scenario('batch', 'A batch of 300 in name order at two printers, paused and resumed; their check-ins print no more.')
def batch():
    with running(Wanted(registrations=450, enabled=False), say=say) as stack:
        form = stack.seeded['forms'][0]['id']
        people = [person for person in stack.seeded['registrations'] if person['form_id'] == form][:PEOPLE]
        assert len(people) == PEOPLE, f'There are {len(people)} people.'
        manager = Manager(stack)
        say(f'{CHECKED_IN} people are checked in while nothing prints; then the form is switched on')
        manager.check_in_all(people[:CHECKED_IN])
        manager.post(f'/manage/checkin-print/forms/{form}/switch', {'enabled': '1'})
        desks = [stack.seeded['desks'][name] for name in ('Desk 1', 'Desk 2')]
        began = time.monotonic()
        answer = manager.post(f'/manage/checkin-print/forms/{form}/batch', [
            *(('registration_id', person['id']) for person in people), *(('desks', desk) for desk in desks),
            ('order', 'name'), ('submitted', '1')]).json()
        created_s = time.monotonic() - began
        assert 'redirect' in answer, f'There is no batch: {str(answer)[:500]}'
        url = re.search(r'/manage/checkin-print/batches/\d+/', answer['redirect'])[0]
        wait_for(lambda: len(stack.papers()) >= PEOPLE // 3, 300)
        manager.post(f'{url}pause', {'paused': '1'})
        at_pause = len(stack.papers())
        time.sleep(15)
        while_paused = len(stack.papers()) - at_pause
        say(f'paused after {at_pause}; {while_paused} more came out, which the printers had; now it resumes')
        manager.post(f'{url}pause', {'paused': '0'})
        wait_for_badges(stack, PEOPLE, timeout=600, extra=3)
        before = len(stack.papers())
        say(f'{before} are out; the others are checked in')
        manager.check_in_all(people[CHECKED_IN:])
        time.sleep(10)
        reprinted = len(stack.papers()) - before
        ordered = sorted(people, key=_order)
        half = PEOPLE // 2
        halves = {'desk1': ordered[:half], 'desk2': ordered[half:]}
        facts = judge(stack, people, desks={person['id']: desk for desk, part in halves.items() for person in part})
        in_order = {}
        for desk, part in halves.items():
            out = sorted((person['id'] for person in part if person['id'] in facts.papers),
                         key=lambda id_: facts.papers[id_].first_byte)
            in_order[desk] = out == [person['id'] for person in part]
            if not in_order[desk]:
                wrong = [(place, id_) for place, (id_, person) in enumerate(zip(out, part, strict=False))
                         if id_ != person['id']]
                facts.faults.append(f'The badges of {desk} did not come out in order of their names: {wrong[:10]}.')
        if while_paused > AT_A_PRINTER * len(desks):
            facts.faults.append(f'{while_paused} badges came out during the pause.')
        if before != PEOPLE or reprinted:
            facts.faults.append(f'{before} of {PEOPLE} came out, and {reprinted} again after the check-in.')
        if facts.faults:
            say(stack.tails())
        # the commit of a check-in says nothing here: most badges were out before, and the others waited for the batch
        facts.ms.clear()
        return facts, {'before_check_in': before, 'reprinted_by_check_in': reprinted, 'during_the_pause': while_paused,
                       'in_order': in_order, 'created_s': round(created_s, 2)}

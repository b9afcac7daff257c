"""People who come without a ticket, registered at the desk through the endpoints that the page asks."""

import os
import re
import threading

from tests.stack.facts import any_badge_within, judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.names import people
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running


#: How many there are of each kind
FREE, TWICE, KNOWN, PAYING, NOT_PAYING = 6, 4, 4, 4, 2


def register(volunteer, form_id, person):
    """Send the form for a person; return the path of the person's page below the event."""
    answer = volunteer.post_json(f'/desk/walk-in/{form_id}/', {
        'first_name': person['first_name'], 'last_name': person['last_name'], 'email': person['email'],
        'affiliation': {'id': None, 'text': 'Walk-in'}, 'country': 'CH', 'position': 'Guest'})
    assert answer.status_code == 200, f'The form answered {answer.status_code}: {answer.text[:300]}'
    return re.search(r'/desk/walk-in/\d+/\d+/', answer.json()['redirect'])[0]


def register_twice_at_once(volunteers, form_id, person):
    """Send the form for one person from two windows at the same moment; both must lead to one page."""
    found = []
    threads = [threading.Thread(target=lambda v=v: found.append(register(v, form_id, person))) for v in volunteers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2, 'One of two requests failed.'
    assert len(set(found)) == 1, f'{person["email"]} was registered twice: {found}'
    return found[0]


def strangers(stack, count):
    """Return people who have no registration yet; their names are those of nobody else."""
    taken = {(one['first_name'], one['last_name']) for one in stack.seeded['registrations']}
    names = [(first, last) for first, last, *__ in people(len(taken) + count)[len(taken):]]
    assert not taken.intersection(names)
    return [{'first_name': first, 'last_name': last, 'email': f'walk-in{number}@people.test'}
            for number, (first, last) in enumerate(names)]


def charge(stack, form_id):
    """From now on a registration of the form costs something, and Indico waits for the payment."""
    event_id = stack.seeded['event']['id']
    stack.postgres.sql('indico', f"""
        UPDATE event_registration.forms SET base_price = 50 WHERE id = {form_id};
        UPDATE events.settings SET value = value || '["payment"]' WHERE event_id = {event_id}
        AND module = 'features' AND name = 'enabled'
    """)


@scenario('walk-in', 'Twenty people without a ticket: registered twice at once, known, paying, not paying; one badge '
                     'each.')
def walk_in():
    # else Indico would ask the name service about each address, and accept none without a network
    os.environ['PYTEST_CURRENT_TEST'] = 'walk-in'
    with running(Wanted(), say=say) as stack:
        volunteer, other_window = Manager(stack, 'registrar'), Manager(stack, 'registrar')
        free, paid = (form['id'] for form in stack.seeded['forms'])
        new = strangers(stack, FREE + TWICE + PAYING + NOT_PAYING)
        before = {one['id'] for one in stack.seeded['registrations']}
        pages = {}
        say(f'{FREE} people are registered, and {TWICE} from two windows at once')
        for person in new[:FREE]:
            pages[person['email']] = register(volunteer, free, person)
        for person in new[FREE:FREE + TWICE]:
            pages[person['email']] = register_twice_at_once([volunteer, other_window], free, person)
        say(f'{KNOWN} are registered already')
        known = [one for one in stack.seeded['registrations'] if one['form_id'] == free][:KNOWN]
        for person in known:
            email = stack.postgres.sql('indico', 'SELECT email FROM event_registration.registrations '
                                                 f'WHERE id = {person["id"]}')[0]
            assert person['last_name'] in volunteer.get(f'/desk/walk-in/{free}/known?email={email}')
            page = register(volunteer, free, person | {'email': email})
            assert page.endswith(f'/{person["id"]}/'), f'{email} was registered again: {page}'
            for __ in range(2):
                volunteer.post(f'{page}check-in')
        say(f'{PAYING} pay at the desk, {NOT_PAYING} do not')
        charge(stack, paid)
        payers, debtors = new[-PAYING - NOT_PAYING:-NOT_PAYING], new[-NOT_PAYING:]
        for person in (*payers, *debtors):
            page = pages[person['email']] = register(volunteer, paid, person)
            assert 'To pay' in volunteer.get(page)
            for __ in range(2):
                volunteer.post(f'{page}check-in', {'paid': '1'} if person in payers else {})
        for person in new:
            form_id, id_ = map(int, re.findall(r'\d+', pages[person['email']]))
            stack.seeded['registrations'].append(person | {'id': id_, 'form_id': form_id})
        registered = stack.seeded['registrations'][-len(new):]
        printed, not_printed = [*registered[:-NOT_PAYING], *known], registered[-NOT_PAYING:]
        wait_for_badges(stack, len(printed), 300)
        held_badge_came_out = any_badge_within(stack, 2, besides=len(printed))
        facts = judge(stack, printed, not_printed=not_printed)
        if held_badge_came_out:
            facts.faults.append('More badges came out than people may have one.')
        count = int(stack.postgres.sql('indico', 'SELECT count(*) FROM event_registration.registrations')[0])
        if count != len(before) + len(new):
            facts.faults.append(f'There are {count - len(before)} new registrations of {len(new)} people.')
        for person in not_printed:
            if 'Paid here' not in volunteer.get(pages[person['email']]):
                facts.faults.append(f'The page of registration {person["id"]} does not ask for the payment.')
        if facts.faults:
            say(stack.tails())
        return facts, {'new_registrations': count - len(before), 'known': KNOWN, 'paid_here': PAYING,
                       'held_until_paid': NOT_PAYING, 'registered_twice_at_once': TWICE}

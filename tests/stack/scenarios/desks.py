"""Where a badge comes out: the desks that volunteers chose, and those to which devices are assigned."""

import threading

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running


PEOPLE = 60
#: Seconds between two check-ins of one volunteer
CHECK_IN_INTERVAL = 0.3


def in_turn(people, count):
    """Return who checks whom in: the first takes the first person, the second the next one, and so on."""
    return [people[number::count] for number in range(count)]


def check_in_together(checkins, queues):
    """Let several people check in at the same time, each at one pace; their check-ins interleave."""
    failures = []

    def _work(check_in, people):
        try:
            check_in.every(people, CHECK_IN_INTERVAL)
        except Exception as exc:  # the scenario reports it
            failures.append(exc)

    threads = [threading.Thread(target=_work, args=pair) for pair in zip(checkins, queues, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def reasons(stack):
    """Return how many jobs have which reason for their desk."""
    rows = stack.postgres.sql('indico', "SELECT detail, count(*) FROM plugin_checkin_print.job_history "
                                        "WHERE detail LIKE 'desk:%' GROUP BY 1 ORDER BY 1")
    return {reason: int(count) for reason, count in (row.split('\t') for row in rows)}


def judge_desks(stack, queues, desks, expected_reasons, before=()):
    """Judge what came out, and return the facts and what each printer got.

    :param before: Those who were checked in first, for whom the desk of the form counts.
    """
    people = [*before, *(person for queue in queues for person in queue)]
    # a slow machine prints one badge in a second or two; what is judged is where they come out
    wait_for_badges(stack, len(people), 300)
    facts = judge(stack, people, desks={person['id']: desk for desk, queue in zip(desks, queues, strict=True)
                                        for person in queue})
    found = reasons(stack)
    if found != expected_reasons:
        facts.faults.append(f'The history says why the badges went to their desks: {found}.')
    if facts.faults:
        say(stack.tails())
    return facts, {'desks': {name: len(printer.papers()) for name, printer in stack.printers.items()},
                   'reasons': found}


@scenario('my-desk', 'Two volunteers at two desks check in sixty people of one form: each badge at the right desk.')
def my_desk():
    with running(Wanted(), say=say) as stack:
        # of one form: by the form alone all badges would come out at one desk
        form, = {stack.seeded['forms'][0]['id']}
        people = [person for person in stack.seeded['registrations'] if person['form_id'] == form][:PEOPLE]
        say('two volunteers open the links of their desks')
        # not the order of the desks, so that no default is right by chance
        for login, desk in (('volunteer', 'Desk 2'), ('volunteer2', 'Desk 1')):
            answer = Manager(stack, login).post(f'/desk/{stack.seeded["desks"][desk]}/')
            assert f'<bdi>{desk}</bdi></strong>' in answer.text
        queues = in_turn(people, 2)
        say(f'{PEOPLE} people are checked in')
        tokens = stack.seeded['tokens']
        check_in_together([CheckIn(stack, token=tokens[login]) for login in ('volunteer', 'volunteer2')], queues)
        return judge_desks(stack, queues, ('desk2', 'desk1'), {'desk:volunteer': PEOPLE})


@scenario('shared-account', 'Three phones of one account at three desks check in sixty people: each badge at its desk.')
def shared_account():
    with running(Wanted(desks=3, app_tokens=3), say=say) as stack:
        # one more for each phone, so that it is in the list of devices
        first, people = stack.seeded['registrations'][:3], stack.seeded['registrations'][3:3 + PEOPLE]
        phones = [CheckIn(stack, token=token) for token in stack.seeded['app_tokens']]
        ids = []
        for phone, person in zip(phones, first, strict=True):
            phone(person)
            ids += [int(row) for row in stack.postgres.sql('indico', 'SELECT id FROM plugin_checkin_print.devices')
                    if int(row) not in ids]
        assert len(ids) == 3, f'There are devices {ids} instead of three.'
        say('a manager assigns the phones to desks; the account has a desk of its own, which must not count')
        Manager(stack, 'volunteer').post(f'/desk/{stack.seeded["desks"]["Desk 1"]}/')
        manager = Manager(stack)
        desks = ('Desk 3', 'Desk 1', 'Desk 2')
        for number, (id_, desk) in enumerate(zip(ids, desks, strict=True), 1):
            answer = manager.post(f'/manage/checkin-print/devices/{id_}/',
                                  {'name': f'Phone {number}', 'desk_id': stack.seeded['desks'][desk]})
            assert answer.json().get('success'), answer.text[:500]
        queues = in_turn(people, 3)
        say(f'{PEOPLE} people are checked in')
        check_in_together(phones, queues)
        return judge_desks(stack, queues, [desk.lower().replace(' ', '') for desk in desks],
                           {'desk:device': PEOPLE, 'desk:form': len(first)}, before=first)

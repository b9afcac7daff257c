"""Kiosks: people scan their own tickets, and nobody sees anything of the one before."""

import json

from tests.stack import browser
from tests.stack.facts import judge, wait_for_badges
from tests.stack.kiosk_page import KioskPage, add_kiosk
from tests.stack.manager import Manager
from tests.stack.say import say
from tests.stack.scan_page import tickets
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running
from tests.stack.states import RegistrationState


#: What the people bring: how many come to their badge, and how many to each other end
PRINTED, WRONG_CODES, SCANNED_TWICE, UNPAID, REVOKED = 34, 2, 2, 1, 1


@scenario('kiosk', 'Forty people at two kiosks, some with wrong, used or unpaid tickets: right badges, and no traces.')
def kiosk():
    with running(Wanted(), say=say) as stack, browser.chromium() as chromium:
        people = stack.seeded['registrations'][:PRINTED + UNPAID + REVOKED]
        codes = tickets(stack, people)
        printed, unpaid, cut_off = people[:PRINTED], people[PRINTED], people[-1]
        stack.postgres.sql('indico', f'UPDATE event_registration.registrations SET state = {RegistrationState.unpaid} '
                                     f'WHERE id = {unpaid["id"]}')
        manager = Manager(stack)
        kiosks, ids = [], []
        # not the desks of their forms
        for name, desk in (('Left', 'Desk 1'), ('Right', 'Desk 2')):
            code, id_ = add_kiosk(manager, stack, name, desk)
            kiosks.append(KioskPage(stack, chromium.new_context().new_page(), code))
            ids.append(id_)
        scans = Scans(kiosks, people)
        say(f'{PRINTED} people scan their tickets at two kiosks')
        for number, (person, code) in enumerate(zip(printed, codes, strict=False)):
            scans.printed(number % 2, person, code, press_back=number % 4 > 1)
        for number in range(SCANNED_TWICE):
            scans.refused(number, codes[number], 'already_in')
        for number, code in enumerate(('nonsense from a bus ticket', _unknown(codes[0]))):
            scans.refused(number, code, 'unknown')
        scans.refused(0, codes[PRINTED], 'desk')
        say('one kiosk is revoked while a name is on its screen')
        scans.scan(1, cut_off, codes[-1])
        manager.post(f'/manage/checkin-print/kiosks/{ids[1]}/revoke')
        # if it has heard of it by then, nothing of the person is on its screen
        button = kiosks[1].page.locator('[data-do=print], #pair').first
        if button.get_attribute('data-do'):
            button.click()
            if (answer := kiosks[1].wait('answer')['answer']) != 'desk':
                scans.faults.append(f'The revoked kiosk answered {answer}.')
        kiosks[1].page.wait_for_selector('#pair', timeout=60_000)
        wait_for_badges(stack, PRINTED, 300)
        facts = judge(stack, printed, desks={person['id']: f'desk{number % 2 + 1}'
                                             for number, person in enumerate(printed)})
        facts.faults += scans.faults
        checked_in = int(stack.postgres.sql('indico', 'SELECT count(*) FROM event_registration.registrations '
                                                      'WHERE checked_in')[0])
        if checked_in != PRINTED:
            facts.faults.append(f'{checked_in} people are checked in.')
        if facts.faults:
            say(stack.tails())
        return facts, {'people': PRINTED + WRONG_CODES + SCANNED_TWICE + UNPAID + REVOKED, 'answers': scans.answers,
                       'traces': scans.traces, 'checked_in_by_kiosks': checked_in}


class Scans:
    """What people do at some kiosks, and what was wrong."""

    def __init__(self, kiosks, people):
        self.kiosks = kiosks
        self.people = people
        self.answers = {}
        self.traces = 0
        self.faults = []

    def scan(self, kiosk, person, code):
        """Scan a ticket; the name must be on the screen, and no other."""
        shown = self.kiosks[kiosk].scan(code)
        if shown['panel'] != 'confirm' or person['last_name'] not in shown['text']:
            self.faults.append(f'The scan of registration {person["id"]} showed {shown["panel"]} {shown["answer"]}.')
        self._look_for_others(kiosk, person)

    def printed(self, kiosk, person, code, *, press_back):
        """Scan and print. Then either the next person scans at once, or this one goes back to the start."""
        self.scan(kiosk, person, code)
        self._count(self.kiosks[kiosk].print()['answer'], 'out')
        if press_back:
            self.kiosks[kiosk].back()
        self._look_for_others(kiosk, None)

    def refused(self, kiosk, code, expected):
        """Scan a ticket for which nothing prints."""
        self._count(self.kiosks[kiosk].scan(code)['answer'], expected)
        self._look_for_others(kiosk, None)
        self.kiosks[kiosk].back()

    def _count(self, answer, expected):
        self.answers[answer] = self.answers.get(answer, 0) + 1
        if answer != expected:
            self.faults.append(f'A kiosk answered {answer} instead of {expected}.')

    def _look_for_others(self, kiosk, person):
        own = person and person['last_name']
        found = [name for name in self.kiosks[kiosk].traces_of(self.people) if name != own]
        # two people may share a name, or one name be within another
        found = [name for name in found if not own or name not in own]
        if found:
            self.traces += 1
            self.faults.append(f'At kiosk {kiosk} something of {found} is left.')


def _unknown(code):
    data = json.loads(code)
    data['i'][2] = data['i'][2].swapcase()
    return json.dumps(data, separators=(',', ':'))

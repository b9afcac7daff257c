"""A receiver of webhooks that fails in every way, and what becomes of what it should have got."""

import re
from collections import Counter

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.process import wait_until
from tests.stack.receiver import Receiver
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.outages import MAX_RATIO, compare, without_plugin
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import running


COUNT = 20
#: What the receiver does, once it is on again.
SCRIPT = ('hang', 'reset', 500, 429, 500)
#: What the log of attempts must say from when it was off: the fifth failure opens the breaker, the first probe fails
#: as well.
EXPECTED = ['connect', 'timeout', 'reset', '500', '429', '500']


class Log:
    """What the ledger says about the only webhook."""

    def __init__(self, stack):
        self._sql = lambda query: stack.postgres.sql('indico', query)

    def attempts(self):
        """Return the statuses and errors of all attempts, oldest first."""
        return self._sql("SELECT coalesce(status::text, error) FROM plugin_checkin_print.attempts "
                         "WHERE error != 'interrupted' ORDER BY id")

    def is_open(self):
        """Return whether the breaker is open."""
        return self._sql('SELECT opened_dt IS NOT NULL FROM plugin_checkin_print.webhooks') == ['t']

    def mails(self):
        """Return the subjects of the e-mails about it, as the event's log has them."""
        return self._sql("SELECT summary FROM events.logs WHERE module = 'Check-in printing' AND type = 'email' "
                         "ORDER BY id")


def add_webhook(manager, receiver, name='Members', path=''):
    """Add a webhook on the page, as a manager does; the receiver gets its secret."""
    answer = manager.post('/manage/checkin-print/webhooks/add', {
        'name': name, 'url': receiver.url + path, 'fields': ['full_name', 'friendly_id'],
        'events': ['registration.checked_in', 'checkin.undone']})
    receiver.knows(re.search(r'whsec_[\w+/=-]+', answer.json()['html'])[0])


@scenario('dead-endpoint', 'The receiver of a webhook refuses, hangs, resets, answers 500 and 429, and recovers.')
def dead_endpoint():
    with running(say=say) as stack, without_plugin(stack) as plain:
        receiver, manager, log = Receiver(stack.folder), Manager(stack), Log(stack)
        try:
            return _check(stack, plain, receiver, manager, log)
        finally:
            receiver.stop()


def _check(stack, plain, receiver, manager, log):
    add_webhook(manager, receiver)
    receiver.start()
    people = evenly(stack, 2 * COUNT + 6)
    warm, others = people[:6], people[6:]
    here = CheckIn(stack)
    for one, other in ((warm[0], warm[2]), (warm[1], warm[3])):
        here(one)
        plain(other)
    wait_until(lambda: len(log.attempts()) >= 2, 30)
    before = len(log.attempts())
    receiver.stop()
    say('the receiver is off')
    here(warm[4])
    wait_until(lambda: log.attempts()[before:] == ['connect'], 30)
    receiver.start(*SCRIPT)
    say(f'now it hangs, resets, answers 500 and 429; {COUNT} people are checked in')
    with_badge, without_badge = others[0::4] + others[1::4], others[2::4] + others[3::4]
    about = compare(stack, plain, with_badge, without_badge)
    opened = bool(wait_until(log.is_open, 60, interval=0.2))
    page = manager.get('/manage/checkin-print/')
    banner = 'does not work.' in page
    say(f'the breaker is {"open" if opened else "closed"}; the receiver stays broken for one probe')
    checked_in = [*warm[:2], warm[4], *with_badge]
    wait_until(lambda: len({x['id'] for x in taken(receiver)}) >= len(checked_in), 180, interval=0.2)
    closed = bool(wait_until(lambda: not log.is_open(), 10))
    wait_for_badges(stack, len(checked_in), extra=3)
    facts = judge(stack, checked_in, not_printed=[*warm[2:4], *without_badge])
    got = Counter(x['id'] for x in taken(receiver))
    persons = Counter(x['registration'] for x in taken(receiver))
    attempts = log.attempts()
    about |= {'delivered': len(got), 'delivered_twice': sum(n > 1 for n in got.values()),
              'not_delivered': len({p['id'] for p in checked_in} - persons.keys()), 'opened': opened,
              'closed': closed, 'banner': banner, 'mails': len(log.mails()), 'attempts': dict(Counter(attempts))}
    for fault, sentence in (
            (about['delivered'] != len(checked_in) or persons.keys() != {p['id'] for p in checked_in},
             'Not every check-in was delivered.'),
            (about['delivered_twice'] or max(persons.values(), default=0) > 1, 'A message was taken twice.'),
            (attempts[before:before + len(EXPECTED)] != EXPECTED, f'The attempts were {attempts}'),
            (not (opened and closed and banner), 'The breaker did not open and close, with a banner.'),
            (len(log.mails()) != 2, f'There should be two e-mails: {log.mails()}'),
            (about['ratio'] > MAX_RATIO, f'A check-in took {about["ratio"]} times as long as without the plugin.')):
        if fault:
            facts.faults.append(sentence)
    if facts.faults:
        say(stack.tails())
    return facts, about


def taken(receiver):
    """Return the messages that the receiver answered with 2xx."""
    return [x for x in receiver.received() if x['answer'] == '204']

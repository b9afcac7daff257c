"""Receivers of webhooks that take their time: they must hold up neither badges nor Indico's own tasks."""

import threading
import time
from collections import Counter, defaultdict

from tests.stack.checkin import CheckIn
from tests.stack.facts import commit_times, judge, percentile, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.process import wait_until
from tests.stack.receiver import Receiver
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import evenly
from tests.stack.scenarios.webhooks import add_webhook, taken
from tests.stack.stack import Wanted, running
from tests.stack.states import JobState


RECEIVERS, ANSWER_AFTER = 20, 9
COUNT = 60
WARM_UP = 6
CHECK_IN_INTERVAL = 0.8  # seconds between two check-ins, and between two e-mails
#: How many times longer the slowest badges may take than without slow receivers
MAX_RATIO = 1.5
EMAIL_TIMEOUT = 1  # seconds until an e-mail is on its way


@scenario('slow-receivers', 'Twenty webhooks take nine seconds for each answer: badges and e-mails do not notice.')
def slow_receivers(relay='relay'):
    """Run it.

    :param relay: ``relay``, or anything else for Celery alone.
    """
    with_relay = relay == 'relay'
    with running(Wanted(mail=True, relay=with_relay, way='websocket' if with_relay else 'poll'), say=say) as stack:
        receiver = Receiver(stack.folder)
        try:
            return _check(stack, receiver)
        finally:
            receiver.stop()


def _check(stack, receiver):
    people = evenly(stack, WARM_UP + 2 * COUNT)
    check_in, manager = CheckIn(stack), Manager(stack)
    check_in.every(people[:WARM_UP], CHECK_IN_INTERVAL)
    stack.mail.ask()
    wait_for_badges(stack, WARM_UP)
    say(f'{COUNT} check-ins without webhooks')
    stack.mail.asked.clear()
    with Mails(stack.mail):
        check_in.every(people[WARM_UP:-COUNT], CHECK_IN_INTERVAL)
        wait_for_badges(stack, WARM_UP + COUNT)
    mails_before = stack.mail.waits()
    receiver.takes(ANSWER_AFTER)
    receiver.start()
    for number in range(RECEIVERS):
        add_webhook(manager, receiver, f'Receiver {number}', f'/{number}')
    say(f'{COUNT} check-ins with {RECEIVERS} webhooks that take {ANSWER_AFTER} s for an answer')
    stack.mail.asked.clear()
    slow = people[-COUNT:]
    with Mails(stack.mail):
        check_in.every(slow, CHECK_IN_INTERVAL)
        wait_for_badges(stack, len(people))
        while_slow = len(taken(receiver))
        say(f'{while_slow} messages are delivered; now the receivers are quick')
        receiver.takes(0)
        wait_until(lambda: len(taken(receiver)) >= RECEIVERS * COUNT, 240, interval=0.5)
    # those that were on their way when the last message came
    time.sleep(2)
    facts = judge(stack, people)
    mails = stack.mail.waits()
    committed = commit_times(stack)
    ms = [[(facts.papers[person['id']].first_byte - committed[person['id']]) * 1000 for person in group
           if person['id'] in facts.papers] for group in (people[WARM_UP:-COUNT], slow)]
    got = Counter((x['path'], x['registration']) for x in taken(receiver))
    wanted = {(f'/hook/{number}', person['id']) for number in range(RECEIVERS) for person in slow}
    p95 = [percentile(values, 95) for values in ms]
    about = {'without_ms': {'p50': percentile(ms[0], 50), 'p95': p95[0]},
             'slow_ms': {'p50': percentile(ms[1], 50), 'p95': p95[1]}, 'ratio': round(p95[1] / p95[0], 2),
             'mails': len(mails), 'mail_max_s': {'without': round(max(mails_before), 2), 'slow': round(max(mails), 2)},
             'delivered': len(got), 'delivered_while_slow': while_slow,
             'delivered_twice': sum(n > 1 for n in got.values()), 'at_once': at_once(receiver.received())}
    for fault, sentence in (
            (about['ratio'] > MAX_RATIO, f'The slowest badges took {about["ratio"]} times as long.'),
            (max(mails) > EMAIL_TIMEOUT, f'An e-mail took {max(mails):.1f} s.'),
            (got.keys() != wanted, f'{len(got.keys() & wanted)} of {len(wanted)} messages were delivered.'),
            (about['delivered_twice'], 'A message was delivered twice.'),
            (about['at_once']['one_webhook'] > 1, 'A webhook got two POSTs at once.'),
            (while_slow < RECEIVERS * 2, f'Only {while_slow} messages were delivered while the receivers were slow.')):
        if fault:
            facts.faults.append(sentence)
    if facts.faults:
        say(stack.tails())
    return facts, about


class Mails:
    """Asks for an e-mail now and then, as long as it is open."""

    def __init__(self, mail):
        self._mail = mail
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *args):
        self._end.set()
        self._thread.join()
        wait_until(lambda: self._mail.asked.keys() <= self._mail.came.keys(), 30)

    def _run(self):
        while not self._end.wait(CHECK_IN_INTERVAL):
            self._mail.ask()


def at_once(received):
    """Return how many requests were open at the same moment, at most: of all webhooks, and of one."""
    most = defaultdict(int)
    for moments in (received, *({key: [x for x in received if x['path'] == key] for key in
                                 {x['path'] for x in received}}.values())):
        # an answer comes before the next request of the same moment
        changes = sorted([(x['since'], 1) for x in moments] + [(x['until'], -1) for x in moments])
        count, peak = 0, 0
        for __, change in changes:
            count += change
            peak = max(peak, count)
        most['all' if moments is received else 'one_webhook'] = max(
            peak, most['all' if moments is received else 'one_webhook'])
    return dict(most)


@scenario('posts-takeover', 'The relay that POSTs badges is stopped, started and killed; Celery takes over.')
def posts_takeover():
    with running(Wanted(way='webhook'), say=say) as stack:
        people, check_in, waits = evenly(stack, 24), CheckIn(stack), {}
        parts = {'relay': people[:6], 'stopped': people[6:12], 'back': people[12:18], 'killed': people[18:]}
        for done, (phase, part) in enumerate(parts.items(), 1):
            say(f'six check-ins: {phase}')
            if phase == 'stopped':
                stack.relay.stop()
            elif phase == 'back':
                stack.relay.start()
            elif phase == 'killed':
                stack.relay.kill()
            check_in.every(part, 0.3)
            wait_for_badges(stack, 6 * done, extra=0.2)
        facts = judge(stack, people)
        committed = commit_times(stack)
        for phase, part in parts.items():
            waits[phase] = round(max(facts.papers[p['id']].first_byte - committed[p['id']] for p in part
                                    if p['id'] in facts.papers), 2)
        who = dict(row.split('\t') for row in stack.postgres.sql('indico', f"""
            SELECT split_part(actor, ':', 1), count(*) FROM plugin_checkin_print.job_history
            WHERE state = {JobState.dispatched}
            GROUP BY 1"""))
        if who.get('celery') != '12' or who.get('relay') != '12':
            facts.faults.append(f'Twelve badges should be POSTed by each: {who}')
        if waits['killed'] > 12:
            facts.faults.append(f'After the relay was killed a badge took {waits["killed"]} s.')
        if facts.faults:
            say(stack.tails())
        return facts, {'slowest_s': waits, 'posted_by': who}

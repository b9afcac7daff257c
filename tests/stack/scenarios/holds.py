"""Badges that must wait for something, or must not come at all: a payment, a click, an undone scan, too much time."""

from concurrent.futures import ThreadPoolExecutor

from tests.stack.checkin import CheckIn
from tests.stack.facts import any_badge_within, commit_times, judge, wait_for_badges
from tests.stack.indico import BIN
from tests.stack.manager import Manager
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import running
from tests.stack.states import JobState, RegistrationState


def jobs(stack, people, state=None, reason=None):
    """Return the ids of the jobs of people, in the order of the people."""
    where = f'registration_id IN ({", ".join(str(p["id"]) for p in people)})'
    where += f' AND state = {state}' if state else ''
    where += f" AND reason = '{reason}'" if reason else ''
    found = dict(row.split('\t') for row in stack.postgres.sql(
        'indico', f'SELECT registration_id, max(id) FROM plugin_checkin_print.jobs WHERE {where} GROUP BY 1'))
    return [found[str(p['id'])] for p in people if str(p['id']) in found]


def release(stack, ids):
    """Release jobs in an order, as an administrator does."""
    stack.indico.run(BIN / 'indico', 'checkin-print', 'jobs', 'release', *ids)


@scenario('repeat', 'A hundred people are scanned five times each, partly at the same moment by two volunteers.')
def repeat():
    with running(say=say) as stack:
        people = evenly(stack, 100)
        first, second = CheckIn(stack), CheckIn(stack)
        say('100 people are checked in five times each')
        for person in people[:50]:
            for __ in range(5):
                first(person)
        with ThreadPoolExecutor(2) as pool:
            for person in people[50:]:
                for __ in range(2):
                    list(pool.map(lambda check_in, person=person: check_in(person), (first, second)))
                first(person)
        wait_for_badges(stack, 100, extra=3)
        return judge(stack, people), {'requests': 500}


@scenario('bulk', 'Two hundred people are checked in at once in the participant list: nothing prints before a click.')
def bulk():
    with running(say=say) as stack:
        form = stack.seeded['forms'][0]['id']
        people = [p for p in stack.seeded['registrations'] if p['form_id'] == form][:200]
        say(f'{len(people)} people are checked in at once')
        Manager(stack).check_in_all(people)
        any_badge_within(stack, 8)
        before = len(stack.papers())
        chosen = sorted(people, key=lambda p: (p['last_name'], p['first_name'], p['id']))
        held = jobs(stack, chosen, JobState.held, 'bulk')
        say(f'{before} came out, {len(held)} are held; now they are released by family name')
        release(stack, held)
        wait_for_badges(stack, len(people), timeout=300, extra=3)
        facts = judge(stack, people)
        # the commit of a check-in says nothing here: the badges waited for a person
        out = sorted(facts.papers, key=lambda id_: facts.papers[id_].first_byte)
        in_order = out == [p['id'] for p in chosen]
        if before or len(held) != len(people):
            facts.faults.append(f'{before} came out before the release; {len(held)} of {len(people)} were held.')
        if not in_order:
            facts.faults.append('They did not come out in the chosen order.')
        return facts, {'printed_before_release': before, 'held': len(held), 'in_chosen_order': in_order}


@scenario('unpaid', 'Twenty people who have not paid are checked in; their badges come out when they pay.')
def unpaid():
    with running(say=say) as stack:
        people = evenly(stack, 20)
        stack.postgres.sql('indico', f"""
            UPDATE event_registration.registrations SET state = {RegistrationState.unpaid}, base_price = 10
            WHERE id IN ({", ".join(str(p["id"]) for p in people)})""")
        check_in = CheckIn(stack)
        for person in people:
            check_in(person)
        any_badge_within(stack, 6)
        before, held = len(stack.papers()), len(jobs(stack, people, JobState.held, 'unpaid'))
        say(f'{before} came out, {held} are held; now they pay')
        for person in people:
            check_in.pay(person)
        wait_for_badges(stack, 20, extra=3)
        facts = judge(stack, people)
        if before or held != 20:
            facts.faults.append(f'{before} came out before the payment; {held} of 20 were held.')
        return facts, {'printed_before_payment': before, 'held': held}


@scenario('uncheck', 'Check-ins are undone before and after the badge is printed, and done again.')
def uncheck():
    with running(say=say) as stack:
        early, late = evenly(stack, 10)[:5], evenly(stack, 10)[5:]
        check_in = CheckIn(stack)
        # nothing is assigned while the agents are off
        for agent in stack.agents.values():
            agent.stop()
        for person in early:
            check_in(person)
            check_in(person, False)
        for agent in stack.agents.values():
            agent.start()
        any_badge_within(stack, 6)
        undone = len(stack.papers())
        say(f'{undone} badges of undone check-ins came out; now all are checked in')
        for person in [*early, *late]:
            check_in(person)
        wait_for_badges(stack, 10, extra=2)
        once = len(stack.papers())
        for person in late:
            check_in(person, False)
            check_in(person)
        any_badge_within(stack, 5, besides=10)
        more = len(stack.papers()) - once
        held = jobs(stack, late, JobState.held, 'already_printed')
        say(f'{once} came out, {more} a second time, {len(held)} are held; one is released')
        release(stack, held[:1])
        wait_for_badges(stack, once + 1, extra=2)
        released = len(stack.papers()) - once - more
        facts = judge(stack, [*early, *late], copies={late[0]['id']: 2})
        if (undone, once, more, len(held), released) != (0, 10, 0, 5, 1):
            facts.faults.append('Not the right number of badges at every step.')
        return facts, {'undone_printed': undone, 'printed_once': once, 'printed_twice': more, 'held': len(held),
                       'released': released}


@scenario('expiry', 'The agents are away longer than a badge is good for; nothing prints when they return.')
def expiry():
    with running(say=say) as stack:
        people = evenly(stack, 10)
        for agent in stack.agents.values():
            agent.stop()
        check_in = CheckIn(stack)
        for person in people:
            check_in(person)
        say('half an hour passes')
        stack.postgres.sql('indico', "UPDATE plugin_checkin_print.jobs SET expires_dt = expires_dt - interval '30 min'")
        for agent in stack.agents.values():
            agent.start()
        any_badge_within(stack, 20)
        before = len(stack.papers())
        expired = jobs(stack, people, JobState.expired)
        say(f'{before} came out, {len(expired)} are expired; somebody wants them all the same')
        stack.indico.run(BIN / 'indico', 'checkin-print', 'jobs', 'retry', *expired)
        wait_for_badges(stack, 10, extra=2)
        facts = judge(stack, people)
        if before or len(expired) != 10:
            facts.faults.append(f'{before} came out before anybody asked; {len(expired)} of 10 were expired.')
        return facts, {'printed_on_return': before, 'expired': len(expired)}


@scenario('broker-down', 'Redis is killed and stays away: every badge is out within fifteen seconds all the same.')
def broker_down():
    with running(say=say) as stack:
        people = evenly(stack, 30)
        stack.redis.service.kill()
        say('Redis is gone; 30 people are checked in')
        took = CheckIn(stack).every(people, 0.3)
        wait_for_badges(stack, 30, timeout=30)
        facts = judge(stack, people)
        slowest = max(facts.ms, default=0) / 1000
        if slowest > 15:
            facts.faults.append(f'A badge took {slowest:.1f} seconds.')
        return facts, {'slowest_s': round(slowest, 1), 'checkin_max_ms': round(max(took) * 1000, 1),
                       'committed': len(commit_times(stack))}

"""Badges that are made before check-in: ready at once, and never old."""

import threading
import time

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.manager import Manager
from tests.stack.papers import read
from tests.stack.process import StartError, wait_until
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.truth import correct
from tests.stack.scenarios.ways import CHECK_IN_INTERVAL, evenly
from tests.stack.stack import Wanted, running
from tests.stack.states import JobState


PEOPLE = 300
#: How many are renamed between the preparation and their check-in
RENAMED = 40
#: How many are checked in before the template changes
BEFORE_CHANGE = 200
#: Whether each badge was ready at once, and when it got its go, by registration
STEPS = f"""
    SELECT j.registration_id,
           bool_or(h.state = {JobState.ready} AND h.reason = 'prepared'
                   AND NOT EXISTS (SELECT 1 FROM plugin_checkin_print.job_history q
                                   WHERE q.job_id = j.id AND q.state = {JobState.rendering} AND q.id < h.id)),
           max(extract(epoch FROM h.dt AT TIME ZONE 'UTC')) FILTER (WHERE h.state = {JobState.dispatched})
    FROM plugin_checkin_print.jobs j JOIN plugin_checkin_print.job_history h ON h.job_id = j.id
    WHERE j.purpose = 'badge' GROUP BY 1
"""


def prepare_badges(stack, manager, timeout=180):
    """Have all badges of the event made with the manager's button; return how long that took, in seconds."""
    began = time.monotonic()
    manager.post('/manage/checkin-print/prepared/now')
    done = 'SELECT 1 FROM plugin_checkin_print.events WHERE prepared_dt >= prepare_asked_dt'
    if not wait_until(lambda: stack.postgres.sql('indico', done), timeout, interval=0.2):
        raise StartError('The badges were not made in time.')
    return time.monotonic() - began


@scenario('prepared', '300 badges are made before check-in; then 40 names and the template change: nothing old prints.')
def prepared():
    with running(Wanted(registrations=PEOPLE * 3 // 2), say=say) as stack:
        people, check_in = evenly(stack, PEOPLE), CheckIn(stack)
        say(f'the badges of {len(people)} people are made')
        took = prepare_badges(stack, Manager(stack))
        made = int(stack.postgres.sql('indico', """
            SELECT count(*) FROM plugin_checkin_print.prepared WHERE document_id IS NOT NULL""")[0])
        renamed = people[BEFORE_CHANGE // 2:][:RENAMED]
        say(f'{made} are made in {took:.0f} s; {RENAMED} names are corrected, and people come')
        for person in renamed:
            person['first_name'] = f'Corrected{person["id"]}'
        correct(stack, rename={p['id']: p['first_name'] for p in renamed})
        coming = threading.Thread(target=check_in.every, args=(people, CHECK_IN_INTERVAL))
        coming.start()
        time.sleep(BEFORE_CHANGE * CHECK_IN_INTERVAL)
        correct(stack, template=[stack.seeded['template']['id'], 'Version 2'])
        changed = time.time()
        say('the template has changed')
        coming.join()
        wait_for_badges(stack, len(people), timeout=120, extra=3)
        facts = judge(stack, people)
        steps = {int(id_): (ready == 't', float(go)) for id_, ready, go in (
            row.split('\t') for row in stack.postgres.sql('indico', STEPS))}
        texts = {id_: read(paper.path).text for id_, paper in facts.papers.items()}
        old_templates = [id_ for id_, text in texts.items() if 'Version 2' not in text and steps[id_][1] > changed]
        old_names = [p['id'] for p in renamed if p['first_name'] not in texts.get(p['id'], '')]
        ready = [id_ for id_, (at_once, __) in steps.items() if at_once]
        if old_templates or old_names:
            facts.faults.append(f'{len(old_names)} badges have an old name, {len(old_templates)} the old template.')
        if not ready or made < PEOPLE:
            facts.faults.append(f'{made} badges were made before check-in, {len(ready)} were ready at once.')
        if facts.faults:
            say(stack.tails())
        return facts, {'prepared': made, 'prepare_s': round(took, 1), 'ready_at_once': len(ready),
                       'renamed': len(renamed), 'old_names': len(old_names),
                       'new_templates': sum('Version 2' in text for text in texts.values()),
                       'old_templates': len(old_templates)}

"""From a change in the ledger to a volunteer's screen: a real Chromium shows the board of a desk."""

import time
from collections import defaultdict

from tests.stack import browser
from tests.stack.checkin import CheckIn
from tests.stack.facts import desk_of, percentile, wait_for_badges
from tests.stack.process import StartError


PEOPLE = 40
WARM_UP = 5
CHECK_IN_INTERVAL = 0.7  # seconds
#: How long the page has to show the last change, in seconds
SETTLE = 3
#: The states of a badge in their order (`JobState`)
STATES = ('', 'held', 'queued', 'rendering', 'ready', 'dispatched', 'printing', 'completed', 'sent', 'failed',
          'expired', 'canceled', 'unknown')
#: Notes when the page first shows a badge in a state, by the clock of this machine, in ms since 1970.
_WATCH = """() => {
    window.shown = [];
    const seen = new Set();
    const look = () => document.querySelectorAll('#board [data-job]').forEach(row => {
        const what = `${row.dataset.job} ${row.dataset.state}`;
        if (!seen.has(what)) {
            seen.add(what);
            window.shown.push([Number(row.dataset.job), row.dataset.state, Date.now()]);
        }
    });
    look();
    new MutationObserver(look).observe(document.querySelector('#board'), {childList: true, subtree: true});
}"""


def measure(stack, people, say):
    """Return percentiles, in ms: from the commit of each change of a badge's state until the page shows it.

    A state that another one follows at once may never be shown; what counts then is when a later one is.

    :param people: Whom no other part checks in.
    """
    people = [person for person in people if desk_of(stack, person) == 'desk1'][:WARM_UP + PEOPLE]
    check_in = CheckIn(stack)
    before = len(stack.papers())
    with browser.chromium() as chromium:
        page = chromium.new_page(base_url=stack.url, viewport={'width': 390, 'height': 844})
        user = stack.seeded['users']['volunteer']
        page.goto('/login/')
        page.fill('input[name=identifier]', user['login'])
        page.fill('input[name=password]', user['password'])
        page.press('input[name=password]', 'Enter')
        page.wait_for_url(lambda url: '/login' not in url)
        with page.expect_websocket(timeout=60_000):
            page.goto(f'{stack.event_url}/desk/{stack.seeded["desks"]["Desk 1"]}/board')
        page.evaluate(_WATCH)
        say(f'{len(people)} check-ins, and a browser that shows the board of their desk')
        check_in.every(people, CHECK_IN_INTERVAL)
        wait_for_badges(stack, before + len(people))
        time.sleep(SETTLE)
        shown = defaultdict(list)
        for job, state, at in page.evaluate('window.shown'):
            shown[job].append((STATES.index(state), at))
    return judge(_changes(stack, [person['id'] for person in people[WARM_UP:]]), shown)


def judge(changes, shown):
    """Return percentiles of how long changes took to be shown, in ms.

    :param changes: (job, state, when it was committed in ms since 1970), in order
    :param shown: job -> [(state, when it was shown in ms since 1970)]
    """
    took = []
    for number, (job, state, committed) in enumerate(changes):
        later = {state, *(other for id_, other, __ in changes[number:] if id_ == job)}
        times = [at for shown_state, at in shown.get(job, ()) if shown_state in later]
        if not times:
            raise StartError(f'The board never showed that job {job} was {STATES[state]}, nor what followed.')
        took.append(max(0, min(times) - committed))
    return {'p50': percentile(took, 50), 'p95': percentile(took, 95), 'changes': len(took)}


def _changes(stack, registration_ids):
    ids = ', '.join(map(str, registration_ids))
    rows = stack.postgres.sql('indico', f"""
        SELECT j.id, h.state, extract(epoch FROM pg_xact_commit_timestamp(h.xmin)) * 1000
        FROM plugin_checkin_print.jobs j JOIN plugin_checkin_print.job_history h ON h.job_id = j.id
        WHERE j.registration_id IN ({ids}) AND j.purpose = 'badge' ORDER BY h.id""")
    return [(int(job), int(state), float(committed)) for job, state, committed in (row.split('\t') for row in rows)]

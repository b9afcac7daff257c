"""The same person is scanned more than once: nervous fingers, a second phone, a network that lost the answer."""

from concurrent.futures import ThreadPoolExecutor

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.scenarios.ways import evenly
from tests.stack.stack import running


@scenario('repeat-light', 'Twenty people are scanned twice, half of them by two volunteers at the same moment.')
def repeat_light():
    with running(say=say) as stack:
        people = evenly(stack, 20)
        first, second = CheckIn(stack), CheckIn(stack)
        say('20 people are checked in twice')
        for person in people[:10]:
            first(person)
            first(person)
        with ThreadPoolExecutor(2) as pool:
            for person in people[10:]:
                list(pool.map(lambda check_in, person=person: check_in(person), (first, second)))
        # and once more when the badges are out
        wait_for_badges(stack, 20)
        for person in people[:5]:
            first(person)
        wait_for_badges(stack, 20, extra=3)
        return judge(stack, people), {'requests': 45}

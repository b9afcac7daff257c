"""The ways of a badge to its desk: websocket, polling, webhook; badge, label and ticket."""

from tests.stack.checkin import CheckIn
from tests.stack.facts import judge, wait_for_badges
from tests.stack.say import say
from tests.stack.scenarios import scenario
from tests.stack.stack import Wanted, running


#: Seconds between two check-ins: ten desks would be this busy.
CHECK_IN_INTERVAL = 0.2


def evenly(stack, count):
    """Return people of both registration forms, in turn, so that both desks have as much to do."""
    forms = [[p for p in stack.seeded['registrations'] if p['form_id'] == form['id']] for form in stack.seeded['forms']]
    return [person for pair in zip(*forms, strict=False) for person in pair][:count]


def print_badges(wanted, count):
    """Check people in and judge what comes out."""
    with running(wanted, say=say) as stack:
        people = evenly(stack, count)
        say(f'{count} people are checked in')
        took = CheckIn(stack).every(people, CHECK_IN_INTERVAL)
        wait_for_badges(stack, count)
        facts = judge(stack, people)
        desks = {name: len(printer.papers()) for name, printer in stack.printers.items()}
        width, height = stack.seeded['template']['width_mm'], stack.seeded['template']['height_mm']
        size = 'A4' if wanted.kind == 'ticket' else f'{width} x {height} mm'
        if facts.faults:
            say(stack.tails())
        return facts, {'way': wanted.way, 'page': size, 'desks': desks,
                       'checkin_ms': round(sorted(took)[len(took) // 2] * 1000, 1)}


@scenario('websocket', 'Fifty check-ins over two desks, whose agents are reached through the relay.')
def websocket():
    return print_badges(Wanted(), 50)


@scenario('webhook', 'Fifty check-ins over two desks, whose agents take signed webhooks and report back.')
def webhook():
    return print_badges(Wanted(way='webhook'), 50)


@scenario('polling', 'Ten check-ins over two desks without a relay: the agents ask Indico every two seconds.')
def polling():
    return print_badges(Wanted(way='poll', relay=False), 10)


@scenario('ticket', "Ten check-ins that print Indico's own ticket, one A4 page each.")
def ticket():
    return print_badges(Wanted(kind='ticket'), 10)


@scenario('label', 'Ten check-ins that print a small label, 90 x 55 mm.')
def label():
    return print_badges(Wanted(template='label'), 10)

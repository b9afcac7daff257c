"""One pairing on two computers, at the real relay: the newest speaks for the agent, the other stops and says why."""

import shutil

from tests.stack.agent import PrintAgent
from tests.stack.checkin import CheckIn
from tests.stack.process import wait_for


def log(agent):
    return agent.service.log.read_text()


def twin_of(agent, name, stack, mode='auto'):
    """Another computer with a copy of the pairing."""
    twin = PrintAgent(name, stack.folder, stack.printing, ['desk1'], mode=mode)
    shutil.copytree(agent.folder / 'pairings', twin.folder / 'pairings')
    return twin


def test_the_newest_wins_and_the_other_says_why_it_stopped(stack, take):
    first = stack.agents['laptop1']
    before = log(first).count('connected to')
    twin = twin_of(first, 'laptop1-twin', stack)
    try:
        twin.start()
        wait_for(lambda: 'has stopped printing' in log(first), 60)
        assert 'the same agent connected from another computer' in log(first), log(twin)
        assert 'has stopped printing' not in log(twin)
        # the newest one gets the badges
        person, = take(1)
        assert stack.seeded['desk_of_form'][str(person['form_id'])] == 'Desk 1'
        CheckIn(stack)(person)
        wait_for(lambda: any(step['step'] == 'submitted' for step in twin.steps()), 60)
        # and the other one does not come back
        assert log(first).count('connected to') == before
    finally:
        twin.stop()
        first.stop()
        first.start()
    wait_for(lambda: log(first).count('connected to') > before, 60)


def test_of_two_that_poll_the_newest_wins(stack, take):
    """Of two that poll the newest wins and the other says why it gets nothing."""
    first = stack.agents['laptop1']
    before = log(first).count('connected to')
    older, newer = (twin_of(first, f'laptop1-{name}', stack, mode='poll') for name in ('older', 'newer'))
    first.stop()
    try:
        older.start()
        wait_for(lambda: 'by polling' in log(older), 60)
        newer.start()
        wait_for(lambda: 'speaks from another computer' in log(older), 60)
        person, = take(1)
        CheckIn(stack)(person)
        wait_for(lambda: any(step['step'] == 'submitted' for step in newer.steps()), 60)
        assert log(newer).count('by polling') == 1, log(newer)
        assert older.steps() == []
    finally:
        older.stop()
        newer.stop()
        first.start()
    wait_for(lambda: log(first).count('connected to') > before, 60)

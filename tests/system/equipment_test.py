"""A laptop is stopped and started, a printer runs out of paper and gets new: a receiver hears of each once."""

import re
from collections import Counter

import pytest

from tests.stack.checkin import CheckIn
from tests.stack.manager import Manager
from tests.stack.process import wait_for
from tests.stack.receiver import Receiver


EVENTS = ['agent.away', 'agent.back', 'printer.stopped', 'printer.ready']
#: Ten seconds for which it has to last, the relay's interval twice, and a busy machine.
TIMEOUT = 90


@pytest.fixture
def receiver(stack):
    """A receiver whose webhook asks for news of agents and printers only; it verifies all signatures."""
    receiver, manager = Receiver(stack.folder), Manager(stack)
    receiver.start()
    answer = manager.post('/manage/checkin-print/webhooks/add', {
        'name': 'Monitoring', 'url': receiver.url, 'events': EVENTS})
    receiver.knows(re.search(r'whsec_[\w+/=-]+', answer.json()['html'])[0])
    webhook_id, = stack.postgres.sql('indico', 'SELECT max(id) FROM plugin_checkin_print.webhooks')
    yield receiver
    receiver.stop()
    manager.post(f'/manage/checkin-print/webhooks/{webhook_id}/delete')


def types(receiver):
    return Counter(line['type'] for line in receiver.received())


def test_each_is_announced_once(stack, take, receiver):
    working = 'SELECT count(*) FROM plugin_checkin_print.equipment WHERE works'
    wait_for(lambda: stack.postgres.sql('indico', working) == ['4'], TIMEOUT)
    laptop, printer, person = stack.agents['laptop1'], stack.printers['desk2'], take(1, form=1)[0]
    assert stack.seeded['desk_of_form'][str(person['form_id'])] == 'Desk 2'
    try:
        printer.run_out_of_media()
        CheckIn(stack)(person)
        laptop.stop()
        wait_for(lambda: len(types(receiver)) >= 2, TIMEOUT)
        assert types(receiver) == {'agent.away': 1, 'printer.stopped': 1}
    finally:
        printer.repair()
        laptop.start()
    wait_for(lambda: len(types(receiver)) >= 4, TIMEOUT)
    assert types(receiver) == dict.fromkeys(EVENTS, 1)
    lines = {line['type']: line for line in receiver.received()}
    assert len({line['id'] for line in lines.values()}) == 4
    assert {line['answer'] for line in lines.values()} == {'204'}
    # whom it is about, and nobody else
    found = {type_: (line['agent'], line['printer'], line['reason']) for type_, line in lines.items()}
    assert found == {'agent.away': ('laptop1', None, 'agent_away'), 'agent.back': ('laptop1', None, ''),
                     'printer.stopped': ('laptop2', 'desk2', 'media-empty'), 'printer.ready': ('laptop2', 'desk2', '')}
    assert {line['registration'] for line in lines.values()} == {None}

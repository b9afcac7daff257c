"""What happened to the connections: each change once, and not for ever."""

from types import SimpleNamespace

from print_agent.web.connection_history import MAX_CHANGES, History


def link(name='a'):
    return SimpleNamespace(state='down', problem='', pairing=SimpleNamespace(
        id=name, url='https://indico', event_title='Conference', agent_name='Desk'))


def test_the_history_has_every_change_once():
    one = link()
    history = History([one])
    for state, problem in (('down', ''), ('down', ''), ('stream', ''), ('stream', ''),
                           ('down', 'the server is restarting'), ('down', 'no connection (refused).'), ('poll', '')):
        one.state, one.problem = state, problem
        history.update()
    assert [change.words for change in reversed(history.changes())] == [
        'Connecting…', 'Connected.', 'The server is restarting.', 'No connection (refused).',
        'Connected by polling: badges come up to two seconds later.']
    (now,) = history.connections()
    assert (now.state, now.event, now.agent) == ('poll', 'Conference', 'Desk')
    for number in range(MAX_CHANGES + 10):
        one.problem, one.state = str(number), 'down'
        history.update()
    assert len(history.changes()) == MAX_CHANGES


def test_down_since_the_first_reason():
    """Since when a connection is down does not change with the reason."""
    one = link()
    history = History([one])
    history.update()
    since = history.connections()[0].since
    one.problem = 'no answer in time'
    history.update()
    assert history.connections()[0].since == since
    assert history.changes()[0].time >= since

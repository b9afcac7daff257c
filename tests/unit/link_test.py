"""The link against a fake Indico: hello, words, documents, breaks, and never both ways at once."""

import asyncio
import logging
from uuid import UUID

import pytest
from tests.fakes.badges import J1, J2, J9, PDF, make_job
from tests.fakes.indico import TOKEN, FakeServer, ack
from tests.fakes.linked_desk import PRINTERS, LinkedDesk

from print_agent.connection import link as link_module
from print_agent.connection import polling as poll_module
from print_agent.protocol import messages as p
from print_agent.connection import websocket as stream_module
from print_agent.connection.backoff import Backoff
from print_agent.printing.backend import Outcome
from print_agent.spool.job import State


@pytest.fixture
async def server():
    async with FakeServer() as server:
        yield server


async def test_a_link_begins_with_the_whole_truth(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: desk.link.state == 'stream')
        (hello,) = server.hellos
        assert (hello.protocol, hello.spool, hello.printers) == (p.PROTOCOL, desk.spool.id, PRINTERS)
        assert hello.software.startswith('print-agent/')
        assert hello.holding == ()


async def test_a_badge_goes_through(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.now)
        await server.send(make_job(), PDF)
        await server.until(lambda: server.said(p.Accepted))
        assert desk.backend.submitted == []
        await server.send(p.Go(job=J1, dispatch=1))
        await server.until(lambda: server.said(p.Completed))
        assert [type(m).__name__ for m in server.heard] == ['Accepted', 'Printing', 'Completed']
        assert desk.backend.submitted[0].document == PDF
        await server.until(lambda: not desk.jobs.owed('a'))


async def test_an_outcome_is_said_again_until_it_is_acknowledged(tmp_path, server, monkeypatch):
    monkeypatch.setattr(stream_module, 'OUTCOME_REPEAT_INTERVAL', 0.05)
    server.auto_ack = False
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.now)
        await server.send(make_job(go=True), PDF)
        await server.until(lambda: len(server.said(p.Completed)) >= 3)
        await server.send(ack(server.said(p.Completed)[0]))
        await server.until(lambda: not desk.jobs.owed('a'))
        await server.now.close()
        await server.until(lambda: len(server.hellos) == 2)
        assert server.hellos[1].holding == ()


async def test_after_a_break_nothing_is_lost(tmp_path, server):
    server.auto_ack = False
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.now)
        await server.send(make_job(J1, go=True), PDF)
        await server.send(make_job(J2), PDF)
        await server.until(lambda: server.said(p.Completed) and len(server.said(p.Accepted)) == 2)
        server.heard.clear()
        await server.now.close()
        await server.until(lambda: len(server.hellos) == 2 and server.said(p.Completed))
        assert set(server.hellos[1].holding) == {p.Held(job=J1, dispatch=1, state='completed'),
                                                 p.Held(job=J2, dispatch=1, state='waiting')}
        assert len(desk.backend.submitted) == 1


async def test_a_break_between_job_and_document_is_harmless(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.now)
        await server.send(make_job(go=True))
        await server.now.close()
        await server.until(lambda: len(server.hellos) == 2)
        assert server.hellos[1].holding == ()
        assert desk.spool.find('a', J1) is None


async def test_heartbeats_come_twice_as_often_as_asked_for(tmp_path, server):
    server.heartbeat = 0.2
    async with LinkedDesk(tmp_path, server):
        await server.until(lambda: len(server.said(p.Heartbeat)) >= 2)


async def test_nonsense_is_answered_and_the_link_lives_on(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.now)
        await server.now.send('{"type": "fax"}')
        await server.now.send('nonsense')
        await server.now.send(b'%PDF-')
        await server.send(make_job(J9))
        await server.send(p.Drain(reason='bye'))
        await server.until(lambda: len(server.said(p.Error)) == 4)
        assert [m.code for m in server.said(p.Error)] == ['unknown_type', 'bad_message', 'unexpected_document',
                                                          'no_document']
        assert server.said(p.Error)[3].job == J9
        await server.send(make_job(go=True), PDF)
        await server.until(lambda: server.said(p.Completed))
        assert len(server.hellos) == 1
        assert desk.link.state == 'stream'


async def test_trouble_is_told_once(tmp_path, server, caplog):
    caplog.set_level(logging.INFO, 'print_agent')
    server.refuse_upgrade = 503
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: desk.link._backoff.failures >= 4)
        assert 'HTTP 503' in desk.link.problem
        server.refuse_upgrade = None
        await server.until(lambda: desk.link.state == 'stream')
        assert desk.link.problem == ''
    lines = [r.getMessage() for r in caplog.records if r.name == 'print_agent.connection.link']
    assert len([line for line in lines if 'no connection' in line]) == 1
    assert lines[-1].startswith('reconnected')
    assert TOKEN not in caplog.text


async def test_a_revoked_token_is_told_in_words_and_not_hammered(tmp_path, server, caplog):
    async with LinkedDesk(tmp_path, server, token='icpa_old') as desk:
        await server.until(lambda: 'pair it again' in desk.link.problem)
        assert server.connections == 0
    assert 'icpa_old' not in caplog.text


@pytest.mark.parametrize(('code', 'words'), [
    (4000, 'another version'), (4001, 'running twice'), (4003, 'revoked'), (1001, 'restarting')])
async def test_each_way_of_being_sent_away_has_its_words(tmp_path, server, code, words):
    async def close(ws):
        await ws.recv()
        await ws.close(code)

    server.script = close
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: words in desk.link.problem)


async def test_a_server_of_another_version_is_left_alone(tmp_path, server):
    async def welcome(ws):
        await ws.recv()
        await ws.send(p.encode(p.Welcome(protocol=2)).decode())
        await ws.wait_closed()

    server.script = welcome
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: 'another version' in desk.link.problem)


async def test_a_server_that_accepts_and_closes_is_not_stormed(tmp_path, server):
    async def close(ws):
        await ws.close(1008)

    server.script = close
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.connections >= 4)
        # no welcome, no reset: the window has grown
        assert desk.link._backoff.failures >= 3


def test_waits_grow_to_a_minute_and_are_spread():
    backoff = Backoff()
    waits = [backoff.next() for _ in range(50)]
    assert all(0.1 * min(2 ** n, 60) <= wait <= min(2 ** n, 60) for n, wait in enumerate(waits))
    assert len(set(waits[10:])) > 30
    backoff.reset()
    assert backoff.next() <= 1
    assert all(30 <= backoff.slow() <= 60 for _ in range(20))


# -- polling ----------------------------------------------------------------------------------------------------------

async def test_polling_carries_everything(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.replies = [p.Welcome(), make_job(go=True)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.said(p.Completed))
        assert server.connections == 0
        assert desk.link.state == 'poll'
        assert desk.backend.submitted[0].document == PDF
        assert server.said(p.Accepted)
        await server.until(lambda: not desk.jobs.owed('a'))
        assert server.polls[0].hello.printers == PRINTERS


async def test_an_outcome_does_not_wait_for_the_next_poll(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.next_in = 3600.0
    server.replies = [make_job(go=True)]
    async with LinkedDesk(tmp_path, server, mode='poll'):
        await server.until(lambda: server.said(p.Completed))


async def test_a_failed_poll_loses_nothing(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.replies = [make_job()]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.spool.find('a', J1))
        server.poll_status = 500
        await server.until(lambda: desk.link.state == 'down')
        desk.jobs.go('a', p.Go(job=J1, dispatch=1))
        await asyncio.sleep(0.05)
        server.poll_status = 200
        await server.until(lambda: server.said(p.Completed))
        assert server.said(p.Accepted)


async def test_a_document_that_is_gone_gives_the_job_back(tmp_path, server):
    server.replies = [make_job(go=True)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.said(p.Returned))
        assert server.said(p.Returned)[0].reason == 'document_unavailable'
        assert desk.spool.find('a', J1) is None


async def test_polling_with_a_revoked_token_is_told_in_words(tmp_path, server):
    async with LinkedDesk(tmp_path, server, mode='poll', token='icpa_old') as desk:
        await server.until(lambda: 'pair it again' in desk.link.problem)


async def test_what_happened_between_two_polls_is_told_in_its_order(tmp_path, server):
    """A printer that cannot say when a badge is done is through with it before the next poll."""
    server.poll_status = 500
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        desk.backend.end = Outcome('sent')
        await desk.jobs.receive('a', make_job(go=True), PDF)
        await server.until(lambda: desk.jobs.owed('a'))
        server.poll_status = 200
        await server.until(lambda: server.said(p.Sent))
        words = [type(message) for message in server.polls[-1].messages]
        assert words == [p.Accepted, p.Printing, p.Sent]


async def test_a_link_by_polling_begins_until_it_is_answered(tmp_path, server):
    server.poll_status = 500
    async with LinkedDesk(tmp_path, server, mode='poll'):
        await server.until(lambda: len(server.polls) > 1)
        assert all(poll.begins for poll in server.polls)
        server.poll_status, answered = 200, len(server.polls)
        await server.until(lambda: len(server.polls) > answered + 2)
        assert not any(poll.begins for poll in server.polls[-2:])
        assert len({poll.link for poll in server.polls}) == 1
        assert server.polls[0].link


async def test_an_older_poller_says_why_it_gets_nothing_and_is_back_when_the_other_is_gone(tmp_path, server):
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        server.poll_status, server.poll_error = 409, {'error': 'replaced'}
        await server.until(lambda: 'speaks from another computer' in desk.link.problem)
        assert desk.link.state == 'down'
        server.poll_status = 200
        await server.until(lambda: desk.link.state == 'poll')
        # as the one that it was: one that begins would have thrown out the other one
        assert not any(poll.begins for poll in server.polls[1:])


async def test_a_poll_under_way_ends_before_the_websocket_speaks(tmp_path, server):
    """Or the server would take the poll for the newer connection and send the websocket away."""
    server.refuse_upgrade = 404
    server.documents = {f'{J1}/1': PDF}
    async with LinkedDesk(tmp_path, server, mode='auto') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        server.poll_gate.clear()
        polls = len(server.polls)
        await server.until(lambda: len(server.polls) > polls)
        server.replies = [make_job()]
        server.refuse_upgrade = None
        await server.until(lambda: server.connections == 1)
        assert server.hellos == []
        server.poll_gate.set()
        await server.until(lambda: desk.link.state == 'stream')
        assert server.hellos[0].holding == (p.Held(job=J1, dispatch=1, state='waiting'),)


async def test_a_late_answer_is_dropped(tmp_path, server, monkeypatch):
    """A reply that was under way when the websocket took over must not be processed."""
    monkeypatch.setattr(link_module, 'LAST_POLL_TIMEOUT', 0.05)
    server.refuse_upgrade = 404
    server.documents = {f'{J1}/1': PDF}
    async with LinkedDesk(tmp_path, server, mode='auto') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        server.poll_gate.clear()
        polls = len(server.polls)
        await server.until(lambda: len(server.polls) > polls)
        server.replies = [make_job(go=True)]
        server.refuse_upgrade = None
        await server.until(lambda: desk.link.state == 'stream')
        server.poll_gate.set()
        await asyncio.sleep(0.05)
        assert desk.spool.find('a', J1) is None


@pytest.mark.parametrize('status', [404, 405, 503, 403])
async def test_without_websockets_the_agent_polls_at_once_and_comes_back(tmp_path, server, status):
    server.refuse_upgrade = status
    async with LinkedDesk(tmp_path, server, mode='auto') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        server.refuse_upgrade = None
        await server.until(lambda: desk.link.state == 'stream')
        polls = len(server.polls)
        await asyncio.sleep(0.2)
        assert len(server.polls) == polls
        assert len(server.hellos) == 1


async def test_a_lost_network_leads_to_polling_after_some_attempts(tmp_path, server, monkeypatch):
    attempts = []

    async def close(ws):
        attempts.append(len(server.polls))
        await ws.close(1011)

    server.script = close
    async with LinkedDesk(tmp_path, server, mode='auto') as desk:
        await server.until(lambda: server.polls)
        assert len(attempts) >= link_module.FAILURES_BEFORE_POLL
        assert attempts[:link_module.FAILURES_BEFORE_POLL] == [0] * link_module.FAILURES_BEFORE_POLL
        server.script = None
        await server.until(lambda: desk.link.state == 'stream')


async def test_the_newest_wins_and_the_other_stops(tmp_path, server):
    async def replaced(ws):
        await ws.recv()
        await ws.close(4001)

    server.script = replaced
    async with LinkedDesk(tmp_path, server, mode='auto') as desk:
        await server.until(lambda: desk.link.replaced)
        assert 'running twice' in desk.link.problem
        # coming back, by any means, would throw the other one out
        desk.link.wake()
        await asyncio.sleep(0.3)
        assert (server.connections, server.polls) == (1, [])


async def test_being_replaced_by_our_own_poll_is_no_reason_to_stay_away(tmp_path, server):
    async def replaced(ws):
        await ws.recv()
        await ws.close(4001)

    server.refuse_upgrade = 404
    async with LinkedDesk(tmp_path, server, mode='auto') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        server.script = replaced
        server.refuse_upgrade = None
        await server.until(lambda: server.connections == 1)
        server.script = None
        await server.until(lambda: desk.link.state == 'stream')


async def test_printers_that_change_are_pushed_either_way(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: desk.link.state == 'stream')
        desk.link.put(p.Printers(printers=()))
        await server.until(lambda: server.said(p.Printers))
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        server.heard.clear()
        desk.link.put(p.Printers(printers=()))
        await server.until(lambda: server.said(p.Printers))


async def test_a_job_with_a_slow_document_is_clocked_from_its_header(tmp_path, server, monkeypatch):
    monkeypatch.setattr(poll_module, 'MAX_FETCHES', 1)
    server.documents = {f'{J1}/1': PDF}
    server.replies = [make_job(go=True, print_within=0.0)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.spool.find('a', J1))
        desk.jobs.tick()
        assert desk.spool.find('a', J1).state is State.returned
        assert desk.backend.submitted == []


async def test_what_is_too_large_is_said_in_words_once_and_not_tried_for_ever(tmp_path, server, caplog):
    caplog.set_level(logging.INFO, 'print_agent')

    async def close(ws):
        await ws.recv()
        await ws.close(1009)

    server.script = close
    server.poll_status = 413
    async with LinkedDesk(tmp_path, server, mode='auto') as desk:
        await server.until(lambda: server.connections >= 3)
        assert 'too large' in desk.link.problem
        assert 'cups.queues' in desk.link.problem
    lines = [r.getMessage() for r in caplog.records if r.name == 'print_agent.connection.link']
    assert len(lines) == 1


async def test_one_that_is_let_in_and_thrown_out_does_not_fill_the_log(tmp_path, server, caplog):
    caplog.set_level(logging.INFO, 'print_agent')

    async def close(ws):
        await ws.recv()
        await ws.send(p.encode(p.Welcome()).decode())
        await ws.close(1009)

    server.script = close
    async with LinkedDesk(tmp_path, server):
        await server.until(lambda: server.connections >= 6)
    lines = [r.getMessage() for r in caplog.records if r.name == 'print_agent.connection.link']
    assert [line.split()[0] for line in lines] == ['connected', 'no', 'reconnected']


@pytest.mark.parametrize('mode', ['stream', 'poll'])
async def test_a_welcome_says_which_printers_desks_use(tmp_path, server, mode):
    heard = []
    server.wanted = ('desk1', 'x' * 127)
    async with LinkedDesk(tmp_path, server, mode=mode) as desk:
        desk.link._wanted = lambda *told: heard.append(told)
        server.replies.append(p.Welcome(wanted=server.wanted))
        await server.until(lambda: heard and heard[-1] == ('a', frozenset(server.wanted)))


async def test_a_poll_never_says_more_than_is_read(tmp_path, server):
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.polls)
        server.poll_gate.clear()
        for number in range(400):
            desk.link.put(p.Failed(job=str(UUID(int=number)), dispatch=1, reason='x', detail='ä' * 2000))
        server.poll_gate.set()
        await server.until(lambda: sum(len(poll.messages) for poll in server.polls) >= 400)
    said = [m.job for poll in server.polls for m in poll.messages if isinstance(m, p.Failed)]
    assert said == [str(UUID(int=number)) for number in range(400)]
    assert all(len(p.encode(poll)) < 2 * p.MAX_MESSAGE for poll in server.polls)

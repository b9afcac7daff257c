"""The link against a fake Indico: hello, words, documents, breaks, and never both ways at once."""

import asyncio
import logging
import time

import pytest

from print_agent.connection import link as link_module
from print_agent.protocol import messages as p

from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.indico import TOKEN, FakeServer
from tests.fakes.linked_desk import PRINTERS, LinkedDesk


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


async def test_a_problem_is_logged_once(tmp_path, server, caplog):
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


async def test_a_revoked_token_is_described_and_not_tried_all_the_time(tmp_path, server, caplog):
    async with LinkedDesk(tmp_path, server, token='icpa_old') as desk:
        await server.until(lambda: 'pair it again' in desk.link.problem)
        assert server.connections == 0
    assert 'icpa_old' not in caplog.text


async def test_a_server_that_accepts_and_closes_is_not_stormed(tmp_path, server):
    async def close(ws):
        await ws.close(1008)

    server.script = close
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.connections >= 4)
        # no welcome, no reset: the window has grown
        assert desk.link._backoff.failures >= 3


# -- polling ----------------------------------------------------------------------------------------------------------


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
async def test_polls_where_there_are_no_websockets(tmp_path, server, status):
    """Without websockets the agent polls at once and comes back."""
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


async def test_replaced_by_its_own_poll(tmp_path, server):
    """Being replaced by our own poll is no reason to stay away."""
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


async def test_too_large_is_said_once(tmp_path, server, caplog):
    """What is too large is said in words once and not tried for ever."""
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


async def test_accepted_and_disconnected_logs_little(tmp_path, server, caplog):
    """One that is accepted and disconnected does not fill the log."""
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
        desk.link._wanted = lambda *wanted: heard.append(wanted)
        server.replies.append(p.Welcome(wanted=server.wanted))
        await server.until(lambda: heard and heard[-1] == ('a', frozenset(server.wanted)))


async def test_a_server_that_welcomes_and_closes_is_left_alone(tmp_path, server):
    async def hang_up(ws):
        await ws.recv()
        await ws.send(p.encode(p.Welcome()).decode())
        await ws.close(1011)

    server.script = hang_up
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.connections >= 4)
        # only a connection that lasts resets the window
        assert desk.link._backoff.failures >= 3


async def test_a_connection_that_lasted_is_a_fresh_start(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        desk.link._steady = 0.0
        desk.link._backoff.failures = 9
        await server.until(lambda: server.now)
        await server.now.close()
        await server.until(lambda: len(server.hellos) == 2)
        assert desk.link._backoff.failures == 1


@pytest.mark.parametrize('status', [429, 503])
async def test_a_server_that_asks_to_stay_away_is_left_alone(tmp_path, server, status):
    server.refuse_upgrade, server.retry_after = status, '200'
    waits = []
    async with LinkedDesk(tmp_path, server) as desk:
        after = desk.link._after
        desk.link._after = lambda end: waits.append(after(end)) or waits[-1]
        await server.until(lambda: waits)
        # and a random bit more, or all whom it asked would come back together
        assert 200 < waits[0] < 201


async def test_a_stale_connection_is_replaced_on_waking(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: desk.link.state == 'stream')
        desk.link.wake()
        await server.until(lambda: len(server.hellos) == 2 and desk.link.state == 'stream')


async def test_waking_ends_the_wait_for_the_next_attempt(tmp_path, server):
    server.refuse_upgrade, server.retry_after = 429, '200'
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: 'slow down' in desk.link.problem)
        server.refuse_upgrade = None
        desk.link.wake()
        await server.until(lambda: desk.link.state == 'stream')


async def test_desks_that_call_the_tech_are_known_while_connected(tmp_path, server):
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: server.now)
        assert 'calls' in server.hellos[0].features
        assert desk.link.calls == ()
        await server.send(p.Calls(calls=(p.Call(desk=7, name='North', seconds=60, by='Vera'),)))
        await server.until(lambda: desk.link.calls)
        ((call, since),) = desk.link.calls
        assert (call.desk, call.name) == (7, 'North')
        assert 55 < time.time() - since < 120
        desk.link.put(p.CallAnswer(desk=7))
        await server.until(lambda: server.said(p.CallAnswer))
        # what an earlier connection said is not known any more
        await server.now.close()
        await server.until(lambda: len(server.hellos) == 2 and desk.link.state == 'stream')
        assert desk.link.calls == ()

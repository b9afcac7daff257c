"""Network faults: late messages, servers that ask for too much, a computer that sleeps."""

import asyncio

import pytest

from print_agent.connection import websocket as stream_module
from print_agent.connection.close_reasons import Why
from print_agent.connection.proxy import Network
from print_agent.connection.websocket import Stream
from print_agent.jobs.manager import Jobs
from print_agent.protocol import messages as p
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, J2, J3, J9, PDF, make_job
from tests.fakes.indico import TOKEN, FakeServer, ack
from tests.fakes.linked_desk import LinkedDesk


@pytest.fixture
async def server():
    async with FakeServer() as server:
        yield server


class SlowRoad:
    """A TCP road to a server whose way back can be blocked; what is under way then arrives later, in order."""

    def __init__(self, port):
        self._target = port
        self.open = asyncio.Event()
        self.open.set()
        self._tasks = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connection, '127.0.0.1', 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader, writer):
        back, out = await asyncio.open_connection('127.0.0.1', self._target)
        self._tasks += [asyncio.create_task(self._carry(reader, out)),
                        asyncio.create_task(self._carry(back, writer, self.open))]

    async def _carry(self, reader, writer, gate=None):
        while chunk := await reader.read(65536):
            if gate is not None:
                await gate.wait()
            writer.write(chunk)
            await writer.drain()
        writer.close()


async def test_a_go_that_was_long_on_its_way_is_not_used(tmp_path, server, monkeypatch):
    """The server has given it up by then, and somebody may have printed the badge elsewhere."""
    monkeypatch.setattr(stream_module, 'MAX_TRANSIT', 0.2)
    monkeypatch.setattr(stream_module, 'PING_INTERVAL', 0.05)
    async with SlowRoad(server.port) as road:
        monkeypatch.setattr(FakeServer, 'url', f'ws://127.0.0.1:{road.port}/ws')
        async with LinkedDesk(tmp_path, server) as desk:
            await server.until(lambda: desk.link.state == 'stream')
            await server.send(make_job(J1), PDF)
            await server.until(lambda: server.said(p.Accepted))
            road.open.clear()
            await server.send(p.Go(job=J1, dispatch=1, print_within=0.5))
            await server.send(make_job(J2, go=True, print_within=0.5), PDF)
            await asyncio.sleep(1)
            road.open.set()
            await server.until(lambda: desk.spool.find('a', J2))
            desk.jobs.tick()
            await server.until(lambda: len(server.said(p.Returned)) == 2)
            assert {m.reason for m in server.said(p.Returned)} == {'too_late'}
            assert desk.backend.submitted == []
            # the next one comes in time
            await server.send(make_job(J3, go=True), PDF)
            await server.until(lambda: server.said(p.Completed))


# -- messages ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('theirs', 'words'), [(2, 'update the print agent'), (0, 'update the plugin')])
async def test_it_says_which_side_is_too_old(tmp_path, server, theirs, words):
    async def welcome(ws):
        await ws.recv()
        await ws.send(p.encode(p.Welcome(protocol=theirs)).decode())
        await ws.wait_closed()

    server.script = welcome
    async with LinkedDesk(tmp_path, server) as desk:
        await server.until(lambda: words in desk.link.problem)


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


@pytest.fixture
def stream(tmp_path, server):
    """Makes one connection."""
    spool = Spool(tmp_path / 'spool.sqlite3')

    def make(url=None, **kwargs):
        return Stream(url or server.url, TOKEN, 'a', Jobs(spool), tuple, network=Network(), **kwargs)

    yield make
    spool.close()


async def test_without_a_welcome_it_ends(server, stream, monkeypatch):
    async def silent(ws):
        await ws.recv()
        await ws.wait_closed()

    monkeypatch.setattr(stream_module, 'WELCOME_TIMEOUT', 0.05)
    server.script = silent
    end = await stream().run()
    assert (end.why, end.text, end.lasted) == (Why.lost, 'no answer in time', 0.0)


async def test_a_ping_that_is_not_answered_ends_it(server, stream, monkeypatch):
    monkeypatch.setattr(stream_module, 'PING_INTERVAL', 0.01)
    monkeypatch.setattr(stream_module, 'PING_TIMEOUT', 0.3)
    async with SlowRoad(server.port) as road:
        one = stream(f'ws://127.0.0.1:{road.port}/ws', welcomed=lambda _welcome: road.open.clear())
        end = await asyncio.wait_for(one.run(), 30)
        road.open.set()
    assert (end.why, end.text) == (Why.lost, 'no answer in time')
    assert end.lasted > 0


async def test_a_message_that_is_too_large_for_us_ends_it(server, stream, monkeypatch):
    async def shout(ws):
        await ws.recv()
        await ws.send(p.encode(p.Welcome()).decode())
        await ws.send('x' * 2000)
        await ws.wait_closed()

    monkeypatch.setattr(stream_module, 'MAX_FRAME', 1000)
    server.script = shout
    end = await stream().run()
    assert end.why is Why.too_large
    assert 'update the print agent' in end.text


async def test_nothing_is_said_before_the_last_poll_has_ended(server, stream):
    polled = asyncio.Event()
    running = asyncio.create_task(stream(before_hello=polled.wait).run())
    await server.until(lambda: server.connections)
    await asyncio.sleep(0.05)
    assert server.hellos == []
    polled.set()
    await server.until(lambda: server.hellos)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

"""Network faults: late messages, servers that ask for too much, a computer that sleeps."""

import asyncio
import re
import signal

import httpx
import pytest
from tests.fakes.badges import J1, J2, J3, J9, PDF, make_job
from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.linked_desk import LinkedDesk
from tests.fakes.program import FOLDERS_ONLY, Running

from print_agent.connection import backoff
from print_agent.runtime import clock
from print_agent.connection import polling as poll_module
from print_agent.protocol import messages as p
from print_agent.connection import websocket as stream_module
from print_agent.jobs.manager import Jobs
from print_agent.connection.proxy import Network
from print_agent.connection.polling import Poller
from print_agent.spool.job import State
from print_agent.spool.store import Spool


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


async def test_a_late_answer_to_a_poll_is_as_old_as_the_question(tmp_path, server):
    server.documents = {f'{J1}/1': PDF}
    server.poll_gate.clear()
    server.replies = [make_job(go=True, print_within=0.3)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: server.polls)
        await asyncio.sleep(0.5)
        server.poll_gate.set()
        await server.until(lambda: desk.spool.find('a', J1))
        desk.jobs.tick()
        assert desk.spool.find('a', J1).state is State.returned
        assert desk.backend.submitted == []


# -- servers that ask for too many attempts ---------------------------------------------------------------------------

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


@pytest.mark.parametrize(('header', 'seconds'), [
    ('5', 5), (' 7 ', 7), ('0', 0), ('', 0), ('-3', 0), ('1e9', 0), ('9' * 400, backoff.MAX_RETRY_AFTER),
    ('86400', backoff.MAX_RETRY_AFTER), ('Sat, 21 Nov 2026 10:00:00 GMT', 0), ('²', 0)])
def test_a_server_may_ask_for_a_pause_but_not_for_ever(header, seconds):
    assert backoff.retry_after(header) == seconds


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


async def test_polling_stays_away_as_well(tmp_path, server):
    server.poll_status, server.retry_after = 503, '200'
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: 'HTTP 503' in desk.link.problem)
        await asyncio.sleep(0.3)
        assert len(server.polls) == 1
        server.poll_status = 200
        desk.link.wake()
        await server.until(lambda: desk.link.state == 'poll')


async def test_polls_have_a_shortest_pause(tmp_path, server, monkeypatch):
    monkeypatch.setattr(poll_module, 'MIN_PAUSE', 3600.0)
    server.next_in = 0.0
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        await asyncio.sleep(0.3)
        assert len(server.polls) == 1


async def test_urgent_polls_have_a_shortest_pause(tmp_path, server, monkeypatch):
    """A server that answers each "not here" with the same go again must not be asked without a pause."""
    monkeypatch.setattr(poll_module, 'MIN_URGENT_PAUSE', 3600.0)
    server.replies = [p.Go(job=J9, dispatch=1)]
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: desk.link.state == 'poll')
        await asyncio.sleep(0.3)
        assert len(server.polls) == 1


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


async def test_a_login_page_of_the_network_is_named(tmp_path, server):
    server.poll_status = 302
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: 'login page' in desk.link.problem)


async def test_another_version_is_named_by_polling_too(tmp_path, server):
    server.poll_status = 400
    server.poll_error = {'error': 'version', 'message': 'This Indico speaks version 2 of the protocol.'}
    async with LinkedDesk(tmp_path, server, mode='poll') as desk:
        await server.until(lambda: 'This Indico speaks version 2' in desk.link.problem)


# -- sleep ------------------------------------------------------------------------------------------------------------

def test_the_clock_counts_sleep():
    assert clock._ID in {7, 6}  # CLOCK_BOOTTIME of Linux, CLOCK_MONOTONIC of macOS: see clock_gettime(2)
    before = clock.now()
    assert clock.now() >= before


def test_a_lapse_is_noticed_once(monkeypatch):
    lapse = clock.SleepDetector(5.0)
    assert lapse.look() == 0
    real = clock.now
    monkeypatch.setattr(clock, 'now', lambda: real() + 60)
    assert 60 <= lapse.look() < 70
    assert lapse.look() == 0


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


async def test_no_job_is_submitted_after_a_sleep_before_its_deadline_is_checked(tmp_path, server, monkeypatch):
    """The worker may run before the clock's own loop, so it checks the deadline too."""
    async with LinkedDesk(tmp_path, server) as desk:
        entry = await desk.jobs.receive('a', make_job(go=True, printer='desk9'), PDF)
        real = clock.now
        monkeypatch.setattr(clock, 'now', lambda: real() + 60)
        assert desk.jobs.handover.begin_submit(entry) is None
        desk.jobs.tick()
        assert desk.spool.find('a', J1).state is State.returned


async def test_a_stopped_agent_prints_nothing_old_when_it_resumes(tmp_path):
    """SIGSTOP past ``print_within``, with one go at the agent and one still in its socket."""
    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    async with FakeServer() as server:
        pairing_file(tmp_path / 'pairings', server.url)
        with Running(tmp_path) as agent:
            await server.until(lambda: server.now, 60)
            # the folder is missing, so the first one waits with its go
            await server.send(make_job(J1, go=True, print_within=8.0), PDF)
            await server.send(make_job(J2), PDF)
            await server.until(lambda: len(server.said(p.Accepted)) == 2)
            agent.process.send_signal(signal.SIGSTOP)
            await server.send(p.Go(job=J2, dispatch=1, print_within=8.0))
            (tmp_path / 'out').mkdir()
            await asyncio.sleep(stream_module.MAX_TRANSIT + 1.5)
            agent.process.send_signal(signal.SIGCONT)
            await server.until(lambda: {m.job for m in server.said(p.Returned)} == {J1, J2}, 60)
            assert list((tmp_path / 'out').iterdir()) == []
            await server.until(lambda: len(server.hellos) == 2, 60)
            assert 'slept for' in agent.said
            # and then it prints
            await server.send(make_job(J3, go=True), PDF)
            await server.until(lambda: server.said(p.Sent), 60)


@pytest.mark.parametrize(('error', 'words'), [
    (httpx.ConnectError('All connection attempts failed'), 'Indico cannot be reached; check the network'),
    (httpx.ConnectTimeout(''), 'Indico does not answer in time'), (httpx.ReadTimeout(''), 'Indico does not answer in'),
    (httpx.RemoteProtocolError('x'), r'no answer from Indico \(RemoteProtocolError\)')])
async def test_a_silent_indico_is_described(tmp_path, error, words):
    def silent(_request):
        raise error

    texts = []
    spool = Spool(tmp_path / 'spool.sqlite3')
    poller = Poller('http://localhost/poll', 'http://localhost/d', 't', 'link', 'a', Jobs(spool), tuple,
                    network=Network(), failed=lambda failure: texts.append(failure.text) or poller.stop(),
                    transport=httpx.MockTransport(silent))
    await asyncio.wait_for(poller.run(), 30)
    assert re.match(words, texts[0])
    spool.close()

"""A session while the database takes its time: nobody is silent by that, and no permission grows younger.

And when it does not answer at all, the agent is sent away and asked to come back.
"""

import asyncio
import contextlib
import functools
import logging

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from print_agent.protocol import messages

from indico_checkin_print.agents import inbound, tech_calls
from indico_checkin_print.errors import DatabaseAway, Revoked
from indico_checkin_print.relay import session as session_module
from indico_checkin_print.relay.metrics import Metrics
from indico_checkin_print.relay.session import Session


PDF = b'%PDF'
#: Ids of jobs
A, B, STRANGER = (f'00000000-0000-4000-8000-{number:012}' for number in (1, 2, 3))
#: More than the buffers of a socket take
LARGE = bytes(32 * 1024 * 1024)
JOB = messages.Job(job=A, dispatch=1, printer='p', title='Badge', kind='badge', width_mm=96, height_mm=134,
                   length=len(PDF), sha256='0' * 64, expires_in=600, go=True)
ACK = messages.Ack(job=A, dispatch=1, state='completed')
GO = messages.Go(job=B, dispatch=1)


class SlowDatabase:
    """Says at once who the agent is, and nothing more before a test lets it."""

    def __init__(self, outgoing):
        self._outgoing = outgoing
        self.asked = asyncio.Event()
        self.may_resume = asyncio.Event()
        self.away = False
        self.revoked = False
        self.looks = 0

    async def call(self, function, *args):
        match function:
            case inbound.hello:
                return {}, messages.Welcome(name='Laptop')
            case inbound.speaking_agent:
                if self.revoked:
                    raise Revoked
            case session_module.outgoing_for:
                self.looks += 1
                outgoing, self._outgoing = self._outgoing, []
                return outgoing
            case session_module.document_of | inbound.receive:
                self.asked.set()
                await self.may_resume.wait()
                if self.away:
                    raise DatabaseAway('no route to host')
                return PDF if function is session_module.document_of else ACK
        return None


def in_a_loop(test):
    @functools.wraps(test)
    def _test(**kwargs):
        asyncio.run(asyncio.wait_for(test(**kwargs), 20))
    return _test


@contextlib.asynccontextmanager
async def link(database, **hello):
    """Yield (session, the agent's end) of a link that has been welcomed."""
    log, greeted = logging.getLogger(__name__), asyncio.get_running_loop().create_future()

    async def _agent(ws):
        await Session(ws, 1, database, Metrics(), log, greeted.set_result).run()

    async with (serve(_agent, '127.0.0.1', 0, compression=None) as relay_end,
                connect(f'ws://127.0.0.1:{relay_end.sockets[0].getsockname()[1]}', compression=None) as ws):
        await ws.send(messages.encode(messages.Hello(software='test/1', spool='s', printers=(), **hello)), text=True)
        assert isinstance(messages.decode_from_server(await ws.recv()), messages.Welcome)
        yield await greeted, ws


@in_a_loop
async def test_who_waits_for_the_database_is_not_silent(monkeypatch):
    monkeypatch.setattr(session_module, 'HEARTBEAT_TIMEOUT', 0.2)
    monkeypatch.setattr(session_module, 'WATCH_INTERVAL', 0.02)
    database = SlowDatabase([])
    async with link(database) as (session, ws):
        await ws.send(messages.encode(messages.Completed(job=A, dispatch=1)), text=True)
        await database.asked.wait()
        await asyncio.sleep(0.4)
        assert session.end_reason == 'lost'
        database.may_resume.set()
        assert isinstance(messages.decode_from_server(await ws.recv()), messages.Ack)
        # from here on it is
        with pytest.raises(ConnectionClosed) as excinfo:
            await ws.recv()
        assert (excinfo.value.rcvd.code, session.end_reason) == (1008, 'silent')


@contextlib.asynccontextmanager
async def link_that_takes_nothing(monkeypatch, database):
    """Yield the session of an agent that says that it is there and reads nothing, with a large badge on its way."""
    monkeypatch.setattr(session_module, 'WATCH_INTERVAL', 0.02)
    monkeypatch.setattr(session_module, 'CLOSE_TIMEOUT', 0.1)
    async with link(database) as (session, ws):
        ws.transport.pause_reading()

        async def _beat():
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await ws.send(messages.encode(messages.Heartbeat()), text=True)
                    await asyncio.sleep(0.02)

        beating = asyncio.create_task(_beat())
        try:
            yield session
            await session._ws.wait_closed()
            ws.transport.abort()
        finally:
            await beating


@in_a_loop
async def test_who_takes_nothing_is_sent_away(monkeypatch):
    monkeypatch.setattr(session_module, 'HEARTBEAT_TIMEOUT', 0.3)
    async with link_that_takes_nothing(monkeypatch, SlowDatabase([(JOB, LARGE)])) as session:
        await session._ws.wait_closed()
        assert session.end_reason == 'silent'


@in_a_loop
async def test_a_revoked_agent_that_takes_nothing(monkeypatch):
    """Who takes nothing hears all the same that it was revoked."""
    monkeypatch.setattr(session_module, 'HEARTBEAT_TIMEOUT', 1)
    database = SlowDatabase([(JOB, LARGE)])
    database.revoked = True
    async with link_that_takes_nothing(monkeypatch, database) as session:
        await session._ws.wait_closed()
        assert session.end_reason == 'revoked'


@in_a_loop
async def test_who_takes_nothing_does_not_keep_a_relay_from_ending(monkeypatch):
    async with link_that_takes_nothing(monkeypatch, SlowDatabase([(JOB, LARGE)])) as session:
        await asyncio.sleep(0.1)
        await session.drain()
        await session._ws.wait_closed()
        assert session.end_reason == 'drained'


@in_a_loop
async def test_a_large_badge_goes_in_pieces_with_room_for_other_words():
    document = bytes(range(256)) * 2000
    async with link(SlowDatabase([(JOB, document)])) as (__, ws):
        assert isinstance(messages.decode_from_server(await ws.recv()), messages.Job)
        pieces = [piece async for piece in ws.recv_streaming()]
        assert b''.join(pieces) == document
        assert max(map(len, pieces)) <= session_module.FRAGMENT_BYTES < len(document)


@in_a_loop
async def test_a_badge_that_the_agent_was_not_given_is_not_noted():
    database = SlowDatabase([(JOB, PDF)])
    database.may_resume.set()
    async with link(database) as (session, ws):
        while await ws.recv() != PDF:
            pass
        for job in (STRANGER, JOB.job):
            await ws.send(messages.encode(messages.Printing(job=job, dispatch=1)), text=True)
            assert messages.decode_from_server(await ws.recv()) == ACK
        assert session.holding == {A: (1, 'printing')}


@in_a_loop
async def test_what_was_held_up_comes_with_the_seconds_that_are_left():
    database = SlowDatabase([(JOB, None), (GO, None)])
    async with link(database) as (__, ws):
        await database.asked.wait()
        await asyncio.sleep(0.1)
        database.may_resume.set()
        job = messages.decode_from_server(await ws.recv())
        assert await ws.recv() == PDF
        go = messages.decode_from_server(await ws.recv())
        assert go.print_within <= job.print_within <= GO.print_within - 0.1
        assert (job.job, go.job) == (A, B)


@in_a_loop
async def test_a_database_that_stays_away_sends_agents_away():
    database = SlowDatabase([])
    async with link(database) as (session, ws):
        database.away = True
        database.may_resume.set()
        await ws.send(messages.encode(messages.Completed(job=A, dispatch=1)), text=True)
        with pytest.raises(ConnectionClosed) as excinfo:
            await ws.recv()
        assert (excinfo.value.rcvd.code, session.end_reason) == (1013, 'database')


@pytest.mark.parametrize(('waiting', 'message', 'looks'), [
    (False, messages.Printing(job=A, dispatch=1), 0),
    # its go may follow
    (True, messages.Printing(job=A, dispatch=1), 1),
    # there is room for another one
    (False, messages.Completed(job=A, dispatch=1), 1),
    (False, messages.Printers(printers=()), 1),
])
@in_a_loop
async def test_the_ledger_is_asked_where_something_may_follow(waiting, message, looks):
    second = msgspec.structs.replace(JOB, job=B, go=False)
    outgoing = [(JOB, PDF), *([(second, PDF)] if waiting else [])]
    database = SlowDatabase(outgoing)
    database.may_resume.set()
    async with link(database) as (__, ws):
        for ___ in outgoing:
            assert isinstance(messages.decode_from_server(await ws.recv()), messages.Job)
            assert await ws.recv() == PDF
        before = database.looks
        await ws.send(messages.encode(message), text=True)
        assert messages.decode_from_server(await ws.recv()) == ACK
        await asyncio.sleep(0.05)
        assert database.looks - before == looks


@in_a_loop
async def test_calls_are_sent_to_agents_that_show_them():
    """Desks that call the tech are sent to agents that show them."""
    calls = messages.Calls(calls=(messages.Call(desk=1, name='North'),))

    class Database(SlowDatabase):
        async def call(self, function, *args):
            return calls if function is tech_calls.calls_for else await super().call(function, *args)

    async with link(Database([]), features=('calls',)) as (session, ws):
        assert messages.decode_from_server(await ws.recv()) == calls
        session.wake_for_calls()
        assert messages.decode_from_server(await ws.recv()) == calls
    async with link(Database([])) as (session, ws):
        session.wake_for_calls()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await ws.recv()

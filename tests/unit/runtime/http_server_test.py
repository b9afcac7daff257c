"""Silent and slow connections, by real sockets: they are cut, and keep nobody out."""

import asyncio
import contextlib
import errno
import socket
import time
from itertools import pairwise

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from print_agent.config import Config, WebhookEndpoint
from print_agent.jobs.manager import Jobs
from print_agent.protocol import signing
from print_agent.runtime import http_server
from print_agent.runtime.http_server import Server, listen
from print_agent.spool.store import Spool
from print_agent.webhook import receiver as receiver_module
from print_agent.webhook.receiver import Receiver


SECRET = signing.new_secret()


@contextlib.asynccontextmanager
async def served():
    """Yield (the server, its port)."""
    async def hello(_request):
        return PlainTextResponse('hello')

    listener = listen('127.0.0.1', 0)
    server = Server(Starlette(routes=[Route('/', hello, methods=['GET', 'POST'])]), listener, grace=1)
    task = asyncio.create_task(server.serve())
    try:
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def connections(port, count, said=b''):
    """Yield (reader, writer) of so many connections that say something, and then nothing."""
    opened = []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection('127.0.0.1', port)
            writer.write(said)
            opened.append((reader, writer))
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def ended(reader):
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            await reader.read()


async def ask(port):
    async with httpx.AsyncClient() as client:
        return (await client.get(f'http://127.0.0.1:{port}/')).status_code


@pytest.mark.parametrize('said', [b'', b'GET / HTTP/1.1\r\nHost: x\r\n',
                                  b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx'])
async def test_connections_that_say_nothing_keep_nobody_out(said):
    async with served() as (server, port), connections(port, 500, said):
        assert await ask(port) == 200
        assert len(server.server_state.connections) <= http_server.MAX_CONNECTIONS


async def test_connections_that_say_nothing_are_cut(monkeypatch):
    monkeypatch.setattr(http_server, 'HEADER_TIMEOUT', 0.2)
    async with (served() as (_, port), connections(port, 1) as [(never, _)],
                connections(port, 1, b'GET') as [(half, _)],
                connections(port, 1, b'GET / HTTP/1.1\r\nHost: x\r\n\r\nG') as [(second, _)]):
        for reader in (never, half, second):
            await ended(reader)


async def test_without_file_descriptors_it_waits(monkeypatch, caplog):
    """Accepting fails without any pause between in asyncio, and each time with a line in the log."""
    monkeypatch.setattr(http_server, 'ACCEPT_PAUSE', 0.1)
    async with served() as (_, port):
        loop = asyncio.get_running_loop()
        tries, accept = [], loop.sock_accept

        async def no_room(listener):
            if len(tries) < 3:
                tries.append(time.monotonic())
                raise OSError(errno.EMFILE, 'Too many open files')
            return await accept(listener)

        monkeypatch.setattr(loop, 'sock_accept', no_room)
        assert await ask(port) == 200  # the one that was waited for before
        assert await ask(port) == 200
        assert len(tries) == 3
        assert min(b - a for a, b in pairwise(tries)) >= 0.09
        assert caplog.text.count('Too many open files') == 3


async def test_a_port_that_is_taken():
    with listen('127.0.0.1', 0) as taken, pytest.raises(OSError, match='in use'):
        listen('127.0.0.1', taken.getsockname()[1])
    assert isinstance(taken, socket.socket)


@contextlib.asynccontextmanager
async def endpoint(tmp_path):
    spool = Spool(tmp_path / 'spool.sqlite3')
    receiver = Receiver(Config(folder=tmp_path, receiver_port=0, webhook_endpoints=(
        WebhookEndpoint(printer='desk1', secrets=(SECRET,)),)),
                        Jobs(spool))
    await receiver.start()
    try:
        yield receiver
    finally:
        await receiver.stop()
        spool.close()


async def post(port):
    body = b'{"type":"webhook.test","timestamp":"","data":{}}'
    headers = {**signing.headers([SECRET], 'msg_1', int(time.time()), body), 'content-type': 'application/json'}
    async with httpx.AsyncClient() as client:
        return (await client.post(f'http://127.0.0.1:{port}/print/desk1', content=body, headers=headers)).status_code


SLOW = b'POST /print/desk1 HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx'


@pytest.mark.parametrize('said', [b'', SLOW])
async def test_a_signed_post_is_answered_among_silent_ones(tmp_path, said):
    async with endpoint(tmp_path) as receiver, connections(receiver.port, 500, said):
        assert await post(receiver.port) == 202


async def test_slow_bodies_are_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(receiver_module, 'RATE_GRACE', 0.2)
    async with endpoint(tmp_path) as receiver, connections(receiver.port, 1, SLOW) as [(reader, _)]:
        async with asyncio.timeout(10):
            assert b'408' in await reader.readline()


async def test_bodies_on_their_way_do_not_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(receiver_module, 'MAX_UNFINISHED', 50_000)
    body = SLOW + b'x' * 30_000
    async with (endpoint(tmp_path) as receiver, connections(receiver.port, 1, body) as [(first, _)],
                connections(receiver.port, 1, body) as [(second, writer)]):
        async with asyncio.timeout(10):
            assert b'408' in await first.readline()
            writer.write(b'x' * (100_000 - 30_001))
            assert b'400' in await second.readline()  # without a signature

"""Proxies and certificates, on real sockets: the same for websockets, polls and pairing."""

import asyncio
import json
import ssl
import subprocess

import httpx
import pytest
from websockets.asyncio.server import serve

from print_agent import config
from print_agent.connection import pairing
from print_agent.connection.backoff import Backoff
from print_agent.connection.link import Link
from print_agent.connection.proxy import DIRECT, Network
from print_agent.errors import ConfigError, NetworkError, PairingError
from print_agent.jobs.manager import Jobs
from print_agent.spool.store import Spool

from tests.fakes.indico import FakeServer, pairing_file


#: A name that no resolver knows: only a proxy can reach it.
FAR = 'indico.far.invalid'


@pytest.fixture(scope='module')
def certificate(tmp_path_factory):
    """Files of an authority's certificate (which is the server's own as well) and its key."""
    folder = tmp_path_factory.mktemp('tls')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=Desk CA',
                    '-addext', f'subjectAltName=DNS:{FAR},DNS:localhost,IP:127.0.0.1', '-keyout', folder / 'key.pem',
                    '-out', folder / 'ca.pem'], check=True, capture_output=True)
    return folder / 'ca.pem', folder / 'key.pem'


@pytest.fixture
async def tls_server(certificate):
    """An Indico behind TLS: its fake, and the port."""
    server = FakeServer()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with server, serve(server._talk, '127.0.0.1', 0, process_request=server._process, compression=None,
                             ssl=context) as encrypted:
        yield server, encrypted.sockets[0].getsockname()[1]


class Proxy:
    """An HTTP proxy that knows CONNECT and leads every name to this computer. ``asked``: what it was asked for."""

    def __init__(self, status='200 OK'):
        self.asked = []
        self._status = status
        self._tasks = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._connection, '127.0.0.1', 0)
        self.url = f'http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}'
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connection(self, reader, writer):
        head = (await reader.readuntil(b'\r\n\r\n')).decode()
        method, target = head.split()[:2]
        self.asked.append((method, target))
        writer.write(f'HTTP/1.1 {self._status}\r\nContent-Length: 0\r\n\r\n'.encode()
                     if not self._status.startswith('200') else b'HTTP/1.1 200 OK\r\n\r\n')
        await writer.drain()
        if not self._status.startswith('200'):
            writer.close()
            return
        back, out = await asyncio.open_connection('127.0.0.1', int(target.rpartition(':')[2]))
        self._tasks += [asyncio.create_task(_carry(reader, out)), asyncio.create_task(_carry(back, writer))]


async def _carry(reader, writer):
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


class Linked:
    """A link to ``wss://host:port``."""

    def __init__(self, tmp_path, host, port, network, mode='stream'):
        folder = tmp_path / 'pairings'
        path = pairing_file(folder, f'wss://{host}:{port}/ws')
        path.write_text(json.dumps({**json.loads(path.read_text()), 'poll': f'https://{host}:{port}/poll'}))
        path.chmod(0o600)
        self.spool = Spool(tmp_path / 'spool.sqlite3')
        self.link = Link(pairing.load(path), Jobs(self.spool), tuple, mode=mode, network=network,
                         backoff=Backoff(first=0.01, longest=0.05), poll_backoff=lambda: Backoff(0.01, 0.05))

    async def __aenter__(self):
        self._task = asyncio.create_task(self.link.run())
        return self.link

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.spool.close()


async def test_a_given_authority_is_believed(tmp_path, tls_server, certificate):
    server, port = tls_server
    async with Linked(tmp_path, 'localhost', port, Network(ca_file=certificate[0])) as link:
        await server.until(lambda: link.state == 'stream')
    assert server.hellos


@pytest.mark.parametrize('mode', ['stream', 'poll'])
async def test_an_unknown_authority_is_described(tmp_path, tls_server, mode):
    server, port = tls_server
    async with Linked(tmp_path, 'localhost', port, Network(), mode) as link:
        await server.until(lambda: 'certificate is not trusted' in link.problem)
    assert server.hellos == []


async def test_a_websocket_goes_through_the_proxy(tmp_path, tls_server, certificate):
    server, port = tls_server
    async with Proxy() as proxy:
        async with Linked(tmp_path, FAR, port, Network(proxy=proxy.url, ca_file=certificate[0])) as link:
            await server.until(lambda: link.state == 'stream')
        assert proxy.asked == [('CONNECT', f'{FAR}:{port}')]


async def test_the_proxy_of_the_environment_is_used(tmp_path, tls_server, certificate, monkeypatch):
    server, port = tls_server
    async with Proxy() as proxy:
        monkeypatch.setenv('https_proxy', proxy.url.removeprefix('http://'))
        async with Linked(tmp_path, FAR, port, Network(ca_file=certificate[0])) as link:
            await server.until(lambda: link.state == 'stream')
        assert proxy.asked


@pytest.mark.parametrize('mode', ['stream', 'poll'])
async def test_a_proxy_that_refuses_is_described(tmp_path, server_news, mode):
    async with Proxy('403 Forbidden') as proxy:
        async with Linked(tmp_path, FAR, 443, Network(proxy=proxy.url), mode) as link:
            await server_news.until(lambda: 'the proxy does not let' in link.problem)
        assert proxy.asked[0] == ('CONNECT', f'{FAR}:443')


@pytest.fixture
async def server_news():
    async with FakeServer() as server:
        yield server


async def test_pairing_uses_the_proxy_too(certificate):
    async with Proxy('502 Bad Gateway') as proxy:
        with pytest.raises(PairingError, match='does not answer'):
            await pairing.pair(f'https://{FAR}', 'CODE', 'desk', network=Network(proxy=proxy.url))
        assert proxy.asked == [('CONNECT', f'{FAR}:443')]


def test_this_computer_is_never_reached_through_a_proxy(monkeypatch):
    monkeypatch.setenv('https_proxy', 'http://proxy:3128')
    monkeypatch.setenv('no_proxy', 'indico.near.invalid')
    assert Network().proxy_for(f'https://{FAR}/') == 'http://proxy:3128'
    assert Network().proxy_for(f'wss://{FAR}/ws') == 'http://proxy:3128'
    assert Network().proxy_for('https://indico.near.invalid/') is None
    assert Network().proxy_for('http://localhost:8000/') is None
    assert Network(proxy=DIRECT).proxy_for(f'https://{FAR}/') is None
    assert Network(proxy='http://other:1').proxy_for(f'wss://{FAR}/ws') == 'http://other:1'


def test_an_unsupported_kind_of_proxy(tmp_path, monkeypatch):
    """A kind of proxy that is not supported is found before the start."""
    monkeypatch.setenv('https_proxy', 'socks5://proxy:1080')
    with pytest.raises(NetworkError, match='not supported'):
        Linked(tmp_path, FAR, 443, Network())


@pytest.mark.parametrize('proxy', [
    'http://user:secret@proxy:port', 'http://', 'proxy:99999', 'http://[::1', 'http://user:secret@proxy:3128/wpad',
    'http://user@proxy:3128', 'http://user:sec%ret%ff@proxy:3128'])
def test_a_proxy_of_the_environment_without_an_address(tmp_path, monkeypatch, proxy):
    """A proxy of the environment that is no address is found before the start."""
    monkeypatch.setenv('https_proxy', proxy)
    with pytest.raises(NetworkError, match='in HTTPS_PROXY or ALL_PROXY') as caught:
        Linked(tmp_path, FAR, 443, Network())
    assert 'secret' not in str(caught.value)


def test_settings(tmp_path, certificate):
    def load(text):
        (tmp_path / 'agent.toml').write_text('[network]\n' + text)
        return config.load(tmp_path).network

    assert load('') == Network()
    assert load("proxy = 'http://user:secret@proxy:3128'").proxy == 'http://user:secret@proxy:3128'
    assert 'secret' not in repr(load("proxy = 'http://user:secret@proxy:3128'"))
    assert load("proxy = 'direct'").proxy == DIRECT
    assert load(f"ca_file = '{certificate[0]}'").ca_file == certificate[0]
    for text, words in [("proxy = 'proxy:3128'", 'must be http://host:port'), ("proxy = 'http://'", 'must be http'),
                        ("proxy = 'http://proxy:port'", 'must be http'), ("proxy = 'http://[::1'", 'must be http'),
                        ("proxy = 'http://proxy:99999'", 'must be http'),
                        ("proxy = 'http://proxy:3128/wpad'", 'must be http'),
                        ("proxy = 'http://user@proxy:3128'", 'must be http'),
                        ('proxy = 3', 'must be http'), ("ca_file = 'gone.pem'", '"network.ca_file" cannot be used'),
                        ("ca_file = 'agent.toml'", '"network.ca_file" cannot be used')]:
        with pytest.raises(ConfigError) as caught:
            load(text)
        assert words in str(caught.value)


def test_httpx_and_websockets_get_the_same(certificate):
    network = Network(proxy='http://proxy:3128', ca_file=certificate[0])
    both = network.for_httpx(f'https://{FAR}/poll'), network.for_websockets(f'wss://{FAR}/ws')
    assert both[0]['proxy'] == both[1]['proxy'] == 'http://proxy:3128'
    assert both[0]['verify'].get_ca_certs()[-1] == both[1]['ssl'].get_ca_certs()[-1]
    assert 'ssl' not in network.for_websockets('ws://localhost/ws')
    httpx.AsyncClient(**both[0])

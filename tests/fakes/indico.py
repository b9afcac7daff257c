"""An Indico with a relay, as far as an agent can see it."""

import asyncio
import contextlib
import json
from collections.abc import Callable

import httpx
import msgspec
from websockets.asyncio.server import ServerConnection, serve

from print_agent.protocol import messages as p

from tests.fakes.waiting import fail


TOKEN = 'icpa_test'


class FakeServer:
    """An Indico with a relay, as far as an agent can see it. Use as ``async with FakeServer() as server``."""

    def __init__(self):
        #: HTTP status for the upgrade, or None to accept it.
        self.refuse_upgrade: int | None = None
        #: Header ``Retry-After`` of a refusal, by either way.
        self.retry_after = ''
        #: Called for each accepted connection instead of the ordinary conversation.
        self.script: Callable | None = None
        self.heartbeat = 20.0
        self.wanted: tuple[str, ...] = ()
        self.auto_ack = True
        self.hellos: list[p.Hello] = []
        self.heard: list = []
        self.connections = 0
        self.now: ServerConnection | None = None
        self._news = asyncio.Event()
        self._server = None
        # polling
        self.poll_status = 200
        self.poll_error: dict | None = None
        self.polls: list[p.Poll] = []
        self.replies: list = []
        self.documents: dict[str, bytes] = {}
        self.next_in = 0.05
        self.transport = httpx.MockTransport(self._http)
        self.poll_gate = asyncio.Event()
        self.poll_gate.set()

    async def __aenter__(self):
        self._server = await serve(self._talk, '127.0.0.1', 0, process_request=self._process, compression=None)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    @property
    def port(self):
        return next(iter(self._server.sockets)).getsockname()[1]

    @property
    def url(self):
        return f'ws://127.0.0.1:{self.port}/ws'

    async def until(self, condition, seconds=10):
        """Wait until ``condition()`` is true; looks again at every piece of news and now and then."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), 0.02)
        except TimeoutError:
            fail(condition, seconds)

    def said(self, kind):
        """All messages of one type that the agent has sent."""
        return [message for message in self.heard if isinstance(message, kind)]

    async def send(self, message, document=None):
        """Say something on the present connection."""
        await self.now.send(p.encode(message).decode())
        if document is not None:
            await self.now.send(document)

    def _process(self, connection, request):
        if request.headers.get('Authorization') != f'Bearer {TOKEN}':
            return connection.respond(401, 'no')
        if self.refuse_upgrade is not None:
            response = connection.respond(self.refuse_upgrade, 'no')
            if self.retry_after:
                response.headers['Retry-After'] = self.retry_after
            return response
        return None

    async def _talk(self, ws):
        self.connections += 1
        self._news.set()
        if self.script is not None:
            await self.script(ws)
            return
        hello = p.decode_from_agent(await ws.recv())
        assert isinstance(hello, p.Hello)
        self.hellos.append(hello)
        await ws.send(p.encode(p.Welcome(name='Desk', heartbeat=self.heartbeat, wanted=self.wanted)).decode())
        self.now = ws
        self._news.set()
        async for frame in ws:
            message = p.decode_from_agent(frame)
            self.heard.append(message)
            if self.auto_ack and isinstance(message, p.OUTCOMES):
                await ws.send(p.encode(ack(message)).decode())
            self._news.set()

    async def _http(self, request):
        if request.headers.get('Authorization') != f'Bearer {TOKEN}':
            return httpx.Response(401, json={'error': 'unknown_token', 'message': 'no'})
        if request.method == 'GET':
            document = self.documents.get('/'.join(request.url.path.split('/')[-2:]))
            return httpx.Response(404) if document is None else httpx.Response(200, content=document)
        self.polls.append(msgspec.json.decode(request.content, type=p.Poll))
        self._news.set()
        await self.poll_gate.wait()
        if self.poll_status != 200:
            return httpx.Response(self.poll_status, json=self.poll_error,
                                  headers={'Retry-After': self.retry_after} if self.retry_after else {})
        replies, self.replies = self.replies, []
        for message in self.polls[-1].messages:
            self.heard.append(message)
            if self.auto_ack and isinstance(message, p.OUTCOMES):
                replies.append(ack(message))
        self._news.set()
        return httpx.Response(200, content=p.encode(p.PollReply(messages=tuple(replies), next_in=self.next_in)))


def ack(message):
    """The acknowledgement of an outcome."""
    return p.Ack(job=message.job, dispatch=message.dispatch, state=type(message).__struct_config__.tag)


def pairing_file(folder, stream, name='test-1'):
    """Write a pairing and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f'{name}.json'
    path.write_text(json.dumps({
        'id': name, 'url': 'http://localhost', 'token': TOKEN, 'stream': stream, 'poll': 'http://localhost/poll',
        'document': 'http://localhost/document', 'agent_id': 1, 'agent_name': 'Desk', 'event_id': 1,
        'event_title': 'Conference'}))
    path.chmod(0o600)
    return path

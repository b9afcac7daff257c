"""The relay: a process of its own beside Indico, because nothing long-lived may run in a web worker.

It makes badges come out sooner. Without it agents poll Indico, and every promise holds.
"""

import asyncio
import json
import logging
import math
import random
import resource
import signal
import time
from contextlib import AsyncExitStack
from http import HTTPStatus

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from print_agent.protocol.messages import MAX_MESSAGE

from indico_checkin_print import heartbeat
from indico_checkin_print.agents import inbound, outbound
from indico_checkin_print.agents.connect_limit import UNKNOWN_TOKEN_BURST, UNKNOWN_TOKEN_INTERVAL, ConnectLimit, origin
from indico_checkin_print.badge.warm_up import warm_up
from indico_checkin_print.diagnostics import attention_email, equipment, standstill_email
from indico_checkin_print.errors import CannotListen, DatabaseAway
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.relay import boards
from indico_checkin_print.relay.database import Database
from indico_checkin_print.relay.known_tokens import KnownTokens
from indico_checkin_print.relay.metrics import Metrics
from indico_checkin_print.relay.posts import Posts
from indico_checkin_print.relay.session import Session
from indico_checkin_print.work import worker


PATH = '/checkin-print/ws'
#: Agents of one relay, unless the administrator says otherwise.
MAX_AGENTS = 2000
#: Connects of one agent: so many at once, then one every so many seconds. After a restart of the relay each needs one.
CONNECT_BURST, CONNECT_INTERVAL = 20, 3
#: How often agents are pinged, and how long they have to answer: a cut cable is silent.
PING_INTERVAL, PING_TIMEOUT = 5, 15  # seconds
#: Between two notes that agents are still there, and checks for those that fell silent.
HEARTBEAT_INTERVAL = 5  # seconds
#: Between two queries for outgoing messages: a NOTIFY can be lost, and next tries come without one.
POLL_INTERVAL = 2  # seconds
#: How often at least an agent that holds badges is compared with the ledger.
COMPARE_INTERVAL = 10  # seconds
#: Between two sweeps of what dead processes and silent agents left.
SWEEP_INTERVAL = 5  # seconds
#: Between two queries for badges that Celery has not rendered.
RENDER_INTERVAL = 1  # seconds
#: What Celery leaves for so long is rendered here: the broker may be gone.
RENDER_DELAY = 3  # seconds


class Relay:
    """All agents that are connected to this process."""

    def __init__(self, database, metrics, log, *, max_agents=MAX_AGENTS):
        self._db = database
        self._metrics = metrics
        self._log = log
        self._max_agents = max_agents
        #: All links from the upgrade to their end
        self._links = set()
        #: agent id -> the link through which it speaks: the last one that heard its hello
        self._sessions = {}
        self._draining = False
        self._connects = ConnectLimit(CONNECT_BURST, CONNECT_INTERVAL)
        self._unknown = ConnectLimit(UNKNOWN_TOKEN_BURST, UNKNOWN_TOKEN_INTERVAL)
        self._tokens = KnownTokens(database)
        self._posts = Posts(database, metrics, log)
        self._boards = boards.Boards(database, log)

    async def serve(self, host, port):
        """Serve until SIGTERM or SIGINT, then send the agents away in good order."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, stop.set)
        async with AsyncExitStack() as stack:
            try:
                server = await stack.enter_async_context(serve(
                    self._connected, host, port, process_request=self._admit, max_size=MAX_MESSAGE,
                    select_subprotocol=boards.select_subprotocol, compression=None,
                    ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT, server_header=None))
            except OSError as exc:
                raise CannotListen(f'The relay cannot listen on {host}, port {port}: {exc}. Is another one running? '
                                   'The address must be one of this machine.') from exc
            self._log.info('The relay listens on %s:%d', host, port)
            name = f'{heartbeat.RELAY}{heartbeat.machine()}:{port}'
            background = [asyncio.create_task(job) for job in (
                self._db.listen(self._notified),
                self._db.call(warm_up),  # what Celery leaves is rendered here; agents do not wait for it
                self._repeat(HEARTBEAT_INTERVAL, self._note_heartbeats),
                self._repeat(POLL_INTERVAL, self._poll),
                self._repeat(SWEEP_INTERVAL, self._db.call, worker.recover_stalled, 'relay', name, f'{host}:{port}'),
                self._repeat(RENDER_INTERVAL, self._db.call, worker.render_waiting, 'relay', due_for=RENDER_DELAY),
                self._repeat(SWEEP_INTERVAL, self._db.call, equipment.check),
                # apart, because an e-mail server may hang
                self._repeat(SWEEP_INTERVAL, self._db.call, standstill_email.check),
                self._repeat(SWEEP_INTERVAL, self._db.call, attention_email.check),
                self._boards.run(),
                self._posts.run(f'{heartbeat.machine()}:{port}'),
            )]
            await stop.wait()
            self._draining = True
            # nobody new; agents that are sent away find another relay, or this one when it is back
            server.close(close_connections=False)
            posting = background.pop()
            posting.cancel()
            await asyncio.gather(posting, self._posts.stop(), self._boards.stop(),
                                 *(session.drain() for session in list(self._links)), return_exceptions=True)
            for task in background:
                task.cancel()

    async def _admit(self, ws, request):
        """Answer before the upgrade: clients treat a refused upgrade as final and a closed websocket as a glitch."""
        if request.path == '/healthz':
            healthy = self._db.listening and not self._draining
            return self._answer(HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE,
                                {'database': self._db.listening, 'agents': len(self._sessions),
                                 'draining': self._draining})
        if request.path == '/metrics':
            return self._response(HTTPStatus.OK, 'text/plain; version=0.0.4', self._metrics.text(
                agents=len(self._sessions), in_flight=sum(len(s.holding) for s in self._sessions.values()),
                database_up=int(self._db.listening), posts_in_flight=len(self._posts), boards=len(self._boards)))
        answer, result = await self._judge(ws, request)
        self._metrics.count('connections_total', result=result)
        return answer

    async def _judge(self, ws, request):
        """Return (the answer that refuses an agent, or ``None``; the result in one word)."""
        if request.path != PATH:
            return self._answer(HTTPStatus.NOT_FOUND, {
                'error': 'not_found', 'message': f'Agents connect to {PATH}.'}), 'not_found'
        if boards.SUBPROTOCOL in boards.offered(request):
            return self._judge_board(ws, request)
        if self._draining or len(self._links) >= self._max_agents:
            return self._later('full', 'This relay takes no more agents. Try again later.')
        scheme, __, token = request.headers.get('Authorization', '').partition(' ')
        token = token.strip() if scheme.lower() == 'bearer' else ''
        agent_id = None
        try:
            if key := await self._tokens.find(token):
                if wait := self._connects.hit(key):
                    return self._too_often(wait, 'This agent connects too often.')
                agent_id = await self._db.call(inbound.authenticate, token, retry_for=0)
        except DatabaseAway:
            return self._later('database', 'The database does not answer. Try again later.')
        except Exception as exc:
            log_failure(self._log, exc, 'The token of an agent could not be checked')
            return self._later('error', 'Try again later.')
        if agent_id is None:
            self._tokens.forget(key)
            # only those who come with an unknown token wait: behind their address there may be a whole conference
            if wait := self._unknown.hit(_origin(ws, request)):
                return self._too_often(wait, 'Too many unknown tokens came from this address.')
            return self._answer(HTTPStatus.UNAUTHORIZED, {
                'error': 'unknown_token',
                'message': 'This agent is not paired (any more). Pair it again.'}), 'unknown_token'
        ws.agent_id = agent_id
        return None, 'accepted'

    def _judge_board(self, ws, request):
        ws.ticket, result = self._boards.judge(request.headers.get('Origin'), boards.offered(request))
        if ws.ticket is None:
            return self._answer(HTTPStatus.FORBIDDEN, {
                'error': result, 'message': 'The board needs a new ticket, from a page of this Indico.'}), result
        if self._draining or self._boards.full(ws.ticket):
            return self._later('full', 'This relay takes no more boards. Try again later.')
        return None, result

    def _too_often(self, wait, message):
        # spread out, so that those that wait do not all come back together
        seconds = math.ceil(wait) + random.randint(0, 5)  # noqa: S311 - spreads load
        return self._answer(HTTPStatus.TOO_MANY_REQUESTS, {
            'error': 'too_often', 'message': f'{message} Try again in {seconds} seconds.'},
            {'Retry-After': str(seconds)}), 'too_often'

    def _later(self, result, message):
        # at random, or all that were sent away would come back together
        wait = {'Retry-After': str(random.randint(2, 20))}  # noqa: S311 - spreads load
        return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {'error': result, 'message': message}, wait), result

    @classmethod
    def _answer(cls, status, data, headers=()):
        return cls._response(status, 'application/json', json.dumps(data), headers)

    @staticmethod
    def _response(status, content_type, text, headers=()):
        body = text.encode()
        headers = Headers([('Content-Type', content_type), ('Content-Length', str(len(body))),
                           ('Connection', 'close'), *dict(headers).items()])
        return Response(status.value, status.phrase, headers, body)

    async def _connected(self, ws):
        if ws.subprotocol == boards.SUBPROTOCOL:
            await self._boards.serve(ws, ws.ticket)
        else:
            await self._agent(ws)

    async def _agent(self, ws):
        session = Session(ws, ws.agent_id, self._db, self._metrics, self._log, self._greeted)
        self._links.add(session)
        self._log.info('Agent %d connected', ws.agent_id)
        try:
            await session.run()
        finally:
            self._links.discard(session)
            if self._sessions.get(ws.agent_id) is session:
                del self._sessions[ws.agent_id]
            self._metrics.count('links_ended_total', reason=session.end_reason)
            self._log.info('Agent %d disconnected (%s, %s)', ws.agent_id, session.end_reason, ws.close_code)
        # one that is sent away comes back within a second; any other may stay away
        if session.end_reason not in {'drained', 'replaced', 'revoked'}:
            try:
                await self._db.call(inbound.gone, session.agent_id, session.link)
            except DatabaseAway as exc:
                self._log.warning('That agent %d is gone could not be noted (%s); the sweep will', ws.agent_id, exc)

    def _greeted(self, session):
        before = self._sessions.get(session.agent_id)
        self._sessions[session.agent_id] = session
        if before:
            # it finds out that it was replaced
            before.wake()

    def _notified(self, payload):
        kind, __, id_ = payload.partition(' ')
        if kind == 'desk':
            self._boards.changed(int(id_))
            return
        if kind == 'calls':
            if session := self._sessions.get(int(id_)):
                session.wake_for_calls()
            return
        if kind == 'agent':
            sessions = [self._sessions.get(int(id_))]
        else:
            # something to POST; or something may have been missed
            self._posts.wake()
            if not payload:
                self._boards.changed()
            sessions = [] if payload else self._sessions.values()
        for session in filter(None, sessions):
            session.wake()
            if not payload:
                session.wake_for_calls()

    async def _note_heartbeats(self):
        """Note in one statement that all agents are still there; send away who speaks elsewhere."""
        links = {s.link: s.agent_id for s in self._sessions.values()}
        if links:
            for link in await self._db.call(inbound.still_there, links):
                if (session := self._sessions.get(links[link])) and session.link == link:
                    session.wake()

    async def _poll(self):
        """Wake sessions with outgoing messages of which no NOTIFY came."""
        if not self._sessions:
            return
        wanted, now = await self._db.call(outbound.agents_with_outgoing), time.monotonic()
        for session in list(self._sessions.values()):
            if session.agent_id in wanted or (session.holding and now - session.compared > COMPARE_INTERVAL):
                session.wake()

    async def _repeat(self, seconds, function, *args, **kwargs):
        while True:
            try:
                await function(*args, **kwargs)
            except DatabaseAway:
                pass  # the listener logs it; the next round finds what this one missed
            except Exception as exc:
                log_failure(self._log, exc, '%s failed', (args[0] if args else function).__name__)
            await asyncio.sleep(seconds)


def _origin(ws, request):
    """Return from where an agent comes."""
    forwarded = request.headers.get('X-Forwarded-For', '').rpartition(',')[2].strip()
    return origin(forwarded or (ws.remote_address or ('',))[0])


def run(host, port, *, max_agents=MAX_AGENTS):
    """Run the relay until it is stopped."""
    from flask import current_app

    # an agent is an open file, and many systems begin with 1024
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    # every question for /metrics would be a line of its own, and who remembers the latest lines (as Sentry does) would
    # remember their connections
    logging.getLogger('websockets').setLevel(logging.WARNING)
    metrics = Metrics()
    database = Database(current_app._get_current_object(), metrics)
    asyncio.run(Relay(database, metrics, logger, max_agents=max_agents).serve(host, port))

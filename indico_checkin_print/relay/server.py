"""The relay: a process of its own beside Indico, because nothing long-lived may run in a web worker.

It is a fast lane, not a crutch: without it agents poll Indico, and every promise holds.
"""

import asyncio
import json
import signal
import socket
from http import HTTPStatus

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from print_agent.protocol import MAX_MESSAGE

from indico_checkin_print import marks, work
from indico_checkin_print.logs import log_failure
from indico_checkin_print.relay import exchange
from indico_checkin_print.relay.database import Database
from indico_checkin_print.relay.session import Session


PATH = '/checkin-print/ws'
#: Between two looks at what dead processes and silent agents left, in seconds.
SWEEP = 5
#: Between two looks at what Celery left, in seconds.
HELP_EVERY = 1
#: What Celery leaves for so long is done here, in seconds: the broker may be gone.
HELP_AFTER = 3


class Relay:
    """All agents that are connected to this process."""

    def __init__(self, database, log):
        self._db = database
        self._log = log
        self._sessions = {}

    async def serve(self, host, port):
        """Serve until SIGTERM or SIGINT, then send the agents away in good order."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, stop.set)
        async with serve(self._agent, host, port, process_request=self._admit, max_size=MAX_MESSAGE,
                         compression=None, ping_interval=20, ping_timeout=20, server_header=None):
            self._log.info('The relay listens on %s:%d', host, port)
            mark = f'{marks.RELAY}{socket.gethostname()}:{port}'
            background = [asyncio.create_task(job) for job in (
                self._db.listen(self._notified),
                self._repeat(SWEEP, work.put_right, 'relay', mark, f'{host}:{port}'),
                self._repeat(HELP_EVERY, work.render_waiting, 'relay', due_for=HELP_AFTER),
                # apart, because a receiver may hang
                self._repeat(HELP_EVERY, work.post_waiting, 'relay', due_for=HELP_AFTER),
            )]
            await stop.wait()
            await asyncio.gather(*(session.drain() for session in list(self._sessions.values())))
            for task in background:
                task.cancel()

    async def _admit(self, ws, request):
        """Answer before the upgrade: clients treat a refused upgrade as final and a closed websocket as a glitch."""
        if request.path == '/healthz':
            return self._answer(HTTPStatus.OK if self._db.listening else HTTPStatus.SERVICE_UNAVAILABLE,
                                {'database': self._db.listening, 'agents': len(self._sessions)})
        if request.path != PATH:
            return self._answer(HTTPStatus.NOT_FOUND, {'error': 'not_found', 'message': f'Agents connect to {PATH}.'})
        scheme, __, token = request.headers.get('Authorization', '').partition(' ')
        try:
            agent_id = (await self._db.call(exchange.authenticate, token.strip())
                        if scheme.lower() == 'bearer' else None)
        except Exception as exc:
            log_failure(self._log, exc, 'The token of an agent could not be checked')
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {'error': 'database', 'message': 'Try again later.'})
        if agent_id is None:
            return self._answer(HTTPStatus.UNAUTHORIZED, {
                'error': 'unknown_token', 'message': 'This agent is not paired (any more). Pair it again.'})
        ws.agent_id = agent_id
        return None

    @staticmethod
    def _answer(status, data):
        body = json.dumps(data).encode()
        headers = Headers([('Content-Type', 'application/json'), ('Content-Length', str(len(body))),
                           ('Connection', 'close')])
        return Response(status.value, status.phrase, headers, body)

    async def _agent(self, ws):
        session = Session(ws, ws.agent_id, self._db, self._log)
        before = self._sessions.get(ws.agent_id)
        self._sessions[ws.agent_id] = session
        if before:
            # it finds out by itself that it was replaced
            before.wake()
        self._log.info('Agent %d connected', ws.agent_id)
        try:
            await session.run()
        finally:
            if self._sessions.get(ws.agent_id) is session:
                del self._sessions[ws.agent_id]
            self._log.info('Agent %d disconnected (%s)', ws.agent_id, ws.close_code)

    def _notified(self, payload):
        kind, __, agent_id = payload.partition(' ')
        if kind == 'agent':
            sessions = [self._sessions.get(int(agent_id))]
        else:
            sessions = [] if payload else self._sessions.values()
        for session in filter(None, sessions):
            session.wake()

    async def _repeat(self, seconds, function, *args, **kwargs):
        while True:
            try:
                await self._db.call(function, *args, **kwargs)
            except Exception as exc:
                # the database may be away; the next round finds what this one missed
                log_failure(self._log, exc, '%s failed', function.__name__)
            await asyncio.sleep(seconds)


def run(host, port):
    """Run the relay until it is told to stop."""
    from flask import current_app

    from indico_checkin_print.plugin import CheckinPrintPlugin
    plugin = CheckinPrintPlugin.instance
    database = Database(current_app._get_current_object(), plugin)
    asyncio.run(Relay(database, plugin.logger).serve(host, port))

"""One websocket of one agent: what comes in goes to the ledger, what the ledger says goes out."""

import asyncio
from contextlib import suppress
from uuid import uuid4

from websockets.exceptions import ConnectionClosed

from print_agent import protocol

from indico_checkin_print.models.jobs import Document, Job
from indico_checkin_print.relay import dispatch, exchange


#: The agent says hello within so many seconds.
HELLO_WITHIN = 10
#: Looks for mail although nobody called, in seconds: NOTIFY can be lost.
POLL = 5
#: The longest silence of an agent that the relay puts up with, in seconds.
HEARTBEAT = 20
#: So many messages that make no sense, and the link is closed.
MAX_ERRORS = 20

CLOSE_VERSION = 4000
CLOSE_REPLACED = 4001
CLOSE_REVOKED = 4003


class Session:
    """Runs until the link breaks, the agent is revoked, or speaks through a newer link.

    :param ws: The websocket, which the agent opened with a valid token.
    :param database: The `relay.database.Database`.
    """

    def __init__(self, ws, agent_id, database, log):
        self.agent_id = agent_id
        self.link = uuid4().hex
        #: What the agent holds: see `dispatch.plan`
        self.holding = {}
        self._ws = ws
        self._db = database
        self._log = log
        self._mail = asyncio.Event()
        # a job's document follows its header directly
        self._sending = asyncio.Lock()

    def wake(self):
        """There is mail for the agent."""
        self._mail.set()

    async def run(self):
        """Talk until the link ends. Never raises for anything the agent did."""
        try:
            if not await self._begin():
                return
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._write())
        except* ConnectionClosed:
            pass
        except* exchange.Replaced as exc:
            revoked = exc.exceptions[0].revoked
            await self._ws.close(*((CLOSE_REVOKED, 'The pairing of this agent was revoked') if revoked else
                                   (CLOSE_REPLACED, 'This agent connected from somewhere else')))

    async def drain(self):
        """Tell the agent that the relay stops, and close."""
        try:
            await self._send(protocol.Drain(reason='The relay restarts'))
            await self._ws.close(1001, 'The relay restarts')
        except ConnectionClosed:
            pass  # gone already, which is what was wanted

    async def _begin(self):
        try:
            message = protocol.decode_from_agent(await asyncio.wait_for(self._ws.recv(), HELLO_WITHIN))
        except (TimeoutError, protocol.ProtocolError) as exc:
            detail = exc.detail if isinstance(exc, protocol.ProtocolError) else 'No hello came.'
            await self._send(protocol.Error(code='no_hello', detail=detail))
            await self._ws.close(1002, 'No hello')
            return False
        if not isinstance(message, protocol.Hello) or message.protocol != protocol.PROTOCOL:
            await self._send(protocol.Error(
                code='version', detail=f'This Indico speaks version {protocol.PROTOCOL} of the protocol.'))
            await self._ws.close(CLOSE_VERSION, f'Protocol version {protocol.PROTOCOL} expected')
            return False
        self.holding, name = await self._db.call(exchange.hello, self.agent_id, self.link, message)
        await self._send(protocol.Welcome(name=name, heartbeat=HEARTBEAT))
        self.wake()
        return True

    async def _read(self):
        errors = 0
        while True:
            try:
                message = protocol.decode_from_agent(await self._ws.recv())
            except protocol.ProtocolError as exc:
                errors += 1
                self._log.warning('Agent %d sent something odd: %s', self.agent_id, exc.code)
                await self._send(protocol.Error(code=exc.code, detail=exc.detail))
                if errors >= MAX_ERRORS:
                    await self._ws.close(1008, 'Too many messages that make no sense')
                continue
            if isinstance(message, protocol.Error):
                self._log.warning('Agent %d complains: %s', self.agent_id, message.code)
                continue
            answer = await self._db.call(exchange.receive, self.agent_id, self.link, message)
            self._note(message)
            if answer:
                await self._send(answer)
            if not isinstance(message, protocol.Heartbeat | protocol.Accepted):
                # a printer became free, or changed
                self.wake()

    def _note(self, message):
        if isinstance(message, protocol.OUTCOMES):
            if self.holding.get(message.job, (None,))[0] == message.dispatch:
                del self.holding[message.job]
        elif isinstance(message, protocol.Printing):
            self.holding[message.job] = (message.dispatch, 'printing')

    async def _write(self):
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._mail.wait(), POLL)
            self._mail.clear()
            for message, document in await self._db.call(mail_for, self.agent_id, self.link, self.holding):
                if isinstance(message, protocol.Job | protocol.Go):
                    has_go = isinstance(message, protocol.Go) or message.go
                    self.holding[message.job] = (message.dispatch, 'go' if has_go else 'waiting')
                elif isinstance(message, protocol.Cancel):
                    self.holding[message.job] = (message.dispatch, 'canceling')
                await self._send(message, document)

    async def _send(self, message, document=None):
        async with self._sending:
            await self._ws.send(protocol.encode(message), text=True)
            if document is not None:
                await self._ws.send(document)


def mail_for(agent_id, link, holding):
    """Return [(message, PDF or ``None``)] for an agent; see `dispatch.outgoing`."""
    messages = dispatch.outgoing(agent_id, link, holding)
    uuids = [m.job for m in messages if isinstance(m, protocol.Job)]
    contents = dict(Document.query.join(Job, Job.id == Document.job_id).filter(Job.uuid.in_(uuids))
                    .with_entities(Job.uuid, Document.content)) if uuids else {}
    return [(m, contents[m.job] if isinstance(m, protocol.Job) else None) for m in messages]

"""One websocket of one agent: what comes in goes to the ledger, what the ledger says goes out."""

import asyncio
import time
from uuid import uuid4

from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed, ProtocolError

from print_agent.protocol import errors
from print_agent.protocol import messages as protocol

from indico_checkin_print.agents import inbound, outbound, tech_calls
from indico_checkin_print.errors import AgentSilent, DatabaseAway, Replaced
from indico_checkin_print.logs import log_failure
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.records import Document
from indico_checkin_print.relay.rate_limit import MessageLimit


#: The agent says hello within so many seconds.
HELLO_TIMEOUT = 10
#: The longest silence of an agent that the relay puts up with, in seconds, and the longest that it may take nothing.
HEARTBEAT_TIMEOUT = 20
#: How often that is checked, in seconds.
WATCH_INTERVAL = 5
#: How long an agent may take to close, in seconds.
CLOSE_TIMEOUT = 5
#: Larger documents go in pieces of so many bytes: on a slow connection the answers to pings get in between.
FRAGMENT_BYTES = 64 * 1024
#: Messages of an agent that are read: so many a second, and so many at once.
MESSAGE_RATE, MESSAGE_BURST = 50, 2000
#: Documents are read ahead for so many bytes; the others one by one, when it is their turn.
READ_AHEAD_BYTES = 2 * 1024 * 1024
#: After so many messages that make no sense the link is closed.
MAX_ERRORS = 20

CLOSE_VERSION = 4000
CLOSE_REPLACED = 4001
CLOSE_REVOKED = 4003
#: Come back later (RFC 6455 registry: "Try Again Later")
CLOSE_LATER = 1013


class Session:
    """Runs until the link breaks, the agent is revoked, or speaks through a newer link.

    :param ws: The websocket, which the agent opened with a valid token.
    :param database: The `relay.database.Database`.
    :param greeted: Called with this session when the agent has said hello, and speaks through this link only.
    """

    def __init__(self, ws, agent_id, database, metrics, log, greeted):
        self.agent_id = agent_id
        self.link = uuid4().hex
        #: Why it ended, in one word
        self.end_reason = 'lost'
        #: Since when the agent has been silent (`time.monotonic`); ``None`` while it is this side that does not listen,
        #: because it is busy with what the agent said: many agents and a slow database make nobody silent
        self.silent_since = None
        #: When it was last compared with the ledger (`time.monotonic`)
        self.compared = time.monotonic()
        #: What the agent holds: see `outbound.plan`
        self.holding = {}
        self._ws = ws
        self._db = database
        self._metrics = metrics
        self._log = log
        self._outgoing = asyncio.Event()
        self._greeted = greeted
        self._woken = time.monotonic()
        self._limit = MessageLimit(MESSAGE_RATE, MESSAGE_BURST)
        #: Whether the agent shows desks that call the tech, and whether it is to be sent them
        self._shows_calls = self._calls_wanted = False
        # a job's document follows its header directly
        self._sending = asyncio.Lock()
        #: Since when the agent has not taken the piece that is sent to it
        self._stuck_since = None

    def wake_for_calls(self):
        """Another desk calls the tech, or one does not any more."""
        if self._shows_calls:
            self._calls_wanted = True
            self.wake()

    def wake(self):
        """There are messages for the agent."""
        if not self._outgoing.is_set():
            self._woken = time.monotonic()
            self._outgoing.set()

    async def run(self):
        """Talk until the link ends. Never raises for anything the agent did."""
        try:
            if not await self._begin():
                return
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read())
                group.create_task(self._write())
                group.create_task(self._watch())
        except* ConnectionClosed:
            pass
        except* AgentSilent:
            self.end_reason = 'silent'
            await self._close(1008, f'Nothing heard for {HEARTBEAT_TIMEOUT} seconds')
        except* Replaced as exc:
            self.end_reason = exc.exceptions[0].reason
            await self._close(*((CLOSE_REVOKED, 'The pairing of this agent was revoked') if self.end_reason == 'revoked'
                                else (CLOSE_REPLACED, 'This agent connected from somewhere else')))
        except* DatabaseAway as exc:
            self.end_reason = 'database'
            self._log.warning('Agent %d is sent away: %s', self.agent_id, exc.exceptions[0])
            await self._close(CLOSE_LATER, 'The database does not answer')
        except* Exception as exc:
            self.end_reason = 'error'
            log_failure(self._log, exc, 'The link of agent %d ended by a fault of ours', self.agent_id)
            await self._close(1011, 'A fault of the relay')

    async def drain(self):
        """Notify the agent that the relay stops, and close. It comes back here or elsewhere, after a random wait."""
        self.end_reason = 'drained'
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._send(protocol.Drain(reason='The relay restarts'))
        except (ConnectionClosed, TimeoutError, ProtocolError):
            pass  # gone already, which is what was wanted; or it takes nothing, or stopped in the middle of a badge
        await self._close(1001, 'The relay restarts')

    async def _close(self, code, reason):
        # who is not to come back has to hear that, behind what was sent before
        within = HEARTBEAT_TIMEOUT if code in {CLOSE_REPLACED, CLOSE_REVOKED} else CLOSE_TIMEOUT
        try:
            async with asyncio.timeout(within):
                await self._ws.close(code, reason)
        except TimeoutError:
            # not even that is taken: what was not sent yet would keep the line open
            self._ws.transport.abort()

    async def _begin(self):
        try:
            message = protocol.decode_from_agent(await asyncio.wait_for(self._ws.recv(), HELLO_TIMEOUT))
        except (TimeoutError, errors.ProtocolError) as exc:
            detail = exc.detail if isinstance(exc, errors.ProtocolError) else 'No hello came.'
            await self._send(protocol.Error(code='no_hello', detail=detail))
            await self._close(1002, 'No hello')
            return False
        if not isinstance(message, protocol.Hello) or message.protocol != protocol.PROTOCOL:
            await self._send(protocol.Error(
                code='version', detail=f'This Indico speaks version {protocol.PROTOCOL} of the protocol.'))
            await self._close(CLOSE_VERSION, f'Protocol version {protocol.PROTOCOL} expected')
            return False
        self.holding, welcome = await self._db.call(inbound.hello, self.agent_id, self.link, message)
        self._metrics.count('received_total', type='hello')
        await self._send(replace(welcome, heartbeat=HEARTBEAT_TIMEOUT))
        self._shows_calls = self._calls_wanted = protocol.FEATURE_CALLS in message.features
        self.wake()
        self._greeted(self)
        return True

    async def _read(self):
        odd = 0
        while True:
            if await self._limit.wait():
                self._metrics.count('slowed_total')
            self.silent_since = time.monotonic()
            try:
                message = protocol.decode_from_agent(await self._ws.recv())
            except errors.ProtocolError as exc:
                odd += 1
                self._metrics.count('nonsense_total')
                self._log.warning('Agent %d sent something odd: %s', self.agent_id, exc.reason)
                await self._send(protocol.Error(code=exc.reason, detail=exc.detail))
                if odd >= MAX_ERRORS:
                    await self._close(1008, 'Too many messages that make no sense')
                continue
            self.silent_since = None
            self._metrics.count('received_total', type=message.__struct_config__.tag)
            if isinstance(message, protocol.Heartbeat | protocol.Accepted):
                # heartbeats; the relay notes those of all its agents together
                continue
            if isinstance(message, protocol.Error):
                self._log.warning('Agent %d complains: %s', self.agent_id, message.code)
                continue
            answer = await self._db.call(inbound.receive, self.agent_id, self.link, message)
            inbound.note(self.holding, message)
            if answer:
                await self._send(answer)
            if self._may_follow(message):
                self.wake()

    def _may_follow(self, message):
        """Return whether a message may let other badges go: a printer became free, or changed."""
        # a badge at the printer makes no room; it only lets the next one have its go, if that is here
        return (not isinstance(message, protocol.Printing)
                or any(state == protocol.HeldState.waiting for __, state in self.holding.values()))

    async def _write(self):
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            woken, asked = self._woken, time.monotonic()
            outgoing = await self._db.call(outgoing_for, self.agent_id, self.link, self.holding)
            self.compared = time.monotonic()
            for message, document in outgoing:
                if document is None and isinstance(message, protocol.Job):
                    document = await self._db.call(document_of, message.job, message.sha256)
                    if document is None:
                        # it was drawn anew since: this dispatch is void, and the next one has the new badge
                        continue
                if isinstance(message, protocol.Job | protocol.Go):
                    has_go = isinstance(message, protocol.Go) or message.go
                    state = protocol.HeldState.go if has_go else protocol.HeldState.waiting
                    self.holding[message.job] = (message.dispatch, state)
                elif isinstance(message, protocol.Cancel):
                    self.holding[message.job] = (message.dispatch, 'canceling')
                elif isinstance(message, protocol.Ack):
                    # if it is lost, the next hello asks again
                    self.holding.pop(message.job, None)
                await self._send(message, document, since=asked)
            if self._calls_wanted:
                self._calls_wanted = False
                await self._send(await self._db.call(tech_calls.calls_for, self.agent_id))
            if outgoing:
                self._metrics.observe('push_seconds', time.monotonic() - woken)

    async def _watch(self):
        """Find out what nobody says: that the agent is gone, or takes nothing, and then whether it was revoked."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL)
            now = time.monotonic()
            if any(since is not None and now - since > HEARTBEAT_TIMEOUT
                   for since in (self.silent_since, self._stuck_since)):
                raise AgentSilent
            if self._stuck_since is not None:
                await self._db.call(inbound.speaking_agent, self.agent_id, self.link)

    async def _send(self, message, document=None, *, since=None):
        async with self._sending:
            if since is not None:
                message = aged(message, time.monotonic() - since)
            self._stuck_since = time.monotonic()
            try:
                await self._ws.send(protocol.encode(message), text=True)
                if document is not None:
                    await self._ws.send(self._pieces(document) if len(document) > FRAGMENT_BYTES else document)
            finally:
                self._stuck_since = None
        self._metrics.count('sent_total', type=message.__struct_config__.tag)
        if document is not None:
            self._metrics.count('document_bytes_total', len(document))


    def _pieces(self, document):
        for start in range(0, len(document), FRAGMENT_BYTES):
            self._stuck_since = time.monotonic()
            yield document[start:start + FRAGMENT_BYTES]


def aged(message, seconds):
    """Return a message as it is to be read if it was decided so many seconds ago.

    Behind large documents, or a database that restarted, it waited where the agent cannot know of it. The server gives
    up on a permission some time after it was decided, and not after it was sent.
    """
    if not isinstance(message, protocol.Job | protocol.Go):
        return message
    return replace(message, print_within=max(0.0, round(message.print_within - seconds, 3)))


def outgoing_for(agent_id, link, holding):
    """Return [(message, PDF)] for an agent; see `outbound.outgoing`.

    The PDF is ``None`` for messages that need none, and for those that are better read one by one (`document_of`).
    """
    messages = outbound.outgoing(agent_id, link, holding)
    ahead, size = [], 0
    for message in messages:
        if isinstance(message, protocol.Job) and size + message.length <= READ_AHEAD_BYTES:
            ahead.append(message.job)
            size += message.length
    found = (Document.query.join(Job, Job.document_id == Document.id).filter(Job.uuid.in_(ahead))
             .with_entities(Job.uuid, Document.sha256, Document.content)) if ahead else ()
    contents = {(uuid, sha256): content for uuid, sha256, content in found}
    return [(m, contents.get((m.job, m.sha256)) if isinstance(m, protocol.Job) else None) for m in messages]


def document_of(uuid, sha256):
    """Return the PDF of a job, or ``None`` if it is another one by now."""
    return (Document.query.join(Job, Job.document_id == Document.id).filter(Job.uuid == uuid, Document.sha256 == sha256)
            .with_entities(Document.content).scalar())

"""The network of a `World`: websockets and polls whose messages may be lost, doubled, overtaken or late.

What is under way is in a list here, so that a state machine can choose what becomes of it.
"""

import hashlib
from dataclasses import dataclass, field

from print_agent.protocol import messages as protocol

from indico_checkin_print.errors import Replaced
from tests.permission.laptop import Laptop, Process


PDF = b'%PDF-1.7 badge'
SHA256 = hashlib.sha256(PDF).hexdigest()
HELLO_TIMEOUT = 10  # seconds from the opening of a websocket to its hello
POLL_TIMEOUT = 15  # seconds that an agent waits for the answer to a poll


@dataclass(eq=False)
class Websocket:
    """One websocket. What is under way in each direction is a list; an end that is closed says and hears nothing."""

    laptop: Laptop
    process: Process
    link: str
    opened: float
    up: list = field(default_factory=list)
    down: list = field(default_factory=list)
    #: Copies that may arrive at any time
    late_up: list = field(default_factory=list)
    late_down: list = field(default_factory=list)
    welcomed: bool = False
    #: What the relay's session knows; None before the hello
    holding: dict | None = None
    agent_open: bool = True
    relay_open: bool = True


@dataclass(eq=False)
class Request:
    """One poll. It stays in the network until it is lost, also when nobody waits for its answer any more."""

    laptop: Laptop
    process: Process
    body: protocol.Poll
    sent: float


class Network:
    """What agents and Indico say to each other. A `World` is one: it has a clock, laptops and an Indico."""

    def __init__(self, ledger):
        self.ledger = ledger
        #: When an agent heard a go for the first time, by (agent id, job, dispatch)
        self.goes = {}
        self.websockets, self.requests = [], []

    def _note_go(self, laptop, message):
        if isinstance(message, protocol.Go) or (isinstance(message, protocol.Job) and message.go):
            self.goes.setdefault((laptop.agent_id, message.job, message.dispatch), self.now)

    def _say(self, process, message):
        if process.websocket is not None and process.websocket.agent_open:
            process.websocket.up.append(message)
        else:
            process.unsent.append(message)

    def time_out(self):
        """Close what waited too long."""
        for laptop in self.laptops:
            request = laptop.process and laptop.process.request
            if request and self.now - request.sent > POLL_TIMEOUT:
                laptop.process.request = None
        for websocket in self.websockets:
            if websocket.holding is None and self.now - websocket.opened > HELLO_TIMEOUT:
                websocket.relay_open = False

    # -- websockets ---------------------------------------------------------------------------------------------------

    def connect(self, laptop):
        """The agent opens a websocket and says hello."""
        process = laptop.process
        if process is None:
            return
        self.hang_up(laptop)
        process.request, process.poll_begins = None, True
        websocket = process.websocket = Websocket(laptop, process, f'ws{len(self.websockets)}', self.now)
        self.websockets.append(websocket)
        websocket.up.append(process.hello())

    def hang_up(self, laptop):
        """The agent's end of its connection is gone; the relay may not know yet."""
        process = laptop.process
        if process is not None:
            process.jobs.listen('indico', None)
            if process.websocket is not None:
                process.websocket.agent_open = False
                process.websocket = None

    def to_relay(self, websocket, index=0, *, twice=False):
        """Deliver one message of an agent."""
        if not websocket.up:
            return
        # a websocket begins with its hello, whatever the network does to the other messages
        index = 0 if websocket.holding is None else index % len(websocket.up)
        message = websocket.up[index] if twice else websocket.up.pop(index)
        if not websocket.relay_open:
            return
        try:
            if websocket.holding is None:
                if not isinstance(message, protocol.Hello):
                    websocket.relay_open = False
                    return
                websocket.holding, welcome = self.ledger.hello(websocket.laptop.agent_id, websocket.link, message)
                websocket.down.append((welcome, None))
                return
            answer = self.ledger.receive(websocket.laptop.agent_id, websocket.link, message)
        except Replaced:
            websocket.relay_open = False
            return
        if isinstance(message, protocol.OUTCOMES):
            if websocket.holding.get(message.job, (None,))[0] == message.dispatch:
                del websocket.holding[message.job]
        elif isinstance(message, protocol.Printing):
            websocket.holding[message.job] = (message.dispatch, 'printing')
        if answer is not None:
            websocket.down.append((answer, None))

    def too_late(self, websocket, index, *, down, fuse=None):
        """Deliver a copy that the network kept."""
        late = websocket.late_down if down else websocket.late_up
        if late:
            (websocket.down if down else websocket.up).append(late.pop(index % len(late)))
            (self.to_agent if down else self.to_relay)(websocket, -1, **({'fuse': fuse} if down else {}))

    def send_outgoing(self, websocket, *, dies=False):
        """The relay sends what the ledger has for the agent. `dies`: after the commit, before it sends anything."""
        if websocket.holding is None or not websocket.relay_open:
            return
        try:
            messages = self.ledger.outgoing(websocket.laptop.agent_id, websocket.link, websocket.holding)
        except Replaced:
            websocket.relay_open = False
            return
        if dies:
            websocket.relay_open = False
            return
        for message in messages:
            if isinstance(message, protocol.Job | protocol.Go):
                has_go = isinstance(message, protocol.Go) or message.go
                websocket.holding[message.job] = (message.dispatch, 'go' if has_go else 'waiting')
            elif isinstance(message, protocol.Cancel):
                websocket.holding[message.job] = (message.dispatch, 'canceling')
            websocket.down.append((message, PDF if isinstance(message, protocol.Job) else None))

    def to_agent(self, websocket, index=0, *, twice=False, fuse=None):
        """Deliver one message of the relay. `fuse`: the agent dies after so many commits."""
        if not websocket.down:
            return
        index = index % len(websocket.down) if websocket.welcomed else 0
        message, document = websocket.down[index] if twice else websocket.down.pop(index)
        process = websocket.process
        if not websocket.agent_open or process.websocket is not websocket:
            return
        websocket.laptop.spool.fuse = fuse
        if isinstance(message, protocol.Welcome):
            if not websocket.welcomed:
                websocket.welcomed = True
                process.jobs.listen('indico', websocket.up.append)
                websocket.up += process.jobs.owed('indico')
        else:
            self._note_go(websocket.laptop, message)
            process.hear(message, document)
        self.run_until_idle()
        websocket.laptop.spool.fuse = None

    def flow(self, laptop, *, twice=False):
        """Agent and relay exchange all that they have to say now, in order; or the agent polls, if it has no websocket.

        `twice`: the network keeps a copy of everything, to deliver it once more at any time.
        """
        websocket = laptop.process and laptop.process.websocket
        if not websocket:
            self.poll(laptop)
            if laptop.process is not None and laptop.process.request in self.requests:
                self.answer_poll(self.requests.index(laptop.process.request), twice=twice)
            return
        copies = [], []
        for _ in range(2):
            while websocket.up and websocket.relay_open:
                copies[0].append(websocket.up[0])
                self.to_relay(websocket)
            self.send_outgoing(websocket)
            while websocket.down and websocket.agent_open:
                copies[1].append(websocket.down[0])
                self.to_agent(websocket)
        if twice:
            websocket.late_up += [message for message in copies[0] if not isinstance(message, protocol.Hello)]
            websocket.late_down += [sent for sent in copies[1] if not isinstance(sent[0], protocol.Welcome)]

    # -- polling ------------------------------------------------------------------------------------------------------

    def poll(self, laptop):
        """The agent polls, if it does not wait for an answer or speak by websocket."""
        process = laptop.process
        if process is None or process.request is not None:
            return
        self.hang_up(laptop)
        process.jobs.listen('indico', process.unsent.append)
        messages = [*process.unsent, *(owed for owed in process.jobs.owed('indico') if owed not in process.unsent)]
        body = protocol.Poll(link=process.poll_link, begins=process.poll_begins, hello=process.hello(),
                             messages=tuple(messages))
        process.request = Request(laptop, process, body, self.now)
        self.requests.append(process.request)

    def answer_poll(self, index=0, *, twice=False, answered=True, fuse=None):
        """A poll reaches Indico; its answer reaches the agent, if that still waits for it."""
        if not self.requests:
            return
        index %= len(self.requests)
        request = self.requests[index] if twice else self.requests.pop(index)
        agent_id, link, process = request.laptop.agent_id, request.body.link, request.process
        waited_for = answered and process.request is request and process is request.laptop.process
        if waited_for:
            process.request = None
        try:
            holding, _welcome = self.ledger.hello(agent_id, link, request.body.hello, resumed=not request.body.begins)
        except Replaced:
            return
        answers = [self.ledger.receive(agent_id, link, message) for message in request.body.messages]
        for message in request.body.messages:
            if isinstance(message, protocol.OUTCOMES):
                holding.pop(message.job, None)
        replies = [*filter(None, answers), *self.ledger.outgoing(agent_id, link, holding)]
        if not waited_for:
            return
        process.poll_begins = False
        process.unsent = [message for message in process.unsent if message not in request.body.messages]
        process.jobs.listen('indico', process.unsent.append)
        request.laptop.spool.fuse = fuse
        for message in replies:
            document = None
            if isinstance(message, protocol.Job):
                document = self.ledger.document(agent_id, message.job, message.dispatch)
                if document is None:
                    process.unsent.append(protocol.Returned(job=message.job, dispatch=message.dispatch,
                                                            reason='document_unavailable'))
                    continue
            self._note_go(request.laptop, message)
            process.hear(message, document)
            self.run_until_idle()
            if request.laptop.process is not process:
                break
        request.laptop.spool.fuse = None

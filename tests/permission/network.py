"""The network of a story: websockets and polls of which anything may be lost, doubled, overtaken or late.

Whatever is under way is in a list here, so that a story can choose what becomes of it.
"""

import hashlib
from dataclasses import dataclass, field

from tests.permission.laptop import Laptop, Process

from print_agent.protocol import messages as protocol

from indico_checkin_print.agents.inbound import Replaced


PDF = b'%PDF-1.7 badge'
SHA256 = hashlib.sha256(PDF).hexdigest()
#: How long a new websocket has for its hello, and how long an agent waits for the answer to a poll, in seconds.
HELLO_WITHIN, POLL_TIMEOUT = 10, 15


@dataclass(eq=False)
class Line:
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
        #: When an agent heard a permission for the first time, by (agent id, job, dispatch)
        self.goes = {}
        self.lines, self.requests = [], []

    def _note_go(self, laptop, message):
        if isinstance(message, protocol.Go) or (isinstance(message, protocol.Job) and message.go):
            self.goes.setdefault((laptop.agent_id, message.job, message.dispatch), self.now)

    def _say(self, process, message):
        if process.line is not None and process.line.agent_open:
            process.line.up.append(message)
        else:
            process.said.append(message)

    def lose_patience(self):
        """Those who waited too long hang up."""
        for laptop in self.laptops:
            request = laptop.process and laptop.process.request
            if request and self.now - request.sent > POLL_TIMEOUT:
                laptop.process.request = None
        for line in self.lines:
            if line.holding is None and self.now - line.opened > HELLO_WITHIN:
                line.relay_open = False

    # -- websockets ---------------------------------------------------------------------------------------------------

    def connect(self, laptop):
        """The agent opens a websocket and says hello."""
        process = laptop.process
        if process is None:
            return
        self.hang_up(laptop)
        process.request, process.poll_begins = None, True
        line = process.line = Line(laptop, process, f'ws{len(self.lines)}', self.now)
        self.lines.append(line)
        line.up.append(process.hello())

    def hang_up(self, laptop):
        """The agent's end of its connection is gone; the relay may not know yet."""
        process = laptop.process
        if process is not None:
            process.jobs.listen('indico', None)
            if process.line is not None:
                process.line.agent_open = False
                process.line = None

    def to_relay(self, line, index=0, *, twice=False):
        """Deliver one message of an agent."""
        if not line.up:
            return
        # A websocket begins with its hello whatever the network does to the rest.
        index = 0 if line.holding is None else index % len(line.up)
        message = line.up[index] if twice else line.up.pop(index)
        if not line.relay_open:
            return
        try:
            if line.holding is None:
                if not isinstance(message, protocol.Hello):
                    line.relay_open = False
                    return
                line.holding, welcome = self.ledger.hello(line.laptop.agent_id, line.link, message)
                line.down.append((welcome, None))
                return
            answer = self.ledger.receive(line.laptop.agent_id, line.link, message)
        except Replaced:
            line.relay_open = False
            return
        if isinstance(message, protocol.OUTCOMES):
            if line.holding.get(message.job, (None,))[0] == message.dispatch:
                del line.holding[message.job]
        elif isinstance(message, protocol.Printing):
            line.holding[message.job] = (message.dispatch, 'printing')
        if answer is not None:
            line.down.append((answer, None))

    def too_late(self, line, index, *, down, fuse=None):
        """Deliver a copy that the network kept."""
        late = line.late_down if down else line.late_up
        if late:
            (line.down if down else line.up).append(late.pop(index % len(late)))
            (self.to_agent if down else self.to_relay)(line, -1, **({'fuse': fuse} if down else {}))

    def mail(self, line, *, dies=False):
        """The relay looks for mail. `dies`: right after the commit, before a word is sent."""
        if line.holding is None or not line.relay_open:
            return
        try:
            messages = self.ledger.outgoing(line.laptop.agent_id, line.link, line.holding)
        except Replaced:
            line.relay_open = False
            return
        if dies:
            line.relay_open = False
            return
        for message in messages:
            if isinstance(message, protocol.Job | protocol.Go):
                has_go = isinstance(message, protocol.Go) or message.go
                line.holding[message.job] = (message.dispatch, 'go' if has_go else 'waiting')
            elif isinstance(message, protocol.Cancel):
                line.holding[message.job] = (message.dispatch, 'canceling')
            line.down.append((message, PDF if isinstance(message, protocol.Job) else None))

    def to_agent(self, line, index=0, *, twice=False, fuse=None):
        """Deliver one message of the relay. `fuse`: the agent dies after so many commits."""
        if not line.down:
            return
        index = index % len(line.down) if line.welcomed else 0
        message, document = line.down[index] if twice else line.down.pop(index)
        process = line.process
        if not line.agent_open or process.line is not line:
            return
        line.laptop.spool.fuse = fuse
        if isinstance(message, protocol.Welcome):
            if not line.welcomed:
                line.welcomed = True
                process.jobs.listen('indico', line.up.append)
                line.up += process.jobs.owed('indico')
        else:
            self._note_go(line.laptop, message)
            process.hear(message, document)
        self.settle()
        line.laptop.spool.fuse = None

    def flow(self, laptop, *, twice=False):
        """Agent and relay say to each other what they have to say now, in order; or poll, if that is their way.

        `twice`: the network keeps a copy of everything, to deliver it once more at any time.
        """
        line = laptop.process and laptop.process.line
        if not line:
            self.poll(laptop)
            if laptop.process is not None and laptop.process.request in self.requests:
                self.answer_poll(self.requests.index(laptop.process.request), twice=twice)
            return
        copies = [], []
        for _ in range(2):
            while line.up and line.relay_open:
                copies[0].append(line.up[0])
                self.to_relay(line)
            self.mail(line)
            while line.down and line.agent_open:
                copies[1].append(line.down[0])
                self.to_agent(line)
        if twice:
            line.late_up += [message for message in copies[0] if not isinstance(message, protocol.Hello)]
            line.late_down += [mail for mail in copies[1] if not isinstance(mail[0], protocol.Welcome)]

    # -- polling ------------------------------------------------------------------------------------------------------

    def poll(self, laptop):
        """The agent polls, if it does not wait for an answer or speak by websocket."""
        process = laptop.process
        if process is None or process.request is not None:
            return
        self.hang_up(laptop)
        process.jobs.listen('indico', process.said.append)
        messages = [*process.said, *(word for word in process.jobs.owed('indico') if word not in process.said)]
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
        process.said = [message for message in process.said if message not in request.body.messages]
        process.jobs.listen('indico', process.said.append)
        request.laptop.spool.fuse = fuse
        for message in replies:
            document = None
            if isinstance(message, protocol.Job):
                document = self.ledger.document(agent_id, message.job, message.dispatch)
                if document is None:
                    process.said.append(protocol.Returned(job=message.job, dispatch=message.dispatch,
                                                          reason='document_unavailable'))
                    continue
            self._note_go(request.laptop, message)
            process.hear(message, document)
            self.settle()
            if request.laptop.process is not process:
                break
        request.laptop.spool.fuse = None

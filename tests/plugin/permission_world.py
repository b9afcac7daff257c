"""Laptops, printers and a network that do as a story says: no sockets, no threads, no real time.

The agents are real (`Jobs`, `Worker`, the rules and an SQLite spool) and run in an event loop whose clock stands still
until the story goes on. Whatever can be lost, doubled or late is a list here; whoever can die, dies between two
commits. `paper` is the only truth about what came out.
"""

import asyncio
import hashlib
import logging
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import wraps

from print_agent import clock, documents, jobs, protocol, spool
from print_agent.jobs import Jobs
from print_agent.printing.base import End, NotReady, SubmitFailed, Unsettled
from print_agent.rules import State
from print_agent.spool import Spool
from print_agent.worker import Worker

from indico_checkin_print.life import ENDED, PRINT_WITHIN
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.relay.exchange import Replaced


PDF = b'%PDF-1.7 badge'
SHA256 = hashlib.sha256(PDF).hexdigest()
#: How long a new websocket has for its hello, and how long an agent waits for the answer to a poll, in seconds.
HELLO_WITHIN, POLL_TIMEOUT = 10, 15


class Killed(BaseException):
    """The process died here."""


class Loop(asyncio.SelectorEventLoop):
    """An event loop that lives in the story's time."""

    def __init__(self, world):
        super().__init__()
        self._world = world
        self.set_default_executor(_Inline())

    def time(self):
        return self._world.now

    def settle(self):
        """Run until nobody can go on without something happening."""
        for _ in range(200):
            self.call_soon(self.stop)
            self.run_forever()
            if not self._ready and not (self._scheduled and self._scheduled[0]._when <= self.time()):
                return
        raise AssertionError('the agents run in circles')


class _Inline(ThreadPoolExecutor):
    """Threads would make each story different every time it is told."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as exc:
            future.set_exception(exc)
        return future


def _mortal(name):
    method = getattr(Spool, name)

    @wraps(method)
    def write(self, *args, **kwargs):
        if self.dead:
            raise Killed
        result = method(self, *args, **kwargs)
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.dead = True
                raise Killed
        return result
    return write


WRITES = ('store', 'update', 'renumber', 'grant', 'begin_submit', 'undo_submit', 'printing', 'end', 'settled', 'ack')
#: A spool whose process may die right after a commit: after as many as `fuse` says.
MortalSpool = type('MortalSpool', (Spool,), {**{name: _mortal(name) for name in WRITES}, 'dead': False, 'fuse': None})


@dataclass
class PrintJob:
    """A document in the hands of a print system."""

    job: str
    tag: str
    #: waiting, out (on paper), aborted (never will be), lost (the printer forgot it)
    state: str = 'waiting'
    taken: bool = False


class PrintSystem:
    """CUPS and its printer, outside of the agent's process. Does what `mood` says at the next submission.

    It is a `print_agent.printing.base.Backend`.
    """

    def __init__(self, world, laptop):
        self._world = world
        self._laptop = laptop
        self.jobs = {}
        self.mood = 'takes'
        self.ready = True
        self.up = True
        self.slow = 0
        self.news = asyncio.Event()

    async def printers(self):
        return []

    async def check(self, printer):
        if self.slow:
            await asyncio.sleep(self.slow)
        if not self.up or not self.ready:
            raise NotReady('media-empty-error', 'No paper.', wait=self.up)

    async def submit(self, printer, sheet):
        self._laptop.alive()
        mood, self.mood = self.mood, 'takes'
        job, dispatch = sheet.tag.rpartition('-')[0].rsplit('.', 1)
        self._world.handed_over(self._laptop, job, int(dispatch))
        if mood == 'refuses':
            raise SubmitFailed('busy', 'Busy.', certain=True, retry=True)
        if mood == 'rejects':
            raise SubmitFailed('document-format-error', 'No.', certain=True)
        if mood == 'dies before':
            self._laptop.die_now()
        if mood != 'never got it':
            self.jobs[sheet.tag] = PrintJob(job, sheet.tag)
        if mood == 'dies after':
            self._laptop.die_now()
        if mood in {'never got it', 'answer lost'}:
            raise SubmitFailed('timeout', 'No answer.', certain=False, handle='')
        return sheet.tag

    async def find(self, printer, tag, handle):
        self._laptop.alive()
        if not self.up:
            self._world.doubt.add(tag.rpartition('-')[0].rsplit('.', 1)[0])
            raise SubmitFailed('cups_down', 'CUPS is away.', certain=False, retry=True)
        return tag if tag in self.jobs else None

    async def follow(self, printer, sheet, handle, at_printer):
        job = self.jobs[sheet.tag]
        while job.state == 'waiting':
            if job.taken:
                at_printer()
            self.news.clear()
            await self.news.wait()
        self._laptop.alive()
        return {'out': End('completed'), 'aborted': End('failed', 'aborted'), 'lost': End('unknown', 'lost')}[job.state]

    async def settle(self, printer, tag, handle, *, patience):
        self._laptop.alive()
        if not self.up:
            self._world.doubt.add(tag.rpartition('-')[0].rsplit('.', 1)[0])
            raise Unsettled('CUPS is away.')
        job = self.jobs.get(tag)
        if job is not None and job.state == 'waiting':
            self.printer_does(job, 'aborted')

    async def close(self):
        pass

    def printer_does(self, job, state, *, paper=False):
        """The printer ends a job, with or without paper."""
        job.state = state
        if paper:
            self._world.paper[self._world.badge(job.job)] += 1
        self.news.set()


@dataclass(eq=False)
class Line:
    """One websocket. What is under way in each direction is a list; an end that is closed says and hears nothing."""

    laptop: 'Laptop'
    process: 'Process'
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

    laptop: 'Laptop'
    process: 'Process'
    body: protocol.Poll
    sent: float


class Process:
    """One run of the print agent."""

    def __init__(self, world, laptop):
        self.world, self.laptop = world, laptop
        self.jobs = Jobs(laptop.spool)
        self.line = None
        self.request = None
        self.said = []
        self.jobs.restart()
        self.tasks = [world.loop.create_task(Worker(laptop.printer, laptop.print_system, self.jobs).run())]

    def do(self, function, *args, **kwargs):
        """Run something of the agent that may be the end of it."""
        try:
            return function(*args, **kwargs)
        except Killed:
            return None

    def hear(self, message, document=None):
        """Take in a message of the server, as the links do."""
        source = 'indico'
        match message:
            case protocol.Job():
                self.tasks.append(self.world.loop.create_task(self.jobs.receive(source, message, document)))
            case protocol.Go():
                self.do(self.jobs.go, source, message)
            case protocol.Cancel():
                self.do(self.jobs.cancel, source, message)
            case protocol.Ack():
                self.do(self.jobs.ack, source, message)

    def hello(self):
        printer = protocol.Printer(name=self.laptop.printer, state='idle' if self.laptop.shows_ready else 'stopped')
        return self.jobs.hello('indico', 'test', [printer])


class Laptop:
    """A laptop with its printer. The spool and the print system survive the agent's process."""

    def __init__(self, world, agent_id):
        self.world, self.agent_id, self.printer = world, agent_id, f'p{agent_id}'
        self.print_system = PrintSystem(world, self)
        self.shows_ready = True
        self.spool = MortalSpool(':memory:')
        self.process = None

    def alive(self):
        if self.spool.dead:
            raise Killed

    def die_now(self):
        self.spool.dead = True
        raise Killed


class World:
    """The story's stage. `ledger` is Indico: a `MemoryLedger`, or whatever speaks like one."""

    def __init__(self, ledger, agents):
        self.ledger = ledger
        self.now = 1000.0
        self.wall = 1_700_000_000.0
        #: Badges that came out, by the first uuid of their job
        self.paper = Counter()
        #: How often a person asked for one although it may be out
        self.asked = Counter()
        #: The first uuid of jobs that go on under another one
        self.first = {}
        #: Jobs of which a print system cannot tell the truth
        self.doubt = set()
        self.goes = {}
        self.lines, self.requests = [], []
        self.loop = Loop(self)
        asyncio.set_event_loop(self.loop)
        self.laptops = [Laptop(self, agent_id) for agent_id in agents]

    # -- laptops ------------------------------------------------------------------------------------------------------

    def start(self, laptop):
        """Start the agent, if it does not run."""
        if laptop.process is None:
            laptop.spool.dead, laptop.spool.fuse = False, None
            laptop.process = Process(self, laptop)
            self.settle()

    def kill(self, laptop):
        """The agent's process is gone."""
        process, laptop.process = laptop.process, None
        if process is not None:
            laptop.spool.dead = True
            process.jobs.listen('indico', None)
            if process.line is not None:
                process.line.agent_open = False
            for task in process.tasks:
                task.cancel()
            self.loop.settle()

    def lose_spool(self, laptop):
        """The agent's disk is replaced."""
        self.kill(laptop)
        laptop.spool = MortalSpool(':memory:')

    def drain(self, laptop):
        """The agent is asked to stop: it gives back what it can, and says so."""
        if laptop.process is not None:
            self._say(laptop.process, protocol.Drain())
            laptop.process.do(laptop.process.jobs.drain)
            self.settle()

    def settle(self):
        """Let everybody go on as far as they can, and bury the dead."""
        self.loop.settle()
        for laptop in self.laptops:
            if laptop.spool.dead and laptop.process is not None:
                self.kill(laptop)
            elif laptop.process is not None:
                for task in laptop.process.tasks:
                    if task.done() and task.exception() is not None:
                        raise task.exception()

    def advance(self, seconds, *, tick_first=True):
        """Time passes. Nobody does anything in between, as if the machines had slept."""
        self.now += seconds
        self.wall += seconds
        self.ledger.advance(seconds)
        for laptop in self.laptops:
            if laptop.process is not None and tick_first:
                laptop.process.do(laptop.process.jobs.tick)
        self.settle()
        for laptop in self.laptops:
            process = laptop.process
            if process is None:
                continue
            process.do(process.jobs.tick)
            if process.request is not None and self.now - process.request.sent > POLL_TIMEOUT:
                process.request = None
        for line in self.lines:
            if line.holding is None and self.now - line.opened > HELLO_WITHIN:
                line.relay_open = False
        self.settle()

    def handed_over(self, laptop, job, dispatch):
        """A document leaves the agent: only with permission, and in time."""
        received = self.goes.get((laptop.agent_id, job, dispatch))
        assert received is not None, f'{job} was printed without permission'
        assert self.now - received <= PRINT_WITHIN, f'{job} was printed {self.now - received} s after its permission'

    def _note_go(self, laptop, message):
        if isinstance(message, protocol.Go) or (isinstance(message, protocol.Job) and message.go):
            self.goes.setdefault((laptop.agent_id, message.job, message.dispatch), self.now)

    def _say(self, process, message):
        if process.line is not None and process.line.agent_open:
            process.line.up.append(message)
        else:
            process.said.append(message)

    # -- websockets ---------------------------------------------------------------------------------------------------

    def connect(self, laptop):
        """The agent opens a websocket and says hello."""
        process = laptop.process
        if process is None:
            return
        self.hang_up(laptop)
        process.request = None
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
                line.holding, name = self.ledger.hello(line.laptop.agent_id, line.link, message)
                line.down.append((protocol.Welcome(name=name), None))
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
        owed = process.jobs.owed('indico')
        messages = [*owed, *(message for message in process.said if message not in owed)]
        process.request = Request(laptop, process, protocol.Poll(hello=process.hello(), messages=tuple(messages)),
                                  self.now)
        self.requests.append(process.request)

    def answer_poll(self, index=0, *, twice=False, answered=True, fuse=None):
        """A poll reaches Indico; its answer reaches the agent, if that still waits for it."""
        if not self.requests:
            return
        index %= len(self.requests)
        request = self.requests[index] if twice else self.requests.pop(index)
        agent_id, link = request.laptop.agent_id, f'poll:{request.body.hello.spool}'
        holding, _name = self.ledger.hello(agent_id, link, request.body.hello)
        answers = [self.ledger.receive(agent_id, link, message) for message in request.body.messages]
        for message in request.body.messages:
            if isinstance(message, protocol.OUTCOMES):
                holding.pop(message.job, None)
        replies = [*filter(None, answers), *self.ledger.outgoing(agent_id, link, holding)]
        process = request.process
        if not answered or process.request is not request or process is not request.laptop.process:
            return
        process.request = None
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

    # -- printers and people ------------------------------------------------------------------------------------------

    def at_print_systems(self):
        """All documents that wait in a print system, as (print system, job)."""
        return [(laptop.print_system, job) for laptop in self.laptops
                for job in laptop.print_system.jobs.values() if job.state == 'waiting']

    def printer_does(self, index, what):
        """A printer goes on with a document: takes, prints, aborts, or loses it with or without paper."""
        waiting = self.at_print_systems()
        if not waiting:
            return
        system, job = waiting[index % len(waiting)]
        if what == 'takes':
            job.taken = True
            system.news.set()
        elif what == 'prints':
            job.taken = True
            system.printer_does(job, 'out', paper=True)
        elif what == 'aborts':
            system.printer_does(job, 'aborted')
        else:
            self.doubt.add(job.job)
            system.printer_does(job, 'lost', paper=what == 'loses after paper')
        self.settle()

    def person_answers(self, uuid):
        """Somebody looks and tells the truth as it is now. What comes out later, was asked for twice."""
        badge = self.badge(uuid)
        came_out = self.paper[badge] > self.asked[badge]
        if not came_out:
            self.asked[badge] += 1
        self.first[self.ledger.settle(uuid, came_out=came_out)] = badge

    def badge(self, uuid):
        """Return the first uuid of a job."""
        return self.first.get(uuid, uuid)

    def may_come_out(self):
        """Count, by job, the badges that are out, wait in a print system, or may be handed to one by an agent."""
        count = Counter(self.paper)
        count.update(self.badge(job.job) for _system, job in self.at_print_systems())
        for laptop in self.laptops:
            for entry in laptop.spool.open() if laptop.process is not None else ():
                if entry.state is State.go:
                    received = self.goes.get((laptop.agent_id, entry.job, entry.dispatch))
                    assert received is not None, f'nobody gave {entry.job}.{entry.dispatch} a go'
                    count[self.badge(entry.job)] += self.now < received + PRINT_WITHIN
        return count

    # -- the end ------------------------------------------------------------------------------------------------------

    def mend(self):
        """Everything works again: what is still to happen happens."""
        for laptop in self.laptops:
            system = laptop.print_system
            system.up = system.ready = laptop.shows_ready = True
            system.slow, system.mood = 0, 'takes'
            self.start(laptop)
            if laptop.process.jobs.stopping:
                self.kill(laptop)
                self.start(laptop)
        for line in self.lines:
            line.agent_open = line.relay_open = False
        for laptop in self.laptops:
            self.connect(laptop)
        for _ in range(40):
            self.smooth()
            if not self.restless():
                break

    def smooth(self):
        """A few seconds in which nothing goes wrong."""
        for _ in range(4):
            for line in self.lines:
                while line.up and line.relay_open and line.agent_open:
                    self.to_relay(line)
                self.mail(line)
                while line.down and line.agent_open:
                    self.to_agent(line)
            while self.at_print_systems():
                self.printer_does(0, 'prints')
        self.ledger.sweep()
        self.advance(5)

    def chatter(self, *, twice, prints):
        """Ten seconds of talk. The network may keep copies, the printers may be slow."""
        for _ in range(5):
            for laptop in self.laptops:
                self.flow(laptop, twice=twice)
            if prints:
                self.printer_does(0, 'prints')
            self.advance(2)

    def restless(self):
        """Return the jobs that have not ended, or of which somebody knows more than the ledger does."""
        return [(uuid, state.name, reason) for uuid, (state, reason, *_) in self.ledger.snapshot().items()
                if state not in ENDED
                or (state == JobState.unknown and uuid not in self.doubt and reason != 'spool_lost')]

    def close(self):
        """End everything."""
        for laptop in self.laptops:
            self.kill(laptop)
            laptop.spool.close()
        self.loop.close()
        asyncio.set_event_loop(None)


def install(monkeypatch, world):
    """Let the agents live in a story's time; call it once, with a function that returns the world of now."""
    monkeypatch.setattr(clock, 'now', lambda: world().now)
    for module in (jobs, spool):
        monkeypatch.setattr(module, 'time', _Time(world))
    # what the documents are like is told elsewhere
    monkeypatch.setattr(documents, 'check', lambda job, document: None)
    monkeypatch.setattr(logging.getLogger('print_agent'), 'disabled', True)


class _Time:
    def __init__(self, world):
        self._world = world

    def time(self):
        return self._world().wall

    def monotonic(self):
        return self._world().now

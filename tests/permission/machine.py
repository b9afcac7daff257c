"""Permission to print as a state machine: never two badges unless a person asked, never a silent loss.

Real agents and the real decisions of the relay live in a world where every message may be lost, doubled or overtaken,
and both sides may die between any two commits (see `world`). `state_machine_test` lets Hypothesis choose the steps,
`random_walk_test` chooses them at random.
"""

import os
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from indico_checkin_print.models.jobs import JobState
from tests.permission.memory_ledger import MemoryLedger
from tests.permission.network import PDF, SHA256
from tests.permission.world import World


S = JobState
#: How many runs Hypothesis makes; each part of the random walk makes three quarters of that.
EXAMPLES = int(os.environ.get('PERMISSION_EXAMPLES', '200'))
#: Whether a run that breaks a promise is shortened; to know that one did is enough for mutations.
SHORTEN = os.environ.get('PERMISSION_SHORTEN', '1') == '1'
#: Steps of one run
STEPS = 40
#: In these states the ledger says that nothing came out.
NOTHING_CAME_OUT = {S.held, S.queued, S.rendering, S.ready, S.failed, S.expired, S.canceled}

#: The values of each strategy, by its id: what a random walk chooses from.
CHOICES = {}


def of(*values):
    """Let Hypothesis, or a random walk, choose one of these values."""
    strategy = st.sampled_from(values)
    CHOICES[id(strategy)] = values
    return strategy


#: Jobs to begin with, and which of the laptops begin with a websocket.
COUNTS, WAYS = (1, 2, 3), ((True, True), (True, False), (False, False))
index = of(*range(8))
either = of(False, True)
fuses = of(None, None, None, 1, 2)


def memory_ledger(agents):
    """Make an Indico in memory with one printer at each of the agents."""
    ledger = MemoryLedger(PDF, SHA256)
    for agent_id in agents:
        ledger.add_printer(agent_id, 'p')
    return ledger


class DeskMachine(RuleBasedStateMachine):
    """One desk, two laptops with a printer each, one Indico."""

    #: Makes an Indico for the ids of two agents.
    make_ledger = staticmethod(memory_ledger)
    agents = (1, 2)
    #: The world of the run that is under way
    current = None

    def __init__(self):
        super().__init__()
        self.world = None

    @initialize(count=of(*COUNTS), ways=of(*WAYS))
    def begin(self, count, ways):
        self.world = World(type(self).make_ledger(self.agents), self.agents)
        DeskMachine.current = self.world
        for laptop, by_websocket in zip(self.world.laptops, ways, strict=True):
            self.world.start(laptop)
            (self.world.connect if by_websocket else self.world.poll)(laptop)
        for number in range(count):
            self.world.ledger.add_job(f'{number:08d}-0000-4000-8000-000000000000')

    def laptop(self, number):
        return self.world.laptops[number % 2]

    def jobs_in(self, *states):
        return [uuid for uuid, (state, *_) in self.world.ledger.snapshot().items() if state in states]

    # Few rules with many arguments: what moves badges shall be as likely as what disturbs it.

    # the network
    @rule(number=index, twice=either)
    def flow(self, number, twice):
        self.world.flow(self.laptop(number), twice=twice)

    @precondition(lambda self: any(websocket.up or websocket.down for websocket in self.world.websockets))
    @rule(websocket=index, i=index, twice=either, fuse=fuses)
    def deliver(self, websocket, i, twice, fuse):
        """One message, perhaps before its turn, perhaps not for the last time."""
        ways = [(websocket, down) for websocket in self.world.websockets for down in (False, True)
                if (websocket.down if down else websocket.up)]
        websocket, down = ways[websocket % len(ways)]
        if down:
            self.world.to_agent(websocket, i, twice=twice, fuse=fuse)
        else:
            self.world.to_relay(websocket, i, twice=twice)

    @precondition(lambda self: any(websocket.late_up or websocket.late_down for websocket in self.world.websockets))
    @rule(websocket=index, i=of(*range(31)), down=either, fuse=fuses)
    def deliver_late(self, websocket, i, down, fuse):
        """The network delivers a copy of what was delivered long ago."""
        websockets = [websocket for websocket in self.world.websockets if websocket.late_up or websocket.late_down]
        websocket = websockets[websocket % len(websockets)]
        self.world.too_late(websocket, i, down=down, fuse=fuse)

    @precondition(lambda self: any(websocket.up or websocket.down for websocket in self.world.websockets))
    @rule(websocket=index, i=index)
    def lose(self, websocket, i):
        queues = [queue for websocket in self.world.websockets for queue in (websocket.up, websocket.down) if queue]
        queue = queues[websocket % len(queues)]
        queue.pop(i % len(queue))

    @precondition(lambda self: self.world.requests)
    @rule(i=index, twice=either, answered=either, fuse=fuses)
    def answer_poll(self, i, twice, answered, fuse):
        self.world.answer_poll(i, twice=twice, answered=answered, fuse=fuse)

    @precondition(lambda self: self.world.websockets)
    @rule(websocket=index, dies=of(False, False, True))
    def relay_sends(self, websocket, dies):
        self.world.send_outgoing(self.world.websockets[websocket % len(self.world.websockets)], dies=dies)

    @rule(seconds=of(1, 2, 6, 20, 31, 46, 100, 1900), tick_first=either, sweep=either)
    def time_passes(self, seconds, tick_first, sweep):
        self.world.advance(seconds, tick_first=tick_first)
        if sweep:
            self.world.ledger.sweep()

    @rule(twice=either, prints=either)
    def exchange(self, twice, prints):
        self.world.exchange(twice=twice, prints=prints)

    # the laptops
    @rule(number=index, by_websocket=either)
    def come_back(self, number, by_websocket):
        laptop = self.laptop(number)
        self.world.start(laptop)
        (self.world.connect if by_websocket else self.world.poll)(laptop)

    @rule(number=index, what=of('kill', 'kill', 'drain', 'hang up', 'relay hangs up', 'lose spool',
                                'shows stopped', 'clock back', 'clock ahead'))
    def laptop_fault(self, number, what):
        laptop = self.laptop(number)
        match what:
            case 'kill':
                self.world.kill(laptop)
            case 'drain':
                self.world.drain(laptop)
            case 'hang up':
                self.world.hang_up(laptop)
            case 'relay hangs up':
                for websocket in self.world.websockets:
                    websocket.relay_open = websocket.relay_open and websocket.laptop is not laptop
            case 'lose spool':
                self.world.lose_spool(laptop)
            case 'shows stopped':
                laptop.shows_ready = not laptop.shows_ready
            case _:
                self.world.wall += 3600 if what == 'clock ahead' else -3600

    # the printers
    @rule(number=index, what=of('refuses', 'rejects', 'dies before', 'dies after', 'falls over', 'never got it',
                                'answer lost', 'down', 'not ready', 'slow', 'well', 'well'))
    def print_system(self, number, what):
        system = self.laptop(number).print_system
        system.fault = what if what not in {'down', 'not ready', 'slow', 'well'} else None
        system.up, system.ready, system.slow = what != 'down', what != 'not ready', 40 if what == 'slow' else 0

    @precondition(lambda self: self.world.at_print_systems())
    @rule(i=index, what=of('takes', 'prints', 'prints', 'aborts', 'loses before paper', 'loses after paper'))
    def printer_does(self, i, what):
        self.world.printer_does(i, what)

    # people
    @precondition(lambda self: self.jobs_in(S.unknown, S.failed, S.expired, S.canceled, S.ready))
    @rule(i=index, undo=of(False, False, False, True))
    def person(self, i, undo):
        """Somebody answers, asks for another try, or undoes a check-in."""
        jobs = self.jobs_in(S.unknown, S.failed, S.expired, S.canceled, S.ready)
        uuid = jobs[i % len(jobs)]
        match self.world.ledger.snapshot()[uuid][0]:
            case S.unknown:
                self.world.person_answers(uuid)
            case S.ready:
                if undo:
                    self.world.ledger.cancel(uuid)
            case _:
                self.world.ledger.retry(uuid)

    # the promises
    @invariant()
    def what_the_ledger_says_is_true(self):
        if self.world is None:
            return
        assert self.world.wrong == []
        may_come_out, jobs = self.world.may_come_out(), self.world.ledger.snapshot()
        for uuid, (state, reason, *_) in jobs.items():
            badge = self.world.badge(uuid)
            badges, asked = may_come_out[badge], self.world.asked[badge]
            assert badges <= 1 + asked, f'{badges} badges of {uuid} are out or may come; a person asked {asked} times'
            if state in NOTHING_CAME_OUT:
                assert badges <= asked, f'{uuid} is out or may come, but the ledger says {state.name} ({reason})'
            if state in {S.completed, S.sent}:
                assert self.world.paper[badge], f'{uuid} did not come out, but the ledger says {state.name} ({reason})'
        # more would be unknown when the laptop falls silent
        permitted = Counter((agent, printer) for state, _, agent, printer, _ in jobs.values() if state == S.dispatched)
        assert all(count == 1 for count in permitted.values()), f'more than one badge has a go: {permitted}'

    def teardown(self):
        if self.world is None:
            return
        try:
            self.world.repair_all()
            self.what_the_ledger_says_is_true()
            assert self.world.unfinished() == []
            assert self.world.kept() == [], 'a laptop keeps what nobody wants any more'
            self.world.answer_all()
            self.what_the_ledger_says_is_true()
            assert self.jobs_in(S.unknown) == [], 'a person has answered, and it is unknown again'
        finally:
            self.world.close()

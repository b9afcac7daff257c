"""Permission to print, proved by stories: never two badges unless a person asked, never a silent loss.

Real agents and the real decisions of the relay live in a world where every message may be lost, doubled or overtaken,
and both sides may die between any two commits (see `permission_world`). Hypothesis makes the stories up and shortens
the ones that break a promise. `PERMISSION_EXAMPLES=5000` tells more of them.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (RuleBasedStateMachine, initialize, invariant, precondition, rule,
                                 run_state_machine_as_test)
from permission_ledger import MemoryLedger
from permission_world import PDF, SHA256, World, install

from indico_checkin_print.life import ENDED
from indico_checkin_print.models.jobs import JobState


S = JobState
EXAMPLES = int(os.environ.get('PERMISSION_EXAMPLES', '400'))
#: Steps of one story.
STEPS = 40
#: In these states the ledger says that nothing came out.
NOTHING_CAME_OUT = {S.held, S.queued, S.rendering, S.ready, S.failed, S.expired, S.canceled}

index = st.integers(0, 7)
fuses = st.sampled_from([None, None, None, 1, 2])


def memory_ledger(agents):
    """Make an Indico in memory with one printer at each of the agents."""
    ledger = MemoryLedger(PDF, SHA256)
    for agent_id in agents:
        ledger.add_agent(agent_id, f'p{agent_id}')
    return ledger


class Desk(RuleBasedStateMachine):
    """One desk, two laptops with a printer each, one Indico."""

    def __init__(self):
        super().__init__()
        self.world = None

    @initialize(count=st.integers(1, 3), ways=st.lists(st.booleans(), min_size=2, max_size=2))
    def begin(self, count, ways):
        self.world = World(memory_ledger([1, 2]), [1, 2])
        Desk.current = self.world
        for laptop, by_websocket in zip(self.world.laptops, ways, strict=True):
            self.world.start(laptop)
            (self.world.connect if by_websocket else self.world.poll)(laptop)
        for number in range(count):
            self.world.ledger.add_job(f'job{number}')

    def laptop(self, number):
        return self.world.laptops[number % 2]

    def line(self, number):
        return self.world.lines[number % len(self.world.lines)]

    def jobs_in(self, *states):
        return [uuid for uuid, (state, *_) in self.world.ledger.snapshot().items() if state in states]

    has_lines = precondition(lambda self: self.world.lines)
    has_requests = precondition(lambda self: self.world.requests)

    # the network
    @has_lines
    @rule(line=index, i=index, twice=st.booleans())
    def to_relay(self, line, i, twice):
        self.world.to_relay(self.line(line), i, twice=twice)

    @has_lines
    @rule(line=index, i=index, twice=st.booleans(), fuse=fuses)
    def to_agent(self, line, i, twice, fuse):
        self.world.to_agent(self.line(line), i, twice=twice, fuse=fuse)

    @has_lines
    @rule(line=index, i=index, direction=st.sampled_from(['up', 'down']))
    def lose(self, line, i, direction):
        messages = getattr(self.line(line), direction)
        if messages:
            messages.pop(i % len(messages))

    @has_lines
    @rule(line=index)
    def relay_hangs_up(self, line):
        self.line(line).relay_open = False

    @rule(number=index)
    def agent_hangs_up(self, number):
        self.world.hang_up(self.laptop(number))

    @rule(number=index)
    def connect(self, number):
        self.world.connect(self.laptop(number))

    @rule(number=index)
    def poll(self, number):
        self.world.poll(self.laptop(number))

    @has_requests
    @rule(i=index, twice=st.booleans(), answered=st.booleans(), fuse=fuses)
    def answer_poll(self, i, twice, answered, fuse):
        self.world.answer_poll(i, twice=twice, answered=answered, fuse=fuse)

    @rule(seconds=st.sampled_from([1, 6, 20, 31, 46, 100, 1900]), tick_first=st.booleans())
    def time_passes(self, seconds, tick_first):
        self.world.advance(seconds, tick_first=tick_first)

    @rule(seconds=st.sampled_from([-3600, 3600]))
    def somebody_sets_the_laptops_clocks(self, seconds):
        self.world.wall += seconds

    @rule()
    def nothing_goes_wrong_for_a_while(self):
        self.world.smooth()

    # the relay
    @has_lines
    @rule(line=index, dies=st.sampled_from([False, False, True]))
    def mail(self, line, dies):
        self.world.mail(self.line(line), dies=dies)

    @rule()
    def sweep(self):
        self.world.ledger.sweep()

    # the laptops
    @rule(number=index)
    def kill(self, number):
        self.world.kill(self.laptop(number))

    @rule(number=index)
    def start(self, number):
        self.world.start(self.laptop(number))

    @rule(number=index)
    def drain(self, number):
        self.world.drain(self.laptop(number))

    @rule(number=index)
    def lose_spool(self, number):
        self.world.lose_spool(self.laptop(number))

    # the printers
    @rule(number=index, mood=st.sampled_from(['refuses', 'rejects', 'dies before', 'dies after', 'never got it',
                                              'answer lost']))
    def next_submission(self, number, mood):
        self.laptop(number).print_system.mood = mood

    @rule(number=index, up=st.booleans(), ready=st.booleans(), slow=st.sampled_from([0, 0, 40]))
    def print_system(self, number, up, ready, slow):
        system = self.laptop(number).print_system
        system.up, system.ready, system.slow = up, ready, slow

    @precondition(lambda self: self.world.at_print_systems())
    @rule(i=index, what=st.sampled_from(['takes', 'prints', 'prints', 'aborts', 'loses before paper',
                                         'loses after paper']))
    def printer_does(self, i, what):
        self.world.printer_does(i, what)

    @rule(number=index)
    def shows_stopped(self, number):
        laptop = self.laptop(number)
        laptop.shows_ready = not laptop.shows_ready

    # people
    @precondition(lambda self: self.jobs_in(S.unknown))
    @rule(i=index)
    def person_answers(self, i):
        unknown = self.jobs_in(S.unknown)
        self.world.person_answers(unknown[i % len(unknown)])

    @precondition(lambda self: self.jobs_in(S.failed, S.expired, S.canceled))
    @rule(i=index)
    def person_retries(self, i):
        over = self.jobs_in(S.failed, S.expired, S.canceled)
        self.world.ledger.retry(over[i % len(over)])

    @precondition(lambda self: self.jobs_in(S.ready))
    @rule(i=index)
    def check_in_is_undone(self, i):
        ready = self.jobs_in(S.ready)
        self.world.ledger.cancel(ready[i % len(ready)])

    # the promises
    @invariant()
    def what_the_ledger_says_is_true(self):
        if self.world is None:
            return
        for uuid, (state, reason, *_) in self.world.ledger.snapshot().items():
            paper, asked = self.world.paper[uuid], self.world.asked[uuid]
            assert paper <= 1 + asked, f'{uuid} came out {paper} times; a person asked {asked} times'
            if state in NOTHING_CAME_OUT:
                assert paper <= asked, f'{uuid} came out, but the ledger says {state.name} ({reason})'
            if state in {S.completed, S.sent}:
                assert paper, f'{uuid} did not come out, but the ledger says {state.name} ({reason})'

    def teardown(self):
        if self.world is None:
            return
        try:
            self.world.mend()
            self.what_the_ledger_says_is_true()
            for uuid, (state, reason, *_) in self.world.ledger.snapshot().items():
                assert state in ENDED, f'{uuid} never ends: {state.name} ({reason})'
                known = uuid not in self.world.doubt and reason != 'spool_lost'
                assert state != S.unknown or not known, f'somebody knows the truth about {uuid} ({reason})'
        finally:
            self.world.close()


def test_every_story_keeps_the_promises(monkeypatch):
    install(monkeypatch, lambda: Desk.current)
    run_state_machine_as_test(Desk, settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, report_multiple_bugs=False, deadline=None,
        suppress_health_check=list(HealthCheck)))

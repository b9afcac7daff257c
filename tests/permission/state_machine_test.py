"""Permission to print, proved by stories: never two badges unless a person asked, never a silent loss.

Real agents and the real decisions of the relay live in a world where every message may be lost, doubled or overtaken,
and both sides may die between any two commits (see `world`). Hypothesis makes the stories up and shortens
the ones that break a promise. `PERMISSION_EXAMPLES=5000` tells more of them, `PERMISSION_SEED=x` others, and with
`PERMISSION_SHORTEN=0` it is enough to know that one broke.
"""

import os
import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (RuleBasedStateMachine, initialize, invariant, precondition, rule,
                                 run_state_machine_as_test)
from tests.permission.memory_ledger import MemoryLedger
from tests.permission.network import PDF, SHA256
from tests.permission.virtual_time import install
from tests.permission.world import World

from indico_checkin_print.models.jobs import JobState


S = JobState
EXAMPLES = int(os.environ.get('PERMISSION_EXAMPLES', '200'))
#: Another one tells other stories.
SEED = os.environ.get('PERMISSION_SEED', 'a desk')
SHORTEN = os.environ.get('PERMISSION_SHORTEN', '1') == '1'
#: Steps of one story.
STEPS = 40
#: In these states the ledger says that nothing came out.
NOTHING_CAME_OUT = {S.held, S.queued, S.rendering, S.ready, S.failed, S.expired, S.canceled}

CHOICES = {}


def of(*values):
    """Let Hypothesis, or a plain dice, choose one of these values."""
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


class Desk(RuleBasedStateMachine):
    """One desk, two laptops with a printer each, one Indico."""

    #: Makes the Indico of a story for the ids of two agents.
    make_ledger = staticmethod(memory_ledger)
    agents = (1, 2)

    def __init__(self):
        super().__init__()
        self.world = None

    @initialize(count=of(*COUNTS), ways=of(*WAYS))
    def begin(self, count, ways):
        self.world = World(type(self).make_ledger(self.agents), self.agents)
        Desk.current = self.world
        for laptop, by_websocket in zip(self.world.laptops, ways, strict=True):
            self.world.start(laptop)
            (self.world.connect if by_websocket else self.world.poll)(laptop)
        for number in range(count):
            self.world.ledger.add_job(f'{number:08d}-0000-4000-8000-000000000000')

    def laptop(self, number):
        return self.world.laptops[number % 2]

    def jobs_in(self, *states):
        return [uuid for uuid, (state, *_) in self.world.ledger.snapshot().items() if state in states]

    # Few rules with many faces: what moves a story on shall be as likely as what disturbs it.

    # the network
    @rule(number=index, twice=either)
    def flow(self, number, twice):
        self.world.flow(self.laptop(number), twice=twice)

    @precondition(lambda self: any(line.up or line.down for line in self.world.lines))
    @rule(line=index, i=index, twice=either, fuse=fuses)
    def deliver(self, line, i, twice, fuse):
        """One message, perhaps before its turn, perhaps not for the last time."""
        ways = [(line, down) for line in self.world.lines for down in (False, True)
                if (line.down if down else line.up)]
        line, down = ways[line % len(ways)]
        if down:
            self.world.to_agent(line, i, twice=twice, fuse=fuse)
        else:
            self.world.to_relay(line, i, twice=twice)

    @precondition(lambda self: any(line.late_up or line.late_down for line in self.world.lines))
    @rule(line=index, i=of(*range(31)), down=either, fuse=fuses)
    def deliver_late(self, line, i, down, fuse):
        """The network comes up with something that was delivered long ago."""
        lines = [line for line in self.world.lines if line.late_up or line.late_down]
        line = lines[line % len(lines)]
        self.world.too_late(line, i, down=down, fuse=fuse)

    @precondition(lambda self: any(line.up or line.down for line in self.world.lines))
    @rule(line=index, i=index)
    def lose(self, line, i):
        queues = [queue for line in self.world.lines for queue in (line.up, line.down) if queue]
        queue = queues[line % len(queues)]
        queue.pop(i % len(queue))

    @precondition(lambda self: self.world.requests)
    @rule(i=index, twice=either, answered=either, fuse=fuses)
    def answer_poll(self, i, twice, answered, fuse):
        self.world.answer_poll(i, twice=twice, answered=answered, fuse=fuse)

    @precondition(lambda self: self.world.lines)
    @rule(line=index, dies=of(False, False, True))
    def mail(self, line, dies):
        self.world.mail(self.world.lines[line % len(self.world.lines)], dies=dies)

    @rule(seconds=of(1, 2, 6, 20, 31, 46, 100, 1900), tick_first=either, sweep=either)
    def time_passes(self, seconds, tick_first, sweep):
        self.world.advance(seconds, tick_first=tick_first)
        if sweep:
            self.world.ledger.sweep()

    @rule(twice=either, prints=either)
    def a_while_passes(self, twice, prints):
        self.world.chatter(twice=twice, prints=prints)

    # the laptops
    @rule(number=index, by_websocket=either)
    def come_back(self, number, by_websocket):
        laptop = self.laptop(number)
        self.world.start(laptop)
        (self.world.connect if by_websocket else self.world.poll)(laptop)

    @rule(number=index, what=of('kill', 'kill', 'drain', 'hang up', 'relay hangs up', 'lose spool',
                                       'shows stopped', 'clock back', 'clock ahead'))
    def trouble(self, number, what):
        laptop = self.laptop(number)
        match what:
            case 'kill':
                self.world.kill(laptop)
            case 'drain':
                self.world.drain(laptop)
            case 'hang up':
                self.world.hang_up(laptop)
            case 'relay hangs up':
                for line in self.world.lines:
                    line.relay_open = line.relay_open and line.laptop is not laptop
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
        system.mood = what if what not in {'down', 'not ready', 'slow', 'well'} else 'takes'
        system.up, system.ready, system.slow = what != 'down', what != 'not ready', 40 if what == 'slow' else 0

    @precondition(lambda self: self.world.at_print_systems())
    @rule(i=index, what=of('takes', 'prints', 'prints', 'aborts', 'loses before paper',
                                       'loses after paper'))
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
        # more would be riddles when the laptop falls silent
        permitted = Counter((agent, printer) for state, _, agent, printer, _ in jobs.values() if state == S.dispatched)
        assert all(count == 1 for count in permitted.values()), f'more than one badge has permission: {permitted}'

    def teardown(self):
        if self.world is None:
            return
        try:
            self.world.mend()
            self.what_the_ledger_says_is_true()
            assert self.world.restless() == []
            assert self.world.kept() == [], 'a laptop keeps what nobody wants any more'
            self.world.answer_all()
            self.what_the_ledger_says_is_true()
            assert self.jobs_in(S.unknown) == [], 'a person has answered, and it is a riddle again'
        finally:
            self.world.close()


def test_every_story_keeps_the_promises(monkeypatch):
    install(monkeypatch, lambda: Desk.current)
    run_state_machine_as_test(Desk, settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, report_multiple_bugs=False, deadline=None,
        phases=[phase for phase in Phase if SHORTEN or phase not in {Phase.shrink, Phase.explain}],
        suppress_health_check=list(HealthCheck)))


def tell(steps, machine=Desk):
    """Tell a story: `steps` yields what happens when it is given the desk. Return (what happened, what broke)."""
    desk, happened = machine(), []
    try:
        for function, values in steps(desk):
            happened.append((function, values))
            function(desk, **values)
            desk.what_the_ledger_says_is_true()
        desk.teardown()
    except AssertionError as exc:
        return happened, exc
    return happened, None


def told_by(dice):
    """Let the dice tell a long story."""
    def _steps(desk):
        yield Desk.begin, {'count': dice.choice(COUNTS), 'ways': dice.choice(WAYS)}
        for _ in range(2 * STEPS):
            rules = [r for r in desk.rules if all(condition(desk) for condition in r.preconditions)]
            chosen = dice.choice(rules)
            yield chosen.function, {name: dice.choice(CHOICES[id(strategy)])
                                    for name, strategy in chosen.arguments.items()}
    return _steps


def told_again(story):
    """Tell what happened in a story, as far as it still can."""
    def _steps(desk):
        conditions = {r.function: r.preconditions for r in desk.rules}
        for function, values in story:
            if all(condition(desk) for condition in conditions.get(function, ())):
                yield function, values
    return _steps


def shortened(story):
    """Leave out whatever is not needed for the same end."""
    size = len(story) // 2
    while size:
        for start in range(len(story) - size, 0, -1):
            shorter = story[:start] + story[start + size:]
            if tell(told_again(shorter))[1] is not None:
                story = shorter
        size //= 2
    return story


@pytest.mark.parametrize('chapter', range(4))
def test_long_stories_keep_the_promises(monkeypatch, chapter):
    """Hypothesis likes variations of short stories; the dice tell long ones that have nothing in common."""
    install(monkeypatch, lambda: Desk.current)
    for number in range(3 * EXAMPLES // 4):
        happened, broken = tell(told_by(random.Random(f'{SEED} {chapter} {number}')))
        if broken is not None:
            if not SHORTEN:
                raise broken
            story = shortened(happened)
            pytest.fail(f'{tell(told_again(story))[1]}\n' + '\n'.join(f'{f.__name__} {v}' for f, v in story))

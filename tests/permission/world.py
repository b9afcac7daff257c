"""Laptops, printers and a network under full control: no sockets, no threads, no real time.

Real agents (`laptop`) speak to an Indico over a network (`network`) in virtual time (`virtual_time`). Every process may
die between any two commits. `paper` is the only truth about what came out.
"""

import asyncio
from collections import Counter

from print_agent.protocol import messages
from print_agent.spool.job import UNTOUCHED, State

from indico_checkin_print.ledger.states import ENDED, PRINT_WITHIN
from indico_checkin_print.models.jobs import JobState
from tests.permission.laptop import Laptop, MortalSpool, Process
from tests.permission.network import Network
from tests.permission.virtual_time import Loop


class World(Network):
    """Everything outside of the code under test. `ledger` is Indico: a `MemoryLedger`, or one with the same methods."""

    def __init__(self, ledger, agents):
        super().__init__(ledger)
        self.now = 1000.0
        self.wall = 1_700_000_000.0
        #: Badges that came out, by the first uuid of their job
        self.paper = Counter()
        #: How often a person asked for one although it may be out
        self.asked = Counter()
        #: The first uuid of jobs that were printed under another one later
        self.first = {}
        #: Jobs about which a print system cannot say the truth
        self.doubt = set()
        #: What an agent must never do, and did
        self.wrong = []
        self.loop = Loop(self)
        asyncio.set_event_loop(self.loop)
        self.laptops = [Laptop(self, agent_id) for agent_id in agents]

    # -- laptops ------------------------------------------------------------------------------------------------------

    def start(self, laptop):
        """Start the agent, if it does not run."""
        if laptop.process is None:
            laptop.spool.dead, laptop.spool.fuse = False, None
            laptop.process = Process(self, laptop)
            self.run_until_idle()

    def kill(self, laptop):
        """The agent's process is gone."""
        process, laptop.process = laptop.process, None
        if process is not None:
            laptop.spool.dead = True
            process.jobs.listen('indico', None)
            if process.websocket is not None:
                process.websocket.agent_open = False
            for task in process.tasks:
                task.cancel()
            self.loop.run_until_idle()

    def lose_spool(self, laptop):
        """The agent's disk is replaced."""
        self.kill(laptop)
        laptop.spool = MortalSpool(':memory:')

    def drain(self, laptop):
        """The agent is asked to stop: it returns what it can, and says so."""
        if laptop.process is not None:
            self._say(laptop.process, messages.Drain())
            laptop.process.do(laptop.process.jobs.drain)
            self.run_until_idle()

    def run_until_idle(self):
        """Let every agent run as far as it can, and remove processes that died."""
        self.loop.run_until_idle()
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
        self.run_until_idle()
        for laptop in self.laptops:
            if laptop.process is not None:
                laptop.process.do(laptop.process.jobs.tick)
        self.time_out()
        self.run_until_idle()

    def submitted(self, laptop, job, dispatch):
        """A document leaves the agent: only with a go, and in time."""
        received = self.goes.get((laptop.agent_id, job, dispatch))
        # raised here, it would be a mistake in one job that the agent survives
        if received is None:
            self.wrong.append(f'{job}.{dispatch} was printed without a go')
        elif self.now - received > PRINT_WITHIN:
            self.wrong.append(f'{job}.{dispatch} was printed {self.now - received} s after its go')

    # -- printers and people ------------------------------------------------------------------------------------------

    def at_print_systems(self):
        """All documents that wait in a print system, as (print system, job)."""
        return [(laptop.print_system, job) for laptop in self.laptops
                for job in laptop.print_system.jobs.values() if job.state == 'waiting']

    def printer_does(self, index, what):
        """A printer does something with a document: takes, prints, aborts, or loses it with or without paper."""
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
        self.run_until_idle()

    def person_answers(self, uuid):
        """A person checks and answers the truth as it is now. What comes out later was asked for twice."""
        badge = self.badge(uuid)
        came_out = self.paper[badge] > self.asked[badge]
        if not came_out:
            self.asked[badge] += 1
        self.first[self.ledger.resolve(uuid, came_out=came_out)] = badge

    def badge(self, uuid):
        """Return the first uuid of a job."""
        return self.first.get(uuid, uuid)

    def may_come_out(self):
        """Count, by job, the badges that are out, wait in a print system, or may be submitted to one by an agent."""
        count = Counter(self.paper)
        count.update(self.badge(job.job) for _system, job in self.at_print_systems())
        for laptop in self.laptops:
            for entry in laptop.spool.open() if laptop.process is not None else ():
                if entry.state is State.go:
                    received = self.goes.get((laptop.agent_id, entry.job, entry.dispatch))
                    assert received is not None, f'nobody sent a go for {entry.job}.{entry.dispatch}'
                    count[self.badge(entry.job)] += self.now < received + PRINT_WITHIN
        return count

    # -- the end ------------------------------------------------------------------------------------------------------

    def repair_all(self):
        """Remove every fault and let everything run to its end."""
        for laptop in self.laptops:
            system = laptop.print_system
            system.up = system.ready = laptop.shows_ready = True
            system.slow, system.fault = 0, None
            self.start(laptop)
            if laptop.process.jobs.stopping:
                self.kill(laptop)
                self.start(laptop)
        for websocket in self.websockets:
            websocket.agent_open = websocket.relay_open = False
        for laptop in self.laptops:
            self.connect(laptop)
        for _ in range(40):
            self.run_without_faults()
            if not self.unfinished():
                break

    def answer_all(self):
        """A person checks every unknown badge, and has those printed that did not come out."""
        for uuid, (state, *_) in self.ledger.snapshot().items():
            if state == JobState.unknown:
                badge = self.badge(uuid)
                self.person_answers(uuid)
                # it has another uuid now if it did not come out
                self.ledger.retry(next(new for new in self.ledger.snapshot() if self.badge(new) == badge))
        for _ in range(5):
            self.run_without_faults()

    def run_without_faults(self):
        """A few seconds in which nothing goes wrong."""
        for _ in range(4):
            for websocket in self.websockets:
                while websocket.up and websocket.relay_open and websocket.agent_open:
                    self.to_relay(websocket)
                self.send_outgoing(websocket)
                while websocket.down and websocket.agent_open:
                    self.to_agent(websocket)
            while self.at_print_systems():
                self.printer_does(0, 'prints')
        self.ledger.sweep()
        self.advance(5)

    def exchange(self, *, twice, prints):
        """Ten seconds of messages. The network may keep copies, the printers may be slow."""
        for _ in range(5):
            for laptop in self.laptops:
                self.flow(laptop, twice=twice)
            if prints:
                self.printer_does(0, 'prints')
            self.advance(2)

    def unfinished(self):
        """Return the jobs that have not ended, or about which an agent or a printer knows more than the ledger does."""
        return [(uuid, state.name, reason) for uuid, (state, reason, *_) in self.ledger.snapshot().items()
                if state not in ENDED
                or (state == JobState.unknown and uuid not in self.doubt and reason != 'spool_lost')]

    def kept(self):
        """Return the jobs that laptops hold and that have not been near a printer."""
        return [(laptop.agent_id, entry.job, entry.state) for laptop in self.laptops for entry in laptop.spool.open()
                if entry.state in UNTOUCHED]

    def close(self):
        """End everything."""
        for laptop in self.laptops:
            self.kill(laptop)
            laptop.spool.close()
        self.loop.close()
        asyncio.set_event_loop(None)

"""The ledger in memory, with which the state machines run, does what the ledger in PostgreSQL does.

Both get the same requests at random, also invalid ones, and have to give the same answers and the same rows. When this
fails after a change of `agents`, `routing` or `ledger`, `memory_ledger` has to follow it.
"""

import random
from datetime import timedelta

import pytest

from print_agent.protocol import messages as p

from indico_checkin_print import ledger
from indico_checkin_print.agents import candidates, inbound, outbound, printer_health
from indico_checkin_print.badge.render import BadgePDF
from indico_checkin_print.errors import Replaced
from indico_checkin_print.ledger.states import EXPIRES_AFTER
from indico_checkin_print.messages import envelope
from indico_checkin_print.models import agents as agents_module
from indico_checkin_print.models import pairing
from indico_checkin_print.models.agents import Agent, PrinterBreaker
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from tests.permission.memory_ledger import MemoryLedger
from tests.permission.network import PDF, SHA256


STEPS = 700
#: A run that comes by everything in `AGREED`.
SEED = 'spring 10'
S = JobState
BADGE = BadgePDF(kind=BadgeKind.badge, content=PDF, pages=1, width_mm=96, height_mm=134)
#: What the sequence must come by: reasons of jobs, and more.
AGREED = {'rendered', 'pushed', 'other_printer', 'at_printer', 'printed', 'handed_over', 'printer_unreachable',
          'media-jam', 'too_late', 'spool_lost', Reason.go_timeout, 'agent_silent', 'returned', 'too_old',
          'check_in_undone', 'person_saw_it', 'person_missed_it', 'breaker open', 'replaced', 'canceled for nothing',
          'resumed while draining'}
#: All times that a row has; they move back when time passes, because a transaction's clock stands still.
TIMES = {Job: ('dispatched_dt', 'expires_dt', 'next_try_dt', 'queue_dt'), Agent: ('seen_dt',),
         PrinterBreaker: ('failed_dt', 'probe_dt')}


class PostgresLedger:
    """The real one, in one transaction."""

    def __init__(self, db, now, desk, user):
        self._db, self._now, self._desk, self._user = db, now, desk, user

    def _job(self, uuid):
        return Job.query.populate_existing().filter_by(uuid=uuid).one()

    def add_job(self, uuid):
        self._db.session.add(Job(uuid=uuid, event_id=self._desk.event_id, purpose=Job.PURPOSE_TEST, state=S.queued,
                                 desk_id=self._desk.id, expires_dt=self._now + EXPIRES_AFTER, queue_dt=self._now,
                                 next_try_dt=self._now))
        self._db.session.flush()
        self._render()

    def _render(self):
        ledger.rendered(ledger.claim_render('test'), BADGE, 'test')

    def advance(self, seconds):
        for model, columns in TIMES.items():
            self._db.session.execute(self._db.update(model.__table__).values(
                {column: getattr(model, column) - timedelta(seconds=seconds) for column in columns}))

    def resolve(self, uuid, *, came_out):
        job = self._job(uuid)
        ledger.resolve(job, self._user, came_out=came_out)
        self._db.session.refresh(job)
        return job.uuid

    def rename(self, uuid, new):
        """Let chance have chosen another uuid."""
        self._db.session.execute(self._db.update(Job.__table__).where(Job.uuid == uuid).values(uuid=new))

    def retry(self, uuid):
        if ledger.retry(self._job(uuid), self._user):
            self._render()

    def cancel(self, uuid):
        job = self._job(uuid)
        # undoing a check-in touches no other states
        if job.state in {S.held, S.queued, S.rendering, S.ready}:
            ledger.cancel(job, Reason.check_in_undone, 'test')

    def sweep(self):
        ledger.sweep()

    hello = staticmethod(inbound.hello)
    receive = staticmethod(inbound.receive)
    outgoing = staticmethod(outbound.outgoing)

    def rows(self):
        self._db.session.flush()
        self._db.session.expire_all()
        return {job.uuid: (job.state, job.reason, job.agent_id, job.printer, job.dispatch, job.skipped_printers,
                           *map(self._since, (job.queue_dt, job.next_try_dt, job.expires_dt)))
                for job in Job.query.filter_by(desk_id=self._desk.id)}

    def breakers(self):
        return {(x.agent_id, x.printer): (x.failures, x.reason, self._since(x.failed_dt), self._since(x.probe_dt))
                for x in PrinterBreaker.query}

    def _since(self, dt):
        return None if dt is None else round((dt - self._now).total_seconds(), 3)


def rows_in_memory(memory):
    return {uuid: (row.state, row.reason, row.agent, row.printer, row.dispatch, row.skipped_printers,
                   *(round(time - memory.now, 3) for time in (row.queue, row.next_try, row.expires)))
            for uuid, row in memory.rows.items()}


def breakers_in_memory(memory):
    return {printer: (x.failures, x.reason, *(None if time is None else round(time.total_seconds() - memory.now, 3)
                                              for time in (x.failed, x.probe)))
            for printer, x in memory.printers.breakers.items()}


def gist(answer):
    """Return what both must agree on: not the words on envelopes."""
    if isinstance(answer, list):
        return [(type(m).__name__, m.job, m.dispatch, getattr(m, 'go', None), getattr(m, 'printer', None),
                 getattr(m, 'expires_in', None), getattr(m, 'print_within', None)) for m in answer]
    return answer


class RandomRequests:
    """Chooses what is asked next: mostly what an agent would say, often enough something else."""

    def __init__(self, seed, agents):
        self._random = random.Random(seed)
        self._agents = agents
        self._links = dict.fromkeys(agents, 'none')
        self._jobs = 0
        #: (name, agent id or ``None``) of what is asked next, if that is clear
        self._next = None

    def ask(self, rows):
        """Return (name of a method, arguments)."""
        of = self._random.choice
        name = of(['outgoing'] * 8 + ['outcome'] * 9 + ['hello', 'receive', 'advance', 'sweep'] * 3 + ['person'] * 5
                  + ['add_job', 'resumed'] * 2)
        agent_id = of(self._agents)
        if self._next is not None:
            name, agent_id = self._next[0], self._next[1] or agent_id
            self._next = None
        link = self._links[agent_id] if self._chance(.95) else 'old'
        if name == 'add_job' or not rows:
            self._jobs += 1
            return 'add_job', (f'{self._jobs:08d}-0000-4000-8000-000000000000',)
        match name:
            case 'outgoing':
                return name, (agent_id, link, self._holding(rows))
            case 'outcome':
                agent_id, message = self._outcome(rows, agent_id)
                return 'receive', (agent_id, self._links[agent_id], message)
            case 'resumed':
                link = link if self._chance(.8) else 'older'
                return name, (agent_id, link, p.Hello(spool='spool', printers=self._printers()))
            case 'hello':
                self._links[agent_id] = f'link {self._random.random()}'
                holding = tuple(p.Held(job=uuid, dispatch=n, state=state)
                                for uuid, (n, state) in self._holding(rows).items())
                spool = of(['spool'] * 7 + ['another'])
                return name, (agent_id, self._links[agent_id],
                              p.Hello(spool=spool, printers=self._printers(), holding=holding))
            case 'receive':
                message = of([p.Heartbeat(), p.Heartbeat(), p.Drain(), p.Printers(printers=self._printers())])
                if isinstance(message, p.Drain):
                    self._next = ('resumed', agent_id)
                return name, (agent_id, link, message)
            case 'advance':
                seconds = of([1, 1, 2, 2, 5, 20, 31, 46, 100, 100] * 2 + [1800])
                self._next = ('sweep', None) if seconds > 30 and self._chance(.8) else None
                return name, (seconds,)
            case 'person':
                return self._person(rows)
        return name, ()

    def _chance(self, of_one):
        return self._random.random() < of_one

    def _person(self, rows):
        of = self._random.choice
        unknown = [uuid for uuid, row in rows.items() if row[0] == S.unknown]
        if unknown and self._chance(.5):
            return 'resolve', (of(unknown), self._chance(.3))
        ended = [uuid for uuid, row in rows.items() if row[0] in {S.failed, S.expired, S.canceled}]
        if ended and self._chance(.8):
            return 'retry', (of(ended),)
        return of(['cancel', 'retry']), (of(list(rows)),)

    def _printers(self):
        of = self._random.choice
        faults = [{}] * 6 + [{'state': 'stopped'}, {'state': 'stopped', 'reasons': ('media-empty-error',)},
                             {'reasons': ('engine_failed-error',)}, {'accepting': False}]
        return tuple(p.Printer(name=x, **of(faults)) for x in 'pqr' if self._chance(.9))

    def _holding(self, rows):
        return {uuid: (row[4] - (0 if self._chance(.8) else 1),
                       self._random.choice(['waiting', 'waiting', 'go', 'printing', 'completed']))
                for uuid, row in rows.items() if row[4] and self._chance(.5)}

    def _outcome(self, rows, agent_id):
        of = self._random.choice
        alive = [uuid for uuid, row in rows.items() if row[2] is not None
                 and row[0] in {S.ready, S.dispatched, S.printing, S.unknown}]
        uuid = of(alive if alive and self._chance(.8) else list(rows))
        row = rows[uuid]
        if row[2] is not None and self._chance(.9):
            agent_id = row[2]
        about = {'job': uuid if self._chance(.95) else 'no such job', 'dispatch': max(0, row[4] - self._chance(.2))}
        reason = of(['too_late', 'printer_unreachable', 'media-jam', 'rejected'])
        if row[0] == S.unknown and self._chance(.3 if row[1] == Reason.go_timeout else .1):
            return agent_id, p.Canceled(**about)
        kind = of([p.Accepted, p.Canceled, p.Printing, p.Printing, p.Completed, p.Completed, p.Sent, p.Failed,
                   p.Failed, p.Unknown, p.Returned, p.Returned, p.Refused])
        if kind in {p.Failed, p.Unknown, p.Returned, p.Refused}:
            return agent_id, kind(reason=reason, **about)
        if kind is p.Completed and self._chance(.2):
            return agent_id, kind(reason='person_saw_it', **about)
        return agent_id, kind(**about)


@pytest.fixture
def both(db, dummy_event, dummy_user, monkeypatch):
    """Return (`MemoryLedger`, `PostgresLedger`, ids of two agents) with a desk of three printers; no jobs."""
    now = db.session.query(db.func.now()).scalar()
    for module in (agents_module, candidates, envelope, inbound, outbound, pairing, printer_health):
        monkeypatch.setattr(module, 'now_utc', lambda: now)
    agents = [Agent(event_id=dummy_event.id, name=f'hash {n}', token_hash=f'hash {n}', paired_dt=now) for n in (1, 2)]
    db.session.add_all(agents)
    db.session.flush()
    ids = tuple(agent.id for agent in agents)
    desk, memory = Desk(event_id=dummy_event.id, name='Desk'), MemoryLedger(PDF, SHA256)
    for position, (letter, agent) in enumerate([('p', agents[0]), ('p', agents[1]), ('q', agents[0])]):
        agent.name = f'Laptop {agent.id}'
        memory.add_printer(agent.id, letter)
        desk.printers.append(DeskPrinter(position=position, agent_id=agent.id, printer=letter))
    db.session.add(desk)
    db.session.flush()
    return memory, PostgresLedger(db, now, desk, dummy_user), ids


def answer_of(one, name, arguments):
    try:
        if name == 'resolve':
            return one.resolve(arguments[0], came_out=arguments[1])
        if name == 'resumed':
            return one.hello(*arguments, resumed=True)
        return getattr(one, name)(*arguments)
    except Replaced:
        return 'replaced'


def is_no_answer(rows, agent_id, link, message):
    """Return whether an agent cancels what only a person, or an outcome, can say the truth about."""
    row = rows.get(getattr(message, 'job', None))
    return (isinstance(message, p.Canceled) and row is not None and row[0] == S.unknown and row[1] != Reason.go_timeout
            and (row[2], row[4]) == (agent_id, message.dispatch))


def test_both_ledgers_say_and_write_the_same(both):
    memory, postgres, agents = both
    requests, seen, asked = RandomRequests(SEED, agents), set(), []
    for _ in range(STEPS):
        before = rows_in_memory(memory)
        name, arguments = requests.ask(before)
        asked.append((name, arguments))
        said, truth = (answer_of(one, name, arguments) for one in both[:2])
        if name == 'resolve' and not arguments[1]:
            assert truth != arguments[0]
            postgres.rename(truth, said)
        else:
            assert gist(said) == gist(truth), asked[-3:]
        rows = postgres.rows()
        assert rows_in_memory(memory) == rows, asked[-3:]
        breakers = postgres.breakers()
        assert breakers_in_memory(memory) == breakers, asked[-3:]
        seen |= {row[1] for row in rows.values()}
        seen |= {'breaker open' for breaker in breakers.values() if breaker[3] is not None}
        if name == 'resumed' and memory.printers.agents[arguments[0]].draining:
            seen.add('resumed while draining')
        seen |= {'replaced'} if truth == 'replaced' else set()
        seen |= {'canceled for nothing'} if name == 'receive' and is_no_answer(before, *arguments) else set()
    # there was something to agree about (another `SEED` may come by it, if only `RandomRequests` changed)
    assert sorted(AGREED - seen) == []

"""A batch and people at the desk at one printer: people are first, the batch keeps its order and is held back."""

import random

import pytest
from sqlalchemy import tuple_

from print_agent.protocol.messages import Cancel, Completed, Go
from print_agent.protocol.messages import Job as JobMessage
from print_agent.protocol.messages import Printing, Returned

from indico_checkin_print import ledger
from indico_checkin_print.agents.inbound import receive
from indico_checkin_print.agents.outbound import MAX_JOBS_PER_PRINTER, MAX_JOBS_WITH_BATCH
from indico_checkin_print.ledger.conditions import due
from indico_checkin_print.ledger.states import AT_AGENT, HELD_EXPIRES_AFTER
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.routing.batch_order import BatchOrder, Member, arrange
from indico_checkin_print.sql import now
from indico_checkin_print.work.worker import render_waiting
from tests.plugin.agents.talk import next_messages


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')
S = JobState


@pytest.fixture
def make_batch(db, event, dummy_regform, create_reg, desk):
    """Return a function that makes a batch whose badges are drawn."""
    def _make(count):
        people = [create_reg(f'B{number}', f'Batch {number:02}') for number in range(count)]
        batch = Batch(event=event, registration_form=dummy_regform, order='number')
        db.session.add(batch)
        db.session.flush()
        members = [Member(reg.id, reg.friendly_id, reg.first_name, reg.last_name) for reg in people]
        ledger.create_batch(batch, arrange(members, BatchOrder.number, [desk.id]), 'test')
        render_waiting('test', seconds=60)
        return batch
    return _make


@pytest.fixture
def come(check_in, create_reg):
    """Return a function that checks somebody in and draws their badge; it returns the job."""
    def _come(name):
        job, = check_in(create_reg(name, 'At the desk'))
        render_waiting('test')
        return job
    return _come


class Laptop:
    """An agent with one printer; it keeps what it holds, and `granted` in the order of the permissions."""

    def __init__(self, agent):
        self.agent, self.holding, self.granted = agent, {}, []

    def listen(self):
        """Take what the relay sends; return the ids of the jobs that got their go."""
        gone = []
        for message in next_messages(self.agent, dict(self.holding)):
            if isinstance(message, Cancel):
                if self.holding.get(message.job, (None,))[0] == message.dispatch:
                    del self.holding[message.job]
                continue
            assert isinstance(message, (JobMessage, Go))
            if isinstance(message, Go) or message.go:
                gone.append(job_of(message.job).id)
            self.holding[message.job] = (message.dispatch,
                                         'go' if isinstance(message, Go) or message.go else 'waiting')
        self.granted += gone
        return gone

    def say(self, kind, uuid, **kwargs):
        receive(self.agent.id, self.agent.link, kind(job=uuid, dispatch=self.holding[uuid][0], **kwargs))
        if kind is Printing:
            self.holding[uuid] = (self.holding[uuid][0], 'printing')
        else:
            del self.holding[uuid]

    def at(self, state):
        return [uuid for uuid, (__, its) in self.holding.items() if its == state]

    def print_one(self):
        """Let the next badge with a go come out; return its id."""
        uuid = self.at('go')[0]
        self.say(Printing, uuid)
        self.listen()
        self.say(Completed, uuid)
        self.listen()
        return job_of(uuid).id


def job_of(uuid):
    return Job.query.filter_by(uuid=uuid).populate_existing().one()


def jobs_of(batch):
    return Job.query.filter_by(batch_id=batch.id).order_by(Job.queue_dt, Job.id).populate_existing().all()


def test_the_window_is_small(make_batch, agent):
    batch, laptop = make_batch(5), Laptop(agent)
    laptop.listen()
    assert [job.agent_id for job in jobs_of(batch)] == [agent.id] * MAX_JOBS_WITH_BATCH + [None] * 3
    order = [laptop.print_one() for __ in range(5)]
    assert order == [job.id for job in jobs_of(batch)]


def test_who_comes_waits_for_what_has_a_go_only(make_batch, agent, come):
    batch, laptop = make_batch(6), Laptop(agent)
    laptop.listen()
    first, second, *rest = jobs_of(batch)
    laptop.say(Printing, first.uuid)
    laptop.listen()
    # one prints, one has a go
    people = [come(f'P{number}') for number in range(MAX_JOBS_PER_PRINTER)]
    laptop.listen()
    laptop.say(Completed, first.uuid)
    laptop.listen()
    order = [laptop.print_one() for __ in range(9)]
    assert order == [second.id, *(job.id for job in people), *(job.id for job in rest)]


def test_who_is_there_at_the_moment_of_a_go_gets_it(make_batch, agent, come):
    """A badge of the batch waits at the agent already; its permission and the person come in one look."""
    batch, laptop = make_batch(4), Laptop(agent)
    laptop.listen()
    first, second, *__ = jobs_of(batch)
    assert laptop.at('waiting') == [second.uuid]
    laptop.say(Printing, first.uuid)
    person = come('Anna')
    assert laptop.listen() == [person.id]


def test_people_of_another_desk_with_the_same_printer(db, event, make_batch, agent, form, come):
    other = Desk(event=event, name='Desk 2', printers=[DeskPrinter(position=0, agent=agent, printer='p1')])
    db.session.add(other)
    db.session.flush()
    batch, laptop = make_batch(4), Laptop(agent)
    laptop.listen()
    form.desk = other
    db.session.flush()
    laptop.say(Printing, jobs_of(batch)[0].uuid)
    person = come('Anna')
    assert person.desk_id == other.id
    assert laptop.listen() == [person.id]


def test_a_returned_badge_of_a_batch_is_the_next_of_it(make_batch, agent, come):
    batch, laptop = make_batch(4), Laptop(agent)
    laptop.listen()
    first, *rest = jobs_of(batch)
    laptop.say(Returned, first.uuid, reason='too_late')
    person = come('Anna')
    assert laptop.listen() == [person.id]
    assert [laptop.print_one() for __ in range(5)] == [person.id, first.id, *(job.id for job in rest)]


def test_paused_and_resumed_it_keeps_its_order(make_batch, agent, come):
    batch, laptop = make_batch(6), Laptop(agent)
    laptop.listen()
    order = [job.id for job in jobs_of(batch)]
    ledger.pause_batch(batch, 'test', paused=True)
    laptop.listen()
    # what has a go comes out, the other is released
    assert (len(laptop.at('go')), laptop.at('waiting')) == (1, [])
    assert laptop.print_one() == order[0]
    assert laptop.at('go') == []
    person = come('Anna')
    laptop.listen()
    ledger.pause_batch(batch, 'test', paused=False)
    render_waiting('test', seconds=60)
    laptop.listen()
    assert [laptop.print_one() for __ in range(6)] == [person.id, *order[1:]]


def test_what_is_retried_stays_behind_people(db, make_batch, agent, come):
    """A badge of a batch that a manager retries keeps its place in it: people who come later are first."""
    batch, laptop = make_batch(8), Laptop(agent)
    laptop.listen()
    first, *rest = [job.id for job in jobs_of(batch)]
    ledger.cancel_batch(batch, 'test')
    laptop.listen()
    ledger.release([job for job in jobs_of(batch) if job.state == S.canceled], 'test')
    render_waiting('test', seconds=60)
    laptop.listen()
    person = come('Anna')
    # a moment later, which it is not in one transaction
    db.session.execute(db.update(Job.__table__).where(Job.id == person.id).values(queue_dt=now(60)))
    assert [laptop.print_one() for __ in range(9)] == [first, person.id, *rest]
    # nobody has to stand there when it comes out
    assert {job.expires_dt - job.created_dt for job in jobs_of(batch)} == {HELD_EXPIRES_AFTER}


def test_the_pile_is_in_order_although_a_worker_is_slow(db, event, dummy_regform, create_reg, desk, agent):
    """A person would wait for two seconds only, a badge of a batch until the worker counts as dead."""
    batch = Batch(event=event, registration_form=dummy_regform, order='number')
    db.session.add(batch)
    db.session.flush()
    people = [create_reg(f'B{number}', f'Batch {number:02}') for number in range(3)]
    members = [Member(reg.id, reg.friendly_id, reg.first_name, reg.last_name) for reg in people]
    ledger.create_batch(batch, arrange(members, BatchOrder.number, [desk.id]), 'test')
    slow = ledger.claim_render('slow')
    render_waiting('quick', seconds=60)
    laptop = Laptop(agent)

    def _lease_ends_in(seconds):
        db.session.execute(db.update(Job.__table__).where(Job.id == slow.id).values(lease_dt=now(seconds)))

    _lease_ends_in(5)
    assert laptop.listen() == []
    _lease_ends_in(-1)
    assert laptop.listen() == [jobs_of(batch)[1].id]


@pytest.mark.parametrize('seed', range(6))
def test_whatever_happens(db, make_batch, agent, come, seed):
    """People come, badges print and are returned, at random: no permission ever goes to the wrong one."""
    chance, batch, laptop, returned, came = random.Random(seed), make_batch(10), Laptop(agent), set(), 0
    laptop.listen()
    for __ in range(60):
        steps = ['come'] * (came < 8)
        steps += ['print'] * 2 * bool(laptop.at('go')) + ['end'] * 2 * bool(laptop.at('printing'))
        # one that is returned twice waits for two seconds, and in a transaction it is always the same moment
        steps += ['return'] * bool(set(laptop.at('go')) - returned)
        if not steps:
            break
        step = chance.choice(steps)
        if step == 'come':
            came += 1
            come(f'P{came}')
        elif step == 'print':
            laptop.say(Printing, laptop.at('go')[0])
        elif step == 'end':
            laptop.say(Completed, laptop.at('printing')[0])
        else:
            uuid = chance.choice(sorted(set(laptop.at('go')) - returned))
            returned.add(uuid)
            laptop.say(Returned, uuid, reason='too_late')
        gone = Job.query.filter(Job.id.in_(laptop.listen()), Job.batch_id.isnot(None)).all()
        still = [Job.state == S.ready, db.or_(Job.agent_id.isnot(None), due(S.ready))]
        for job in gone:
            people = Job.query.filter(*still, Job.batch_id.is_(None)).count()
            assert people == 0, f'{people} people wait and a badge of the batch got its permission'
            before = Job.query.filter(*still, Job.batch_id == batch.id,
                                      tuple_(Job.queue_dt, Job.id) < tuple_(job.queue_dt, job.id)).count()
            assert before == 0, f'{before} badges of the batch were to print before'
        at_agent = Job.query.filter(Job.batch_id == batch.id, Job.state.in_(AT_AGENT), Job.agent_id.isnot(None)).count()
        assert at_agent <= MAX_JOBS_WITH_BATCH
    assert len(laptop.granted) > 10

"""Sequences that once broke a promise, in plain words; the state machine found them."""

import pytest

from print_agent.protocol import messages

from indico_checkin_print.models.jobs import JobState
from tests.permission.memory_ledger import MemoryLedger
from tests.permission.network import PDF, SHA256
from tests.permission.virtual_time import install
from tests.permission.world import World


S = JobState
#: Jobs; ids are UUIDs (docs/protocol.md)
A, B, C, EARLIER = (f'0000000{x}-0000-4000-8000-000000000000' for x in 'abce')


@pytest.fixture
def world(monkeypatch):
    """Two laptops that poll, one printer each, one desk; no job yet."""
    ledger = MemoryLedger(PDF, SHA256)
    for agent_id in (1, 2):
        ledger.add_printer(agent_id, 'p')
    world = World(ledger, [1, 2])
    install(monkeypatch, lambda: world)
    for laptop in world.laptops:
        world.start(laptop)
    yield world
    world.close()


def state(world, uuid):
    return world.ledger.snapshot()[uuid][0]


def test_a_job_that_never_arrived_is_not_unknown_for_ever(world):
    """The answer to a poll is lost with the laptop's network; when that is back, the laptop knows nothing."""
    first = world.laptops[0]
    world.ledger.add_job(A)
    world.poll(first)
    world.answer_poll(answered=False)
    assert state(world, A) == S.dispatched
    world.advance(46)
    world.ledger.sweep()
    assert state(world, A) == S.unknown
    for _ in range(3):
        world.poll(first)
        world.answer_poll()
        world.advance(3)
    world.printer_does(0, 'prints')
    assert world.paper[A] == 1


def test_cups_dies_with_a_badge(world):
    """Nobody can ask CUPS about it for a minute; the badge is neither returned nor printed elsewhere meanwhile."""
    first, second = world.laptops
    system = first.print_system
    system.fault = 'falls over'
    world.ledger.add_job(A)
    world.poll(first)
    world.answer_poll()
    for _ in range(16):
        for laptop in (first, second):
            world.poll(laptop)
            world.answer_poll()
        world.advance(5)
        world.ledger.sweep()
        assert state(world, A) in {S.dispatched, S.unknown}
    # CUPS comes back with it, and prints it
    system.up = True
    assert [job.job for _, job in world.at_print_systems()] == [A]
    world.printer_does(0, 'prints')
    for laptop in (first, second):
        world.poll(laptop)
        world.answer_poll()
    assert world.at_print_systems() == []
    assert world.paper == {A: 1}


def test_a_late_hello_changes_nothing(world):
    """A poll says that a badge waits, and is held up; meanwhile the badge gets its go by a later poll and comes out."""
    first, second = world.laptops
    for uuid in (A, B):
        world.ledger.add_job(uuid)
    world.poll(first)
    world.answer_poll()
    world.printer_does(0, 'takes')
    world.poll(first)
    # it holds b without a go
    assert (B, 'waiting') in [(held.job, held.state) for held in world.requests[0].body.hello.holding]
    held_up = world.requests.pop()
    world.advance(16)
    world.poll(first)
    world.answer_poll()
    world.printer_does(0, 'prints')
    world.printer_does(0, 'prints')
    assert world.paper == {A: 1, B: 1}
    world.advance(46)
    world.ledger.sweep()
    assert state(world, B) == S.unknown
    world.requests.append(held_up)
    world.answer_poll()
    world.poll(second)
    world.answer_poll()
    assert world.at_print_systems() == []
    assert state(world, B) == S.unknown
    # until the laptop says what became of it
    world.poll(first)
    world.answer_poll()
    assert state(world, B) == S.completed


def test_a_badge_that_is_not_there_comes_from_the_same_laptop(world):
    """The laptop never prints again what it may have printed; so what a person asks for is another job for it."""
    first, second = world.laptops
    world.kill(second)
    world.ledger.add_job(A)
    world.connect(first)
    world.flow(first)
    world.printer_does(0, 'loses before paper')
    world.flow(first)
    assert state(world, A) == S.unknown
    world.person_answers(A)
    new, = world.ledger.snapshot()
    world.ledger.retry(new)
    world.flow(first)
    world.printer_does(0, 'prints')
    world.flow(first)
    assert state(world, new) == S.completed
    assert world.paper == {A: 1}


@pytest.fixture
def queue(world):
    """The first laptop, by websocket, with `a` at its printer, a go for `b` behind it, and `c` without."""
    first, second = world.laptops
    world.kill(second)
    for uuid in (A, B, C):
        world.ledger.add_job(uuid)
    world.connect(first)
    world.flow(first)
    world.printer_does(0, 'takes')
    # the network keeps a copy of the go for b
    world.flow(first, twice=True)
    assert entries(first) == {A: (1, 'printing'), B: (1, 'go'), C: (1, 'waiting')}
    return first


def entries(laptop):
    return {entry.job: (entry.dispatch, entry.state.value) for entry in laptop.spool.open()}


def go_once_more(world, uuid):
    """The copy of a go arrives."""
    websocket, = world.websockets
    copies = [i for i, (message, _) in enumerate(websocket.late_down)
              if isinstance(message, messages.Go) and message.job == uuid]
    world.too_late(websocket, copies[0], down=True)


def test_a_go_of_an_earlier_dispatch_is_void(world, queue):
    """It waited too long, was returned, and is here again without a go when a copy of the old one arrives."""
    # one with an earlier place comes meanwhile: without it b, which keeps its place, would get the next go
    world.ledger.add_job(EARLIER)
    world.ledger.rows[EARLIER].queue = world.ledger.rows[A].queue - 1
    world.flow(queue)
    world.advance(31)
    for _ in range(3):
        world.flow(queue)
        world.advance(1)
    held = entries(queue)
    assert held[B][0] > 1
    assert held[B][1] == 'waiting'
    go_once_more(world, B)
    assert entries(queue) == held


def test_a_copy_of_a_go_makes_it_last_no_longer(world, queue):
    world.advance(20)
    go_once_more(world, B)
    world.advance(15)
    assert B not in entries(queue)
    world.printer_does(0, 'prints')
    assert world.at_print_systems() == []
    assert world.wrong == []

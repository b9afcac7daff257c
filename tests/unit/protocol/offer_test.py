"""What Indico learns of a computer always fits, and what is left out is named."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from print_agent.jobs.manager import Jobs
from print_agent.printing.printer_list import Printers
from print_agent.protocol import messages as p
from print_agent.protocol import offer
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.backend import FakeBackend
from tests.fakes.badges import make_job


#: As CUPS and printers may say it, and worse: nothing here is held against the protocol's limits.
words = st.text(max_size=300) | st.sampled_from(['x' * 127, '\U0001f5a8' * 127, '"' * 127, '\x01' * 200, 'ä' * 2000])
queues = st.builds(p.Printer, name=words, model=words, reasons=st.lists(words, max_size=40).map(tuple),
                   media=st.lists(words, max_size=9).map(tuple))


@settings(max_examples=60, deadline=None)
@given(st.lists(queues, max_size=12), st.integers(1, 30), st.sets(words, max_size=3))
def test_whatever_printers_say_a_hello_can_be_read(some, times, wanted):
    printers = [msgspec.structs.replace(each, name=f'{each.name[:-4]}{number:04}')
                for number, each in enumerate(some * times)]
    offered = offer.choose(printers, wanted)
    held = [p.Held(job=str(UUID(int=number)), dispatch=10**9, state='completed') for number in range(2000)]
    hello = p.Hello(spool='x' * 64, software='x' * 200, printers=offered.printers, left_out=len(offered.left_out),
                    holding=tuple(offer.fitting(held, offer.HOLDING_BYTES)))
    assert p.decode_from_agent(p.encode(hello)) == hello
    assert len(p.encode(hello)) < p.MAX_MESSAGE
    assert p.decode_from_agent(p.encode(p.Printers(printers=offered.printers)))
    assert {each.name for each in offered.printers} | set(offered.left_out) == {each.name for each in printers}


def many(count, media=120):
    return [p.Printer(name=f'queue-{number:03}', model='Generic label printer',
                      media=tuple(f'custom_label-{each}_{each}x100mm' for each in range(media)))
            for number in range(count)]


def test_a_hundred_queues_with_all_their_media():
    offered = offer.choose(many(100), ())
    assert (len(offered.printers), offered.sentences) == (100, ())
    assert {len(each.media) for each in offered.printers} == {offer.MAX_MEDIA}


def test_those_of_desks_come_first_and_the_others_are_named():
    offered = offer.choose(many(130), {'queue-129', 'queue-100'})
    assert len(offered.printers) == p.MAX_PRINTERS
    assert {'queue-129', 'queue-100', 'queue-097'} <= {each.name for each in offered.printers}
    (sentence,) = offered.sentences
    assert sentence.startswith('30 print queues are not offered to Indico (queue-098, queue-099, queue-101, ')
    assert 'cups.queues' in sentence


@pytest.mark.parametrize(('length', 'fits'), [(64, True), (65, True), (127, True), (128, False)])
def test_names_are_offered_whole_or_not_at_all(length, fits):
    offered = offer.choose([p.Printer(name='x' * length), p.Printer(name='desk1')], ())
    assert ['x' * length in (each.name for each in offered.printers), bool(offered.sentences)] == [fits, not fits]
    assert offered.printers[-1].name == 'desk1'
    if not fits:
        assert '127 characters' in offered.sentences[0]


async def test_it_is_logged_once_and_a_welcome_changes_what_is_offered(caplog):
    backend = FakeBackend(*(f'q{number:03}' for number in range(130)))
    printers, changes = Printers([backend], dict), []
    await printers.refresh()
    printers.on_change(lambda: changes.append(len(printers.offer().printers)))
    for _ in range(2):
        await printers.refresh()
    assert caplog.text.count('30 print queues are not offered to Indico') == 1
    printers.want('a', frozenset({'q001'}))
    assert changes == []
    printers.want('a', frozenset({'q129'}))
    assert changes == [100]
    assert 'q129' in {each.name for each in printers.offer().printers}


async def test_open_jobs_come_before_ended_ones(tmp_path):
    spool = Spool(tmp_path / 'spool.sqlite3')
    jobs = Jobs(spool)
    for number in range(2100):
        spool.store('a', make_job(f'{number:060}'), None, state=State.failed)
    spool.store('a', make_job('waits'), b'x', state=State.waiting)
    hello = jobs.hello('a', 'x/1', ())
    assert hello.holding[0].job == 'waits'
    assert hello.holding[1].job.endswith('2099')
    assert len(p.encode(hello)) < p.MAX_MESSAGE
    spool.close()

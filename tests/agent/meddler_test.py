"""Printers that CUPS prints to well and that say strange things when the agent asks them."""

import pytest
from conftest import Desk
from tests.stack.meddler import Meddler

from print_agent import protocol as p


#: The queue that leads through the meddler to the printer desk1
ODD = 'odd'


@pytest.fixture(scope='module')
def meddlers_queue(printing):
    with Meddler(printing.printers['desk1'], printing.folder) as meddler:
        printing.cups.add_queue(ODD, meddler.uri)
        yield meddler
        printing.cups._lp('lpadmin', '-x', ODD)


@pytest.fixture
def meddler(meddlers_queue, printing, printers):
    yield meddlers_queue
    meddlers_queue.__dict__.update(name_length=None, wants_tls=False, login=None, is_strange=False)
    meddlers_queue.garbage.clear()
    meddlers_queue.refuses.clear()
    meddlers_queue.asked.clear()
    point(printing, meddlers_queue.uri)


@pytest.fixture
async def odd(tmp_path, printing, meddler, server):
    """An agent that is started when the faults are set."""
    desks = []

    async def start(**kwargs):
        desks.append(await Desk(tmp_path, printing, server, **kwargs).start())
        return desks[0]

    yield start
    for desk in desks:
        await desk.stop()


def point(printing, uri):
    """Give the queue another device."""
    printing.cups._lp('lpadmin', '-p', ODD, '-v', f'{uri}?waitjob=false')
    printing.cups.enable(ODD)


@pytest.mark.parametrize('length', [None, 40, 20])
async def test_a_badge_is_known_by_what_is_left_of_its_name(odd, meddler, length):
    meddler.name_length = length
    desk = await odd()
    assert desk.shown(ODD).reports
    jobs = [await desk.print(ODD) for _ in range(3)]
    for job in jobs:
        assert await desk.end(job) == p.Completed(job=job, dispatch=1)
        assert len(desk.papers(job)) == 1


async def test_a_printer_that_wants_tls_is_asked_over_tls(odd, meddler):
    meddler.wants_tls = True
    desk = await odd()
    assert (desk.shown(ODD).state, desk.shown(ODD).reports) == ('idle', True)
    job = await desk.print(ODD)
    assert await desk.end(job) == p.Completed(job=job, dispatch=1)
    assert len(desk.papers(job)) == 1
    assert meddler.asked
    assert all(encrypted for _, encrypted in meddler.asked)

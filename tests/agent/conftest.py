"""A whole agent on a real, private CUPS with virtual IPP printers, against a fake Indico.

The services come from ``tests/stack``. None of these tests may be skipped because a service is missing: without CUPS
they prove nothing.
"""

import asyncio
import contextlib

import pytest

from print_agent.printing import verdict

from tests.fakes.cups_desk import CupsDesk
from tests.fakes.indico import FakeServer
from tests.fakes.odd_queue import ODD, point
from tests.stack.folder import run_folder
from tests.stack.meddler import Meddler
from tests.stack.printing import Printing


@pytest.fixture(scope='session')
def printing():
    with run_folder() as folder, Printing(folder, ['desk1', 'desk2']) as printing:
        yield printing


@pytest.fixture
def printers(printing):
    """The printers, whole again after each test."""
    yield printing.printers
    for printer in printing.printers.values():
        printer.thaw()
        printer.repair()
        if not printer.service.is_running:
            printer.start()
    if not printing.cups.service.is_running:
        printing.cups.start()
    for name in printing.printers:
        printing.cups.enable(name)


@pytest.fixture
async def server():
    async with FakeServer() as server:
        yield server


@pytest.fixture
async def desk(tmp_path, printing, printers, server):
    desk = await CupsDesk(tmp_path, printing, server).start()
    yield desk
    with contextlib.suppress(TimeoutError):
        await desk.stop()


@pytest.fixture
def later():
    """Wait a little for something that must not happen."""
    async def wait(seconds=1.5):
        await asyncio.sleep(seconds)
    return wait


@pytest.fixture(scope='module')
def meddlers_queue(printing):
    with Meddler(printing.printers['desk1'], printing.folder) as meddler:
        printing.cups.add_queue(ODD, meddler.uri)
        yield meddler
        printing.cups._lp('lpadmin', '-x', ODD)


@pytest.fixture
def meddler(meddlers_queue, printing, printers):
    meddlers_queue.asked.clear()  # what CUPS asked when the queue was made
    yield meddlers_queue
    meddlers_queue.__dict__.update(name_length=None, wants_tls=False, login=None, is_strange=False, hides_jobs=False,
                                   hides_users=False, logins_in_the_clear=0)
    meddlers_queue.garbage.clear()
    meddlers_queue.refuses.clear()
    meddlers_queue.short_integers.clear()
    point(printing, meddlers_queue.uri)


@pytest.fixture
async def odd(tmp_path, printing, meddler, server):
    """An agent that is started when the faults are set."""
    desks = []

    async def start(**kwargs):
        desks.append(await CupsDesk(tmp_path, printing, server, **kwargs).start())
        return desks[0]

    yield start
    for desk in desks:
        await desk.stop()


@pytest.fixture
def impatient(monkeypatch):
    """A verdict in seconds instead of a minute; it takes five to know whether a printer hides names."""
    for name in ('DELIVERY_TIMEOUT', 'SILENCE_TIMEOUT'):
        monkeypatch.setattr(verdict, name, 8.0)


@pytest.fixture
def nameless(meddler):
    meddler.name_length = 0
    return meddler

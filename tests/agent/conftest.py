"""A whole agent on a real, private CUPS with virtual IPP printers, against a fake Indico.

The services come from ``tests/stack``. None of these tests may be skipped because a service is missing: without CUPS
they prove nothing.
"""

import asyncio
import contextlib

import pytest
from tests.fakes.cups_desk import CupsDesk
from tests.fakes.indico import FakeServer
from tests.stack.folder import run_folder
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

"""What the way through CUPS does with what CUPS and a printer say: both follow a script here."""

import time
from dataclasses import replace

import pytest

from print_agent.printing.backend import PrintRequest
from print_agent.printing.cups import CupsBackend
from print_agent.printing.ipp import COMPLETED, PRINTER_IDLE, PROCESSING, ListedJob
from print_agent.printing.verdict import CupsView


class Cups:
    """A CUPS that has one job."""

    is_local = True

    def __init__(self, *views):
        #: What it says of the job, one after the other; the last one from then on.
        self.views = list(views)
        self.forgotten = False
        self.cancelled = 0

    async def queue(self, _name, _attributes):
        return {'device-uri': 'ipp://127.0.0.1:9/ipp/print', 'printer-state': PRINTER_IDLE}

    async def job(self, _number, _tag=None):
        if self.forgotten:
            return None
        return self.views.pop(0) if len(self.views) > 1 else self.views[0]

    async def cancel(self, _number, *, forget=False):
        self.forgotten = self.forgotten or forget
        self.cancelled += not forget


class FakePrinter:
    """A printer that is asked again and again."""

    restarts = 0
    is_server = False
    way = None

    def __init__(self, look):
        self.look = look

    async def jobs(self, _tag):
        return self.look()

    async def job(self, _number, _tag=None):
        return next(iter(self.look()), None)

    async def hands_on(self):
        return False


@pytest.fixture
def print_request():
    return PrintRequest(tag='tag', title='title', document=b'', copies=1, width_mm=96, height_mm=134,
                 expires=time.time() + 60)


async def test_cups_forgets_what_was_done_unseen(print_request, monkeypatch):
    """Else a CUPS that is killed while the badge prints would hand it over a second time."""
    client, looks = Cups(CupsView(COMPLETED, started=True)), []

    def look():
        looks.append(client.forgotten)
        if len(looks) == 1:
            return []  # asked just before it was handed over
        return [ListedJob(7, PROCESSING if len(looks) < 5 else COMPLETED)]

    backend = CupsBackend(client)
    monkeypatch.setattr(backend._devices, 'ipp', lambda _printer: FakePrinter(look))
    at_printer = []
    end = await backend.follow('desk1', print_request, '12', lambda: at_printer.append(client.forgotten),
                               lambda _reason: None)
    assert end.state == 'completed'
    assert looks[2:] == [True] * (len(looks) - 2)
    assert at_printer == [True]


async def test_what_prints_after_a_restart_is_not_cancelled(print_request, monkeypatch):
    """It came to the printer after all, while the agent was away."""
    client, looks = Cups(CupsView(PROCESSING, started=True)), []

    def look():
        looks.append(client.cancelled)
        return [ListedJob(7, PROCESSING if len(looks) < 5 else COMPLETED)]

    backend = CupsBackend(client)
    monkeypatch.setattr(backend._devices, 'ipp', lambda _printer: FakePrinter(look))
    about_to_cancel = replace(print_request, canceled_for='printer_unreachable')
    end = await backend.follow('desk1', about_to_cancel, '12', lambda: None, lambda _reason: None)
    assert end.state == 'completed'
    assert client.cancelled == 0

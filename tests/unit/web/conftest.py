"""Fixtures of the tests of the local page."""

import pytest

from print_agent.jobs import worker as worker_module

from tests.fakes.desk import StaffedDesk
from tests.fakes.local_page import PageDesk


@pytest.fixture
async def desk(tmp_path, monkeypatch):
    """A desk with a person at it, where nothing is waited for."""
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)
    monkeypatch.setattr(worker_module, 'RETURN_AFTER', 0.05)
    desk = await StaffedDesk(tmp_path).start()
    yield desk
    await desk.stop()


@pytest.fixture
async def page_desk(tmp_path, monkeypatch):
    """A desk with a local page."""
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)
    desk = await PageDesk(tmp_path).start()
    yield desk
    await desk.stop()


@pytest.fixture
async def cli(page_desk):
    """The command line: it has the token."""
    async with page_desk.command_line() as cli:
        yield cli


@pytest.fixture
async def browser(page_desk, cli):
    """A browser that came in by a ticket."""
    async with page_desk.client() as browser:
        url = (await cli.post('/api/ticket', json={})).json()['url']
        answer = await browser.get(url)
        assert (answer.status_code, answer.headers['location']) == (303, '/')
        yield browser

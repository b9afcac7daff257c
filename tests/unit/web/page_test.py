"""The server of the local page: it listens on this computer, and printing never depends on it."""

import asyncio
import socket

import httpx
import pytest

from print_agent.config import Config
from print_agent.errors import PairingError, SpoolFull
from print_agent.spool.job import State
from print_agent.web import app as app_module
from print_agent.web import auth as keys_module
from print_agent.web.page import Page

from tests.fakes.badges import J1
from tests.fakes.local_page import ORIGIN


# -- the server -------------------------------------------------------------------------------------------------------

async def page_of(page_desk, port=0):
    config = Config(folder=page_desk.folder, spool=page_desk.folder / 'state', page_port=port)
    page = Page(config, page_desk.spool, page_desk.control, page_desk.printers, page_desk.history)
    await page.start()
    return page


async def test_it_listens_on_this_computer_and_leaves_nothing_behind(page_desk):
    page = await page_of(page_desk)
    file = page_desk.folder / 'state' / 'page.json'
    assert file.stat().st_mode & 0o777 == 0o600
    address = keys_module.read(page_desk.folder / 'state')
    assert address.url == page.url
    assert address.token not in repr(address)
    async with httpx.AsyncClient(base_url=address.url, trust_env=False,
                                 headers={'Authorization': f'Bearer {address.token}'}) as http:
        assert (await http.get('/api/status')).json()['printers'][0]['name'] == 'desk1'
        async with http.stream('GET', '/events') as events:
            chunks = events.aiter_bytes()
            assert (await anext(chunks)).startswith(b'data: ')
            # an open page does not hold up the end of the agent
            await asyncio.wait_for(page.stop(), 20)
    assert not file.exists()
    assert keys_module.read(page_desk.folder / 'state') is None


async def test_there_are_not_ever_more_open_pages(page_desk, monkeypatch):
    monkeypatch.setattr(app_module, 'MAX_STREAMS', 1)
    page = await page_of(page_desk)
    address = keys_module.read(page_desk.folder / 'state')
    async with httpx.AsyncClient(base_url=address.url, trust_env=False,
                                 headers={'Authorization': f'Bearer {address.token}'}) as http:
        async with http.stream('GET', '/events') as events:
            await anext(events.aiter_bytes())
            assert (await http.get('/events')).json()['error'] == 'too_many'
    await page.stop()


async def test_a_port_that_is_taken_is_no_reason_not_to_print(page_desk, caplog):
    with socket.create_server(('127.0.0.1', 0)) as other:
        taken = other.getsockname()[1]
        page = await page_of(page_desk, taken)
        assert page.url != f'http://127.0.0.1:{taken}/'
        assert f'port {taken} is used' in caplog.text
        await page.stop()


async def test_a_full_disk_is_no_reason_not_to_print(page_desk, cli, caplog, monkeypatch):
    def full(*_):
        raise SpoolFull('The disk is full.')

    def no_room(*_):
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(keys_module, 'publish', no_room)
        page = await page_of(page_desk)
        assert 'cannot be opened' in caplog.text
        await page.stop()
    url = (await cli.post('/api/ticket', json={})).json()['url']
    monkeypatch.setattr(page_desk.spool, 'set_note', full)
    async with page_desk.client() as browser:
        assert (await browser.get(url)).status_code == 303
        assert (await browser.get('/')).status_code == 200
        answer = await browser.post('/api/pause', json={}, headers=ORIGIN)
        assert (answer.status_code, answer.json()['message']) == (503, 'The disk is full.')
    assert not page_desk.control.is_paused('desk1')


async def test_what_was_paused_is_still_paused_for_the_next_page(page_desk, cli):
    await cli.post('/api/pause', json={'printer': 'desk1'})
    await page_desk.restart()
    assert page_desk.control.is_paused('desk1')
    await page_desk.receive(J1, go=True)
    assert page_desk.spool.find('a', J1).state is State.returned


async def test_a_token_that_others_can_read_is_not_used(page_desk):
    page = await page_of(page_desk)
    (page_desk.folder / 'state' / 'page.json').chmod(0o644)
    with pytest.raises(PairingError, match='can be read by other users'):
        keys_module.read(page_desk.folder / 'state')
    await page.stop()

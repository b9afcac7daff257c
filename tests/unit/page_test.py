"""The local page: who may come in, what the routes answer, and that nothing else gets through."""

import asyncio
import json
import logging
import re
import socket
import time

import httpx
import pytest
from tests.fakes.badges import J1, J2
from tests.fakes.desk import StaffedDesk

from print_agent.jobs import worker as worker_module
from print_agent.config import Config
from print_agent.web.connection_history import History
from print_agent.web.log_buffer import LogBuffer
from print_agent.errors import PairingError
from print_agent.spool.job import State
from print_agent.web.status import Viewer
from print_agent.errors import SpoolFull
from print_agent.web import app as app_module
from print_agent.web import auth as keys_module
from print_agent.web.app import Web
from print_agent.web.auth import Keys
from print_agent.web.page import Page


PORT = 8632
BASE = f'http://127.0.0.1:{PORT}'


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(worker_module, 'RETRY_INTERVAL', 0.01)


@pytest.fixture
async def desk(tmp_path):
    desk = await StaffedDesk(tmp_path).start()
    desk.log_buffer = LogBuffer()
    desk.history = History([])
    desk.keys = Keys(desk.spool)
    desk.viewer = Viewer(desk.spool, desk.control, desk.printers, desk.history, started=time.time())
    desk.web = Web(desk.control, desk.viewer, desk.keys, desk.log_buffer)
    desk.web.port = PORT
    yield desk
    desk.log_buffer.close()
    await desk.stop()


def client(desk, **headers):
    return httpx.AsyncClient(transport=httpx.ASGITransport(desk.web.app), base_url=BASE, headers=headers)


@pytest.fixture
async def cli(desk):
    """The command line: it has the token."""
    async with client(desk, Authorization=f'Bearer {desk.keys.token}') as cli:
        yield cli


@pytest.fixture
async def browser(desk, cli):
    """A browser that came in by a ticket."""
    async with client(desk) as browser:
        url = (await cli.post('/api/ticket', json={})).json()['url']
        answer = await browser.get(url)
        assert (answer.status_code, answer.headers['location']) == (303, '/')
        yield browser


ORIGIN = {'Origin': BASE}
PAUSE = ('POST', '/api/pause', {'json': {'printer': 'desk1'}})


# -- who may come in --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize('host', ['evil.example.org', 'evil.example.org:8632', '127.0.0.1', '127.0.0.1:80', '',
                                  'localhost', '127.0.0.1:8632.evil.example.org', '192.0.2.1:8632', '[::1]:8632'])
@pytest.mark.parametrize('path', ['/', '/api/status', '/events', '/log', '/static/page.js', '/enter?ticket=x', '/no'])
async def test_a_name_that_leads_here_is_refused(desk, cli, host, path):
    """DNS rebinding: the browser thinks that we are another site, and says so."""
    answer = await cli.get(path, headers={'Host': host})
    assert (answer.status_code, answer.json()['error']) == (421, 'wrong_host')
    desk.control.pause('desk1')
    answer = await cli.post('/api/resume', json={'printer': 'desk1'}, headers={'Host': host})
    assert answer.status_code == 421
    assert desk.control.is_paused('desk1')


@pytest.mark.parametrize('host', ['127.0.0.1:8632', 'localhost:8632', 'LOCALHOST:8632'])
async def test_our_own_names_are_good(cli, host):
    assert (await cli.get('/api/status', headers={'Host': host})).status_code == 200


@pytest.mark.parametrize('headers', [
    {'Origin': 'https://evil.example.org'}, {'Origin': 'null'}, {'Origin': ''}, {'Origin': 'http://127.0.0.1:8631'},
    {'Origin': 'http://localhost:8632'}, {'Origin': 'https://127.0.0.1:8632'},
    {**ORIGIN, 'Sec-Fetch-Site': 'cross-site'}, {**ORIGIN, 'Sec-Fetch-Site': 'same-site'}, {},
])
async def test_another_site_with_our_cookie_is_refused(desk, browser, headers):
    method, path, body = PAUSE
    answer = await browser.request(method, path, headers=headers, **body)
    assert answer.status_code == 403
    assert not desk.control.is_paused('desk1')
    if headers:
        for path in ('/', '/events', '/api/status', '/log', '/static/page.js'):
            assert (await browser.get(path, headers=headers)).status_code == 403


async def test_our_own_page_is_let_in(desk, browser):
    method, path, body = PAUSE
    answer = await browser.request(method, path, headers={**ORIGIN, 'Sec-Fetch-Site': 'same-origin'}, **body)
    assert answer.status_code == 200
    assert desk.control.is_paused('desk1')


@pytest.mark.parametrize('headers', [
    {}, {'Cookie': f'print_agent_{PORT}=guess'}, {'Cookie': f'print_agent_{PORT}='}, {'Authorization': 'Bearer guess'},
    {'Authorization': 'Bearer '}, {'Authorization': 'Basic guess'}, {'Authorization': 'Bearer zoë'.encode()},
])
async def test_nobody_comes_in_without_a_token(desk, headers):
    async with client(desk, **headers, **ORIGIN) as stranger:
        for path in ('/api/status', '/events', '/log', '/nothing'):
            assert (await stranger.get(path)).status_code == 401
        for path in ('pause', 'resume', 'test', 'reprint', 'answer', 'ticket'):
            assert (await stranger.post(f'/api/{path}', json={'printer': 'desk1'})).status_code == 401
        answer = await stranger.get('/')
        assert answer.status_code == 401
        assert 'desk1' not in answer.text
    assert not desk.control.is_paused('desk1')


async def test_a_ticket_is_good_once_and_not_for_long(desk, cli, monkeypatch):
    async def enter(url):
        async with client(desk) as browser:
            return await browser.get(url)

    url = (await cli.post('/api/ticket', json={})).json()['url']
    async with client(desk) as preview:
        assert (await preview.head(url)).status_code == 401  # what only looks ahead does not use it up
    assert (await enter(url)).status_code == 303
    assert (await enter(url)).status_code == 401
    assert (await enter(f'{BASE}/enter')).status_code == 401
    url = (await cli.post('/api/ticket', json={})).json()['url']
    now = time.monotonic()
    monkeypatch.setattr(keys_module.time, 'monotonic', lambda: now + keys_module.TICKET_LIFETIME)
    assert (await enter(url)).status_code == 401


async def test_a_cookie_is_for_our_page_alone_and_makes_no_tickets(desk, cli, browser):
    url = (await cli.post('/api/ticket', json={})).json()['url']
    async with client(desk) as other:
        cookie = (await other.get(url)).headers['set-cookie'].lower()
    assert 'httponly' in cookie
    assert 'samesite=strict' in cookie
    assert 'path=/' in cookie
    assert f'print_agent_{PORT}=' in cookie
    answer = await browser.post('/api/ticket', json={}, headers=ORIGIN)
    assert (answer.status_code, answer.json()['error']) == (403, 'no_token')


async def test_a_cookie_survives_a_restart_and_the_token_does_not(desk, browser, monkeypatch):
    cookie = browser.cookies[f'print_agent_{PORT}']
    anew = Keys(desk.spool)
    assert anew.is_session(cookie)
    assert not anew.is_token(desk.keys.token)
    assert cookie not in (desk.spool.note('page_sessions') or '')
    now = time.time()
    monkeypatch.setattr(keys_module.time, 'time', lambda: now + keys_module.SESSION_LIFETIME + 1)
    assert not anew.is_session(cookie)


async def test_there_are_not_ever_more_tickets_and_cookies(desk):
    first = desk.keys.ticket()
    cookies = [desk.keys.session(desk.keys.ticket()) for _ in range(keys_module.MAX_SESSIONS + 3)]
    assert [desk.keys.is_session(cookie) for cookie in cookies] == [False] * 3 + [True] * keys_module.MAX_SESSIONS
    for _ in range(keys_module.MAX_TICKETS):
        desk.keys.ticket()
    assert desk.keys.session(first) is None


async def test_every_answer_tells_the_browser_to_be_careful(desk, cli, browser):
    for asker, path in ((browser, '/'), (browser, '/static/page.js'), (cli, '/api/status'), (cli, '/nothing')):
        headers = (await asker.get(path)).headers
        assert "default-src 'none'" in headers['content-security-policy']
        assert "frame-ancestors 'none'" in headers['content-security-policy']
        assert 'unsafe' not in headers['content-security-policy']
        assert (headers['x-content-type-options'], headers['x-frame-options']) == ('nosniff', 'DENY')
        assert (headers['cache-control'], headers['referrer-policy']) == ('no-store', 'no-referrer')
        assert 'access-control-allow-origin' not in headers


def test_nothing_on_the_page_comes_from_elsewhere_or_stands_inline():
    for file in app_module.STATIC.iterdir():
        text = file.read_text()
        if file.suffix == '.html':
            assert '<script>' not in text
            assert ' style=' not in text
            assert not re.search(r'\son\w+=', text)
        if file.suffix == '.js':
            assert 'innerHTML' not in text
            assert not re.search(r'\beval\b|\bFunction\b', text)
        assert 'https://' not in text
        assert 'http://' not in text.replace('http://www.w3.org/2000/svg', '')


# -- what the routes do -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('path', 'body'), [
    ('pause', '{"printer": 1}'), ('pause', '{"printer": ""}'), ('pause', '{"printer": "' + 'x' * 128 + '"}'),
    ('pause', '{"all": true}'), ('pause', '[]'), ('pause', ''), ('pause', '{'), ('pause', '"' + 'x' * 5000 + '"'),
    ('pause', b'\xff\xfe'), ('pause', '[' * 4000), ('test', '{}'), ('test', '{"printer": null}'),
    ('reprint', '{}'), ('reprint', '{"job": "j1", "entry": 1}'), ('reprint', '{"entry": 0}'),
    ('reprint', '{"entry": 99999999999999999999}'), ('reprint', '{"job": "' + 'x' * 81 + '"}'),
    ('answer', '{"entry": 1}'), ('answer', '{"entry": 1, "came_out": "yes"}'),
    ('answer', '{"entry": "1", "came_out": true}'),
])
async def test_what_makes_no_sense_is_answered_with_a_sentence(desk, cli, path, body):
    answer = await cli.post(f'/api/{path}', content=body, headers={'Content-Type': 'application/json'})
    assert (answer.status_code, answer.json()['error']) == (400, 'bad_request')
    assert answer.json()['message'].endswith('.')


async def test_forms_and_long_addresses_are_refused(desk, cli):
    answer = await cli.post('/api/pause', data={'printer': 'desk1'})
    assert (answer.status_code, answer.json()['error']) == (400, 'bad_request')
    assert (await cli.get('/api/status?' + 'x' * 600)).status_code == 414
    assert not desk.control.is_paused('desk1')


@pytest.mark.parametrize(('method', 'path'), [
    ('GET', '/api/pause'), ('PUT', '/api/pause'), ('POST', '/api/status'), ('GET', '/static/../app.py'),
    ('GET', '/static/page.html'), ('GET', '/static/%2e%2e%2fkeys.py'), ('GET', '/nothing'), ('POST', '/'),
])
async def test_there_is_nothing_else(cli, method, path):
    answer = await cli.request(method, path)
    assert (answer.status_code, answer.json()['error']) == (404, 'not_found')


async def test_a_person_does_everything_through_the_page(desk, browser):
    async def post(path, **body):
        return await browser.post(f'/api/{path}', json=body, headers=ORIGIN)

    original = await desk.ended(J1)
    asked = await desk.ended(J2, end='unknown', reason='printer_lost_job')
    assert [each['paused'] for each in (await post('pause')).json()['printers']] == [True, True]
    assert (await post('test', printer='desk2')).json()['kind'] == 'test'
    assert (await post('resume', printer='desk1')).json()['all_paused'] is False
    again = (await post('reprint', entry=original.seq)).json()
    assert (again['origin'], again['local'], again['name']) == (J1, True, 'Zoë Ångström')
    assert (await post('answer', entry=asked.seq, came_out=True)).json()['state'] == 'completed'
    for answer, status, code in (
            (await post('answer', entry=asked.seq, came_out=True), 409, 'answered'),
            (await post('answer', entry=10**9, came_out=True), 404, 'unknown_job'),
            (await post('reprint', job='nope'), 404, 'unknown_job'),
            (await post('test', printer='desk9'), 404, 'unknown_printer')):
        assert (answer.status_code, answer.json()['error']) == (status, code)
        assert answer.json()['message'].endswith('.')


async def test_the_page_has_names_and_everything_else_has_none(desk, cli, browser):
    await desk.ended(J1)
    desk.log_buffer.open()
    logging.getLogger('print_agent.test').warning('job j1.1 desk1: completed')
    stream = desk.web._stream()
    shown = json.loads((await anext(stream)).removeprefix(b'data: '))
    await stream.aclose()
    assert shown['latest'][0]['name'] == 'Zoë Ångström'
    status, log = await cli.get('/api/status'), await browser.get('/log')
    assert status.json()['latest'][0]['job'] == J1
    assert 'WARNING job j1.1 desk1: completed' in log.text
    assert 'attachment' in log.headers['content-disposition']
    assert 'Zoë' not in status.text + log.text


async def test_a_page_hears_of_changes_and_of_life(desk, monkeypatch):
    monkeypatch.setattr(app_module, 'REFRESH_INTERVAL', 0.01)
    monkeypatch.setattr(app_module, 'KEEPALIVE_INTERVAL', 0.05)
    stream = desk.web._stream()
    assert (await anext(stream)).startswith(b'data: ')
    assert await anext(stream) == b'event: alive\ndata:\n\n'
    desk.control.pause('desk1')
    news = await anext(stream)
    assert json.loads(news.removeprefix(b'data: '))['printers'][0]['words'] == 'Paused'
    desk.web.end()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


# -- the server -------------------------------------------------------------------------------------------------------

async def page_of(desk, port=0):
    config = Config(folder=desk.folder, spool=desk.folder / 'state', page_port=port)
    page = Page(config, desk.spool, desk.control, desk.printers, desk.history)
    await page.start()
    return page


async def test_it_listens_on_this_computer_and_leaves_nothing_behind(desk):
    page = await page_of(desk)
    file = desk.folder / 'state' / 'page.json'
    assert file.stat().st_mode & 0o777 == 0o600
    address = keys_module.read(desk.folder / 'state')
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
    assert keys_module.read(desk.folder / 'state') is None


async def test_there_are_not_ever_more_open_pages(desk, monkeypatch):
    monkeypatch.setattr(app_module, 'MAX_STREAMS', 1)
    page = await page_of(desk)
    address = keys_module.read(desk.folder / 'state')
    async with httpx.AsyncClient(base_url=address.url, trust_env=False,
                                 headers={'Authorization': f'Bearer {address.token}'}) as http:
        async with http.stream('GET', '/events') as events:
            await anext(events.aiter_bytes())
            assert (await http.get('/events')).json()['error'] == 'too_many'
    await page.stop()


async def test_a_port_that_is_taken_is_no_reason_not_to_print(desk, caplog):
    with socket.create_server(('127.0.0.1', 0)) as other:
        taken = other.getsockname()[1]
        page = await page_of(desk, taken)
        assert page.url != f'http://127.0.0.1:{taken}/'
        assert f'port {taken} is taken' in caplog.text
        await page.stop()


async def test_a_full_disk_is_no_reason_not_to_print(desk, cli, caplog, monkeypatch):
    def full(*_):
        raise SpoolFull('The disk is full.')

    def no_room(*_):
        raise OSError(28, 'No space left on device')

    with monkeypatch.context() as patch:
        patch.setattr(keys_module, 'publish', no_room)
        page = await page_of(desk)
        assert 'cannot be opened' in caplog.text
        await page.stop()
    url = (await cli.post('/api/ticket', json={})).json()['url']
    monkeypatch.setattr(desk.spool, 'set_note', full)
    async with client(desk) as browser:
        assert (await browser.get(url)).status_code == 303
        assert (await browser.get('/')).status_code == 200
        answer = await browser.post('/api/pause', json={}, headers=ORIGIN)
        assert (answer.status_code, answer.json()['message']) == (503, 'The disk is full.')
    assert not desk.control.is_paused('desk1')


async def test_a_token_that_others_can_read_is_not_used(desk):
    page = await page_of(desk)
    (desk.folder / 'state' / 'page.json').chmod(0o644)
    with pytest.raises(PairingError, match='can be read by other users'):
        keys_module.read(desk.folder / 'state')
    await page.stop()


async def test_what_was_paused_is_still_paused_for_the_next_page(desk, cli):
    await cli.post('/api/pause', json={'printer': 'desk1'})
    await desk.restart()
    assert desk.control.is_paused('desk1')
    await desk.receive(J1, go=True)
    assert desk.spool.find('a', J1).state is State.returned

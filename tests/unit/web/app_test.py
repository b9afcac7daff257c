"""The routes of the local page: what they answer, and what they refuse."""

import json
import logging
import re
from types import SimpleNamespace

import pytest

from print_agent.protocol import messages as p
from print_agent.web import app as app_module

from tests.fakes.badges import J1, J2
from tests.fakes.local_page import ORIGIN


def test_nothing_comes_from_elsewhere():
    """Nothing on the page comes from elsewhere or stands inline."""
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


@pytest.mark.parametrize(('path', 'body'), [
    ('pause', '{"printer": 1}'), ('pause', '{"printer": ""}'), ('pause', '{"printer": "' + 'x' * 128 + '"}'),
    ('pause', '{"all": true}'), ('pause', '[]'), ('pause', ''), ('pause', '{'), ('pause', '"' + 'x' * 5000 + '"'),
    ('pause', b'\xff\xfe'), ('pause', '[' * 4000), ('test', '{}'), ('test', '{"printer": null}'),
    ('reprint', '{}'), ('reprint', '{"job": "j1", "entry": 1}'), ('reprint', '{"entry": 0}'),
    ('reprint', '{"entry": 99999999999999999999}'), ('reprint', '{"job": "' + 'x' * 81 + '"}'),
    ('answer', '{"entry": 1}'), ('answer', '{"entry": 1, "came_out": "yes"}'),
    ('answer', '{"entry": "1", "came_out": true}'),
])
async def test_what_makes_no_sense_is_answered_with_a_sentence(page_desk, cli, path, body):
    answer = await cli.post(f'/api/{path}', content=body, headers={'Content-Type': 'application/json'})
    assert (answer.status_code, answer.json()['error']) == (400, 'bad_request')
    assert answer.json()['message'].endswith('.')


async def test_forms_and_long_addresses_are_refused(page_desk, cli):
    answer = await cli.post('/api/pause', data={'printer': 'desk1'})
    assert (answer.status_code, answer.json()['error']) == (400, 'bad_request')
    assert (await cli.get('/api/status?' + 'x' * 600)).status_code == 414
    assert not page_desk.control.is_paused('desk1')


@pytest.mark.parametrize(('method', 'path'), [
    ('GET', '/api/pause'), ('PUT', '/api/pause'), ('POST', '/api/status'), ('GET', '/static/../app.py'),
    ('GET', '/static/page.html'), ('GET', '/static/%2e%2e%2fkeys.py'), ('GET', '/nothing'), ('POST', '/'),
])
async def test_there_is_nothing_else(cli, method, path):
    answer = await cli.request(method, path)
    assert (answer.status_code, answer.json()['error']) == (404, 'not_found')


async def test_a_person_does_everything_through_the_page(page_desk, browser):
    async def post(path, **body):
        return await browser.post(f'/api/{path}', json=body, headers=ORIGIN)

    original = await page_desk.ended(J1)
    asked = await page_desk.ended(J2, end='unknown', reason='printer_lost_job')
    assert [each['paused'] for each in (await post('pause')).json()['printers']] == [True, True]
    assert (await post('test', printer='desk2')).json()['kind'] == 'test'
    assert (await post('resume', printer='desk1')).json()['all_paused'] is False
    other = (await post('reprint', entry=original.seq)).json()
    assert (other['origin'], other['local'], other['name']) == (J1, True, 'Zoë Ångström')
    assert (await post('answer', entry=asked.seq, came_out=True)).json()['state'] == 'completed'
    for answer, status, code in (
            (await post('answer', entry=asked.seq, came_out=True), 409, 'answered'),
            (await post('answer', entry=10**9, came_out=True), 404, 'unknown_job'),
            (await post('reprint', job='nope'), 404, 'unknown_job'),
            (await post('test', printer='desk9'), 404, 'unknown_printer')):
        assert (answer.status_code, answer.json()['error']) == (status, code)
        assert answer.json()['message'].endswith('.')


async def test_the_page_has_names_and_everything_else_has_none(page_desk, cli, browser):
    await page_desk.ended(J1)
    page_desk.log_buffer.open()
    logging.getLogger('print_agent.test').warning('job j1.1 desk1: completed')
    stream = page_desk.web._stream()
    shown = json.loads((await anext(stream)).removeprefix(b'data: '))
    await stream.aclose()
    assert shown['latest'][0]['name'] == 'Zoë Ångström'
    status, log = await cli.get('/api/status'), await browser.get('/log')
    assert status.json()['latest'][0]['job'] == J1
    assert 'WARNING job j1.1 desk1: completed' in log.text
    assert 'attachment' in log.headers['content-disposition']
    assert 'Zoë' not in status.text + log.text


async def test_a_page_hears_of_changes_and_heartbeats(page_desk, monkeypatch):
    monkeypatch.setattr(app_module, 'REFRESH_INTERVAL', 0.01)
    monkeypatch.setattr(app_module, 'KEEPALIVE_INTERVAL', 0.05)
    stream = page_desk.web._stream()
    assert (await anext(stream)).startswith(b'data: ')
    assert await anext(stream) == b'event: alive\ndata:\n\n'
    page_desk.control.pause('desk1')
    news = await anext(stream)
    assert json.loads(news.removeprefix(b'data: '))['printers'][0]['words'] == 'Paused'
    page_desk.web.end()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


class Calling:
    """A link whose Indico says that a desk calls the tech."""

    def __init__(self):
        self.pairing = SimpleNamespace(id='test-1', event_title='Conference', url='https://indico.test', agent_name='L')
        self.state = 'stream'
        self.problem = ''
        self.said = []
        self.calls = ((p.Call(desk=7, name='North', by='Vera Volunteer'), 1000.0),)

    def put(self, message):
        self.said.append(message)


async def test_a_desk_calls_the_tech(page_desk, browser, cli):
    link = Calling()
    page_desk.history._links = [link]
    stream = page_desk.web._stream()
    (call,) = json.loads((await anext(stream)).removeprefix(b'data: '))['calls']
    await stream.aclose()
    assert (call['name'], call['by'], call['since'], call['answered']) == ('North', 'Vera Volunteer', 1000.0, False)
    # programs get no names
    assert 'Vera' not in (await cli.get('/api/status')).text

    async def post(**body):
        return await browser.post('/api/answer_call', json=body, headers=ORIGIN)

    assert (await post(connection='test-1', desk=7)).status_code == 200
    assert (await post(connection='test-1', desk=7, done=True)).status_code == 200
    assert link.said == [p.CallAnswer(desk=7), p.CallAnswer(desk=7, done=True)]
    assert (await post(connection='another', desk=7)).json()['error'] == 'not_connected'
    link.state = 'down'
    assert (await post(connection='test-1', desk=7)).status_code == 409
    assert (await post(connection='test-1', desk=-1)).status_code == 400

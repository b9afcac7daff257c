"""Who may use the local page: nobody from elsewhere, and nobody without a token or a cookie."""

import pytest

from tests.fakes.local_page import ORIGIN, PORT


PAUSE = ('POST', '/api/pause', {'json': {'printer': 'desk1'}})


@pytest.mark.parametrize('host', ['evil.example.org', 'evil.example.org:8632', '127.0.0.1', '127.0.0.1:80', '',
                                  'localhost', '127.0.0.1:8632.evil.example.org', '192.0.2.1:8632', '[::1]:8632'])
@pytest.mark.parametrize('path', ['/', '/api/status', '/events', '/log', '/static/page.js', '/enter?ticket=x', '/no'])
async def test_a_name_that_leads_here_is_refused(page_desk, cli, host, path):
    """DNS rebinding: the browser thinks that we are another site, and says so."""
    answer = await cli.get(path, headers={'Host': host})
    assert (answer.status_code, answer.json()['error']) == (421, 'wrong_host')
    page_desk.control.pause('desk1')
    answer = await cli.post('/api/resume', json={'printer': 'desk1'}, headers={'Host': host})
    assert answer.status_code == 421
    assert page_desk.control.is_paused('desk1')


@pytest.mark.parametrize('host', ['127.0.0.1:8632', 'localhost:8632', 'LOCALHOST:8632'])
async def test_our_own_names_are_good(cli, host):
    assert (await cli.get('/api/status', headers={'Host': host})).status_code == 200


@pytest.mark.parametrize('headers', [
    {'Origin': 'https://evil.example.org'}, {'Origin': 'null'}, {'Origin': ''}, {'Origin': 'http://127.0.0.1:8631'},
    {'Origin': 'http://localhost:8632'}, {'Origin': 'https://127.0.0.1:8632'},
    {**ORIGIN, 'Sec-Fetch-Site': 'cross-site'}, {**ORIGIN, 'Sec-Fetch-Site': 'same-site'}, {},
])
async def test_another_site_with_our_cookie_is_refused(page_desk, browser, headers):
    method, path, body = PAUSE
    answer = await browser.request(method, path, headers=headers, **body)
    assert answer.status_code == 403
    assert not page_desk.control.is_paused('desk1')
    if headers:
        for path in ('/', '/events', '/api/status', '/log', '/static/page.js'):
            assert (await browser.get(path, headers=headers)).status_code == 403


async def test_our_own_page_is_let_in(page_desk, browser):
    method, path, body = PAUSE
    answer = await browser.request(method, path, headers={**ORIGIN, 'Sec-Fetch-Site': 'same-origin'}, **body)
    assert answer.status_code == 200
    assert page_desk.control.is_paused('desk1')


@pytest.mark.parametrize('headers', [
    {}, {'Cookie': f'print_agent_{PORT}=guess'}, {'Cookie': f'print_agent_{PORT}='}, {'Authorization': 'Bearer guess'},
    {'Authorization': 'Bearer '}, {'Authorization': 'Basic guess'}, {'Authorization': 'Bearer zoë'.encode()},
])
async def test_nobody_comes_in_without_a_token(page_desk, headers):
    async with page_desk.client(**headers, **ORIGIN) as stranger:
        for path in ('/api/status', '/events', '/log', '/nothing'):
            assert (await stranger.get(path)).status_code == 401
        for path in ('pause', 'resume', 'test', 'reprint', 'answer', 'ticket'):
            assert (await stranger.post(f'/api/{path}', json={'printer': 'desk1'})).status_code == 401
        answer = await stranger.get('/')
        assert answer.status_code == 401
        assert 'desk1' not in answer.text
    assert not page_desk.control.is_paused('desk1')


async def test_every_answer_has_the_headers_that_protect_the_page(page_desk, cli, browser):
    for asker, path in ((browser, '/'), (browser, '/static/page.js'), (cli, '/api/status'), (cli, '/nothing')):
        headers = (await asker.get(path)).headers
        assert "default-src 'none'" in headers['content-security-policy']
        assert "frame-ancestors 'none'" in headers['content-security-policy']
        assert 'unsafe' not in headers['content-security-policy']
        assert (headers['x-content-type-options'], headers['x-frame-options']) == ('nosniff', 'DENY')
        assert (headers['cache-control'], headers['referrer-policy']) == ('no-store', 'no-referrer')
        assert 'access-control-allow-origin' not in headers

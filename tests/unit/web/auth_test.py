"""Tokens, tickets and cookies of the local page."""

import time

from print_agent.web import auth as keys_module
from print_agent.web.auth import Keys

from tests.fakes.local_page import BASE, ORIGIN, PORT


async def test_a_ticket_is_good_once_and_not_for_long(page_desk, cli, monkeypatch):
    async def enter(url):
        async with page_desk.client() as browser:
            return await browser.get(url)

    url = (await cli.post('/api/ticket', json={})).json()['url']
    async with page_desk.client() as preview:
        assert (await preview.head(url)).status_code == 401  # what only looks ahead does not use it up
    assert (await enter(url)).status_code == 303
    assert (await enter(url)).status_code == 401
    assert (await enter(f'{BASE}/enter')).status_code == 401
    url = (await cli.post('/api/ticket', json={})).json()['url']
    now = time.monotonic()
    monkeypatch.setattr(keys_module.time, 'monotonic', lambda: now + keys_module.TICKET_LIFETIME)
    assert (await enter(url)).status_code == 401


async def test_a_cookie_is_for_our_page_alone_and_makes_no_tickets(page_desk, cli, browser):
    url = (await cli.post('/api/ticket', json={})).json()['url']
    async with page_desk.client() as other:
        cookie = (await other.get(url)).headers['set-cookie'].lower()
    assert 'httponly' in cookie
    assert 'samesite=strict' in cookie
    assert 'path=/' in cookie
    assert f'print_agent_{PORT}=' in cookie
    answer = await browser.post('/api/ticket', json={}, headers=ORIGIN)
    assert (answer.status_code, answer.json()['error']) == (403, 'no_token')


async def test_a_cookie_survives_a_restart_and_the_token_does_not(page_desk, browser, monkeypatch):
    cookie = browser.cookies[f'print_agent_{PORT}']
    anew = Keys(page_desk.spool)
    assert anew.is_session(cookie)
    assert not anew.is_token(page_desk.keys.token)
    assert cookie not in (page_desk.spool.note('page_sessions') or '')
    now = time.time()
    monkeypatch.setattr(keys_module.time, 'time', lambda: now + keys_module.SESSION_LIFETIME + 1)
    assert not anew.is_session(cookie)


async def test_there_are_not_ever_more_tickets_and_cookies(page_desk):
    first = page_desk.keys.ticket()
    cookies = [page_desk.keys.session(page_desk.keys.ticket()) for _ in range(keys_module.MAX_SESSIONS + 3)]
    assert [page_desk.keys.is_session(cookie) for cookie in cookies] == [False] * 3 + [True] * keys_module.MAX_SESSIONS
    for _ in range(keys_module.MAX_TICKETS):
        page_desk.keys.ticket()
    assert page_desk.keys.session(first) is None

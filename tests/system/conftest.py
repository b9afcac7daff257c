"""The whole stack, started once for all system tests. They change it, so none may count on an empty ledger."""

import hashlib
import os
import secrets
from pathlib import Path

import pytest
import redis
from playwright.sync_api import expect

from tests.stack import browser
from tests.stack.pictures import save_picture
from tests.stack.say import say
from tests.stack.stack import Wanted, running
from tests.system.independent_client import Client


#: How long the page may take to show what happened: its own interval and a slow printer.
EXPECT_TIMEOUT = 20_000  # milliseconds
PICTURES = Path(__file__).parents[2] / 'docs' / 'images'
#: Whether to write the pictures of the docs anew, which a usual run of the tests must not do (the suite `pictures`)
MAKES_PICTURES = os.environ.get('UPDATE_PICTURES') == '1'
SETTLE_TIME = 400  # milliseconds
#: They test nothing but are there for a picture.
makes_a_picture = pytest.mark.skipif(not MAKES_PICTURES, reason='UPDATE_PICTURES=1 makes the pictures of the docs')


def pytest_collection_modifyitems(items):
    """If the pictures are made anew, run only the tests that make some."""
    if MAKES_PICTURES:
        items[:] = [item for item in items
                    if {'keep', 'picture'} & {*item.fixturenames, item.name.removeprefix('test_')}]


@pytest.fixture(scope='session')
def stack():
    """Return a running `Stack` with two desks, two paired agents, two printers and 300 registrations."""
    with running(Wanted(), say=say) as stack:
        yield stack


@pytest.fixture(scope='session')
def take(stack):
    """Return a function that hands out people whom no other test gets, of the first (0) or second (1) form."""
    waiting = [[one for one in stack.seeded['registrations'] if one['form_id'] == form['id']]
               for form in stack.seeded['forms']]

    def _take(count, form=0):
        assert len(waiting[form]) >= count
        taken, waiting[form] = waiting[form][:count], waiting[form][count:]
        return taken
    return _take


@pytest.fixture
def client(stack):
    """A paired independent client, which prints what the first form's desk prints meanwhile."""
    code = 'ABCDE' + ''.join(secrets.choice('23456789') for _ in range(5))
    digest = hashlib.sha256(code.encode()).hexdigest()
    event_id = stack.seeded['event']['id']
    where = f'WHERE registration_form_id = {stack.seeded["forms"][0]["id"]}'
    before, = stack.postgres.sql('indico', f'SELECT desk_id FROM plugin_checkin_print.forms {where}')
    agent_id, = stack.postgres.sql('indico', f"""
        INSERT INTO plugin_checkin_print.agents (event_id, name, code_hash, code_expires_dt, software, spool, link,
                                                 printers, created_dt)
        VALUES ({event_id}, 'Independent', '{digest}', now() + interval '5 min', '', '', '', '[]', now()) RETURNING id
    """)
    desk_id, = stack.postgres.sql('indico', f"""
        INSERT INTO plugin_checkin_print.desks (event_id, name, paused, is_deleted)
        VALUES ({event_id}, 'Independent desk {agent_id}', false, false) RETURNING id
    """)
    stack.postgres.sql('indico', f"""
        INSERT INTO plugin_checkin_print.desk_printers (desk_id, position, agent_id, printer)
        VALUES ({desk_id}, 1, {agent_id}, 'memory');
        UPDATE plugin_checkin_print.forms SET desk_id = {desk_id} {where}
    """)
    # more laptops come from this one address than Indico puts up with
    limits = redis.Redis.from_url(stack.redis.url(1))
    for key in limits.scan_iter('*checkin-print-pair*'):
        limits.delete(key)
    yield Client(stack.url, f'{code[:5]}-{code[5:]}'.lower(), 'memory')
    stack.postgres.sql('indico', f"""
        UPDATE plugin_checkin_print.forms SET desk_id = {before} {where};
        UPDATE plugin_checkin_print.desks SET is_deleted = true WHERE id = {desk_id};
        UPDATE plugin_checkin_print.agents SET revoked_dt = now() WHERE id = {agent_id};
        NOTIFY checkin_print, 'agent {agent_id}'
    """)


@pytest.fixture
def picture():
    """Return a function that keeps a picture of a window in the folder ``KEEP_PICTURES``, for people to look at."""
    def _picture(page, name):
        if folder := os.environ.get('KEEP_PICTURES'):
            page.screenshot(path=Path(folder) / f'{name}.png', full_page=True)
    return _picture


@pytest.fixture
def keep(picture):
    """Return a function that keeps a picture for the docs if they are made anew, else for people to look at.

    The function takes a page, the name of the picture, and the part of the page that it shows, if not the window.
    """
    def _keep(page, name, part=None):
        if MAKES_PICTURES:
            # what moves in, and what has the mouse over it, looks otherwise for a moment
            page.wait_for_timeout(SETTLE_TIME)
            save_picture((part or page).screenshot(animations='disabled'), PICTURES / f'{name}.png')
        picture(page, name)
    return _keep


@pytest.fixture(scope='module')
def chromium():
    expect.set_options(timeout=EXPECT_TIMEOUT)
    with browser.chromium() as chromium:
        yield chromium


@pytest.fixture
def log_in(stack, chromium):
    """Return a function that opens a window and logs in; the test fails if a script on its pages does."""
    contexts, complaints = [], []

    def _log_in(login=None):
        context = chromium.new_context(base_url=stack.url, viewport={'width': 1280, 'height': 900})
        context.set_default_timeout(EXPECT_TIMEOUT)
        contexts.append(context)
        window = context.new_page()
        window.on('pageerror', lambda error: complaints.append(str(error)))
        if login:
            user = stack.seeded['users'][login]
            window.goto('/login/')
            window.fill('input[name=identifier]', user['login'])
            window.fill('input[name=password]', user['password'])
            window.press('input[name=password]', 'Enter')
            window.wait_for_url(lambda url: '/login' not in url)
        return window

    yield _log_in
    for context in contexts:
        context.close()
    assert not complaints

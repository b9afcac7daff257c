"""Boards at the relay: each desk is drawn once for all, what is hidden is not sent, and slow browsers are cut."""

import asyncio
import contextlib
import functools
import json
import logging
from types import SimpleNamespace

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from indico_checkin_print.desk.board_tickets import Ticket, issue
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.relay import boards as boards_module
from indico_checkin_print.relay.boards import SUBPROTOCOL, TICKET_PREFIX, draw
from indico_checkin_print.relay.metrics import Metrics
from indico_checkin_print.relay.server import PATH, Relay


ORIGIN = 'https://indico.example.com'
TICKET = Ticket(event_id=1, desk_id=2, user_id=3, lang='en_GB', sees_all=True)


class Database:
    """Draws what a test says, and counts how often."""

    listening = True

    def __init__(self):
        self.html = 'one'
        self.drawn = []
        self.gone = False

    async def call(self, function, event_id, desk_id, languages):
        assert function is draw
        self.drawn.append((desk_id, *languages))
        await asyncio.sleep(0)
        return {} if self.gone else {lang: (f'version of {self.html}', f'{self.html} {lang}') for lang in languages}


def in_a_loop(test):
    @functools.wraps(test)
    def _test(**kwargs):
        asyncio.run(asyncio.wait_for(test(**kwargs), 20))
    return _test


@pytest.fixture(autouse=True)
def config(mocker, app):
    for module in (boards_module, __import__('indico_checkin_print.desk.board_tickets', fromlist=['x'])):
        mocker.patch.object(module, 'config', SimpleNamespace(BASE_URL=f'{ORIGIN}/indico', SECRET_KEY='secret'))
    mocker.patch.object(boards_module, 'MIN_DRAW_INTERVAL', 0.05)


@contextlib.asynccontextmanager
async def running(database):
    """Yield (the relay's `Boards`, a function that connects a browser)."""
    relay = Relay(database, Metrics(), logging.getLogger(__name__))
    async with serve(relay._connected, '127.0.0.1', 0, process_request=relay._admit, compression=None,
                     select_subprotocol=boards_module.select_subprotocol) as listening:
        port = listening.sockets[0].getsockname()[1]
        task = asyncio.create_task(relay._boards.run())

        def _connect(ticket=TICKET, origin=ORIGIN, **kwargs):
            text = issue(ticket) if isinstance(ticket, Ticket) else ticket
            return connect(f'ws://127.0.0.1:{port}{PATH}', origin=origin, compression=None,
                           subprotocols=[SUBPROTOCOL, f'{TICKET_PREFIX}{text}'], **kwargs)

        try:
            yield relay._boards, _connect
        finally:
            task.cancel()


async def hear(ws):
    return json.loads(await ws.recv())


async def close_code(ws):
    with contextlib.suppress(ConnectionClosed):
        while True:
            await ws.recv()
    return ws.close_code


@in_a_loop
async def test_what_changes_is_pushed_and_what_does_not_is_confirmed(mocker):
    mocker.patch.object(boards_module, 'REFRESH_INTERVAL', 0.2)
    async with running(database := Database()) as (boards, browser), browser() as ws:
        assert ws.subprotocol == SUBPROTOCOL
        assert await hear(ws) == {'version': 'version of one', 'html': 'one en_GB'}
        assert await hear(ws) == {'version': 'version of one'}
        database.html = 'two'
        boards.changed(TICKET.desk_id)
        assert await hear(ws) == {'version': 'version of two', 'html': 'two en_GB'}


@in_a_loop
async def test_one_drawing_for_all_browsers_and_many_changes():
    async with running(database := Database()) as (boards, browser), contextlib.AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(browser(Ticket(1, 2, user, 'fr_FR' if user % 2 else 'en_GB', True)))
                    for user in range(30)]
        for ws in browsers:
            await hear(ws)
        await asyncio.sleep(0.3)
        database.drawn.clear()
        database.html = 'two'
        for __ in range(100):
            boards.changed(2)
            boards.changed(77)  # nobody looks
        for ws in browsers:
            while (await hear(ws)).get('html', '').split() != ['two', 'fr_FR' if browsers.index(ws) % 2 else 'en_GB']:
                pass
        await asyncio.sleep(0.2)
        assert 1 <= len(database.drawn) <= 2
        assert set(database.drawn) == {(2, 'en_GB', 'fr_FR')}


@in_a_loop
async def test_who_may_not_see_everybody_gets_no_names():
    async with running(Database()) as (__, browser), browser(Ticket(1, 2, 3, 'en_GB', False)) as ws:
        assert await hear(ws) == {'version': 'version of one'}


@pytest.mark.parametrize(('ticket', 'origin'), [
    (TICKET, 'https://evil.example'), (TICKET, None), (TICKET, 'http://indico.example.com'), ('forged', ORIGIN),
    ('', ORIGIN)])
def test_refused_before_the_upgrade(ticket, origin):
    @in_a_loop
    async def _test():
        async with running(Database()) as (__, browser):
            with pytest.raises(InvalidStatus) as excinfo:
                await browser(ticket, origin)
            assert excinfo.value.response.status_code == 403
    _test()


@in_a_loop
async def test_limits(mocker):
    mocker.patch.object(boards_module, 'MAX_BOARDS_PER_EVENT', 2)
    mocker.patch.object(boards_module, 'MAX_BOARDS', 3)
    async with running(Database()) as (__, browser), contextlib.AsyncExitStack() as stack:
        async def _refused(**kwargs):
            ticket = Ticket(**{'event_id': 1, 'desk_id': 2, 'user_id': 3, 'lang': 'en_GB', 'sees_all': True, **kwargs})
            try:
                await stack.enter_async_context(browser(ticket))
            except InvalidStatus as exc:
                return exc.response.status_code if exc.response.headers['Retry-After'] else 'for ever'
            return None

        assert [await _refused() for __ in range(3)] == [None, None, 503]
        assert [await _refused(event_id=7) for __ in range(2)] == [None, 503]


@in_a_loop
async def test_another_ticket_is_needed_after_a_while(mocker):
    mocker.patch.object(boards_module, 'LINK_LIFETIME', 0.3)
    async with running(Database()) as (boards, browser), browser() as ws:
        assert await close_code(ws) == boards_module.CLOSE_TICKET
        # this end may hear of it first
        await asyncio.sleep(0.2)
        assert len(boards) == 0


@in_a_loop
async def test_a_browser_that_speaks_is_sent_away():
    async with running(Database()) as (__, browser), browser() as ws:
        await ws.send('hello')
        assert await close_code(ws) == 1008


@in_a_loop
async def test_a_browser_that_takes_nothing_is_cut_and_holds_up_nobody(mocker):
    # long enough for the browser that takes what it gets, also on a busy machine
    mocker.patch.object(boards_module, 'SEND_TIMEOUT', 3)
    mocker.patch.object(boards_module, 'MAX_FRAME', 2**30)
    async with running(database := Database()) as (boards, browser), browser(max_size=None) as quick:
        slow = await browser(max_size=None, max_queue=1)
        slow.transport.pause_reading()
        number = 0
        while len(boards) > 1:
            number += 1
            database.html = str(number) * 5_000_000
            boards.changed(2)
            await hear(quick)
        slow.transport.abort()
        database.html = 'last'
        boards.changed(2)
        while (await hear(quick)).get('html') != 'last en_GB':
            pass


@in_a_loop
async def test_without_notify_the_relay_confirms_nothing(mocker):
    mocker.patch.object(boards_module, 'REFRESH_INTERVAL', 0.1)
    async with running(database := Database()) as (__, browser), browser() as ws:
        await hear(ws)
        database.listening = False
        # what was on its way
        await asyncio.sleep(0.3)
        heard = len(database.drawn)
        await asyncio.sleep(0.5)
        assert len(database.drawn) == heard


@in_a_loop
async def test_a_desk_that_is_gone():
    async with running(database := Database()) as (__, browser):
        database.gone = True
        async with browser() as ws:
            assert await close_code(ws) == boards_module.CLOSE_TICKET


def test_drawing(db, app, event, objects, create_job, create_reg, mocker):
    mocker.patch.object(boards_module, 'config', SimpleNamespace(BASE_URL='https://indico.example.com'))
    create_job(create_reg('Ada', 'Lovelace'), JobState.completed, desk=objects.desk)
    drawn = draw(event.id, objects.desk.id, ['en_GB', 'fr_FR'])
    (version, english), __ = drawn['en_GB'], drawn['fr_FR']
    assert 'Ada Lovelace' in english
    assert f'/event/{event.id}/desk/{objects.desk.id}/board/pause' in english
    assert draw(event.id, objects.desk.id, ['en_GB'])['en_GB'][0] == version
    assert draw(event.id, 2**30, ['en_GB']) == {}


def test_what_a_request_draws_is_the_same(db, app, browse, create_user, event, objects, create_job, create_reg, mocker):
    """A page whose link comes and goes must not be replaced each time."""
    mocker.patch.object(boards_module, 'config', SimpleNamespace(BASE_URL='http://localhost'))
    user = create_user(300)
    event.update_principal(user, add_permissions={'registration_checkin'})
    create_job(create_reg('Ada', 'Lovelace'), JobState.completed, desk=objects.desk)
    url = f'/event/{event.id}/desk/{objects.desk.id}/board/live'
    assert browse(user).get(url).get_data(as_text=True) == draw(event.id, objects.desk.id, ['en_GB'])['en_GB'][1]


def test_every_change_of_a_state_notifies_the_desk(db, check_in, create_reg, desk, statements):
    """In the statement that makes the change: a check-in asks the database no more often than before."""
    from indico_checkin_print import ledger
    from indico_checkin_print.reasons.codes import Reason
    job, = check_in(create_reg())
    assert sum('pg_notify' in str(x) for x in statements) == 0
    statements.clear()
    ledger.cancel(job, Reason.discarded, 'test')
    assert [("'desk '" in str(x) or 'pg_notify' in str(x)) for x in statements if 'job_history' in str(x)] == [True]


@in_a_loop
async def test_many_desks_leave_threads_to_the_agents():
    class Slow(Database):
        now = most = 0

        async def call(self, function, event_id, desk_id, languages):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.02)
            self.now -= 1
            return await super().call(function, event_id, desk_id, languages)

    async with running(database := Slow()) as (boards, browser), contextlib.AsyncExitStack() as stack:
        browsers = [await stack.enter_async_context(browser(Ticket(1, desk_id, 3, 'en_GB', True)))
                    for desk_id in range(20)]
        for ws in browsers:
            await hear(ws)
        database.html = 'two'
        boards.changed()
        for ws in browsers:
            while (await hear(ws)).get('html') != 'two en_GB':
                pass
        assert database.most == boards_module.MAX_DRAWINGS

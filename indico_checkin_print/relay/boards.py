"""The browsers that show boards: each desk is drawn once when it changes, and sent to all who look at it.

A browser cannot be made to wait for, and costs no web worker: it has a websocket to the relay. What it gets replaces
what it got before, so one that is slow misses what is old and no more, and one that takes nothing is cut.
"""

import asyncio
import json
import time
from collections import defaultdict
from contextlib import suppress
from hashlib import sha256
from urllib.parse import urlsplit

from flask import current_app
from websockets.exceptions import ConnectionClosed

from indico.core.config import config
from indico.util.i18n import force_locale

from indico_checkin_print.desk import board_tickets, board_view
from indico_checkin_print.errors import DatabaseAway
from indico_checkin_print.logs import log_failure


#: The websocket subprotocol of a board; the ticket is offered as another one, which begins so.
SUBPROTOCOL, TICKET_PREFIX = 'checkin-print-board', 'ticket.'
#: Boards of one relay and of one event.
MAX_BOARDS, MAX_BOARDS_PER_EVENT = 2000, 500
#: A desk is drawn no more often than this, however often it changes; a little less for each of its boards. In seconds.
MIN_DRAW_INTERVAL, INTERVAL_PER_BOARD = 0.1, 0.001
#: And no less often: what the clock changes (a laptop that fell silent) comes without a NOTIFY. In seconds.
REFRESH_INTERVAL = 4
#: Drawings at the same time: agents need the other threads of the relay's database.
MAX_DRAWINGS = 2
#: After so many seconds the browser needs another ticket: its user may have lost the right.
LINK_LIFETIME = 300
#: A browser that has not taken a message for so many seconds is cut.
SEND_TIMEOUT = 10
#: Largest message, in characters; the page asks for what is larger.
MAX_FRAME = 200_000
#: Closes the link of a browser that needs another ticket.
CLOSE_TICKET = 4100


class Board:
    """One browser that shows one desk."""

    def __init__(self, ws, ticket):
        self.ticket = ticket
        self._ws = ws
        self._next = None
        self._wanted = asyncio.Event()
        self._version = None

    def show(self, version, html):
        """Send this instead of what was not sent yet; what the browser has already is only confirmed."""
        self._next = (version, html)
        self._wanted.set()

    async def run(self):
        """Send until the link ends or has lasted long enough."""
        reading = asyncio.create_task(self._read())
        try:
            async with asyncio.timeout(LINK_LIFETIME):
                while not reading.done():
                    await self._write(reading)
        except TimeoutError:
            await self.close(CLOSE_TICKET, 'Another ticket is needed')
        except ConnectionClosed:
            pass
        finally:
            reading.cancel()

    async def close(self, code, reason):
        """Close the link; a browser that takes nothing any more is cut."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._ws.close(code, reason)
        except TimeoutError:
            self._ws.transport.abort()

    async def _write(self, reading):
        wanted = asyncio.create_task(self._wanted.wait())
        await asyncio.wait({wanted, reading}, return_when=asyncio.FIRST_COMPLETED)
        wanted.cancel()
        if reading.done():
            return
        self._wanted.clear()
        version, html = self._next
        message = {'version': version}
        if html is not None and version != self._version:
            message['html'] = html
        sending = asyncio.create_task(self._ws.send(json.dumps(message)))
        done, __ = await asyncio.wait({sending}, timeout=SEND_TIMEOUT)
        if not done:
            sending.cancel()
            self._ws.transport.abort()
            await asyncio.wait({reading}, timeout=SEND_TIMEOUT)
            return
        sending.result()
        self._version = version

    async def _read(self):
        # a browser has nothing to say
        with suppress(ConnectionClosed):
            await self._ws.recv()
            await self.close(1008, 'A board says nothing')


class Boards:
    """All browsers of one relay."""

    def __init__(self, database, log):
        self._db = database
        self._log = log
        #: desk id -> its boards
        self._boards = defaultdict(set)
        #: desk id -> when it was last drawn (`time.monotonic`)
        self._drawn = {}
        self._dirty = set()
        self._wanted = asyncio.Event()
        #: Desks that are being drawn
        self._drawing = {}
        self._slots = asyncio.Semaphore(MAX_DRAWINGS)

    def __len__(self):
        return sum(map(len, self._boards.values()))

    def judge(self, origin, offered):
        """Return (the `Ticket` of a browser that may connect, or ``None``; the result in one word).

        :param origin: The header ``Origin``: from which site's page the browser connects.
        :param offered: The subprotocols that it offers; one of them is its ticket.
        """
        base = urlsplit(config.BASE_URL)
        if origin != f'{base.scheme}://{base.netloc}':
            return None, 'foreign_origin'
        ticket = board_tickets.read(next((x.removeprefix(TICKET_PREFIX) for x in offered
                                          if x.startswith(TICKET_PREFIX)), ''))
        return ticket, 'board' if ticket else 'no_ticket'

    def full(self, ticket):
        """Return whether there are as many boards as there may be: here, or of an event."""
        tickets = [board.ticket for boards in self._boards.values() for board in boards]
        return (len(tickets) >= MAX_BOARDS
                or sum(x.event_id == ticket.event_id for x in tickets) >= MAX_BOARDS_PER_EVENT)

    async def serve(self, ws, ticket):
        """Show a desk in a browser until the link ends."""
        board = Board(ws, ticket)
        self._boards[ticket.desk_id].add(board)
        self.changed(ticket.desk_id)
        try:
            await board.run()
        finally:
            self._boards[ticket.desk_id].discard(board)
            if not self._boards[ticket.desk_id]:
                del self._boards[ticket.desk_id]
                self._drawn.pop(ticket.desk_id, None)

    def changed(self, desk_id=None):
        """A desk has changed; without its id, any may have."""
        self._dirty.update(self._boards if desk_id is None else {desk_id} & self._boards.keys())
        if self._dirty:
            self._wanted.set()

    async def run(self):
        """Draw desks that have changed until this is cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._wait()):
                    await self._wanted.wait()
            self._wanted.clear()
            now = time.monotonic()
            due = {desk_id for desk_id in self._boards.keys() - self._drawing.keys()
                   if now >= self._due(desk_id)}
            for desk_id in due:
                self._dirty.discard(desk_id)
                self._drawn[desk_id] = now
                self._drawing[desk_id] = asyncio.create_task(self._draw(desk_id))

    async def stop(self):
        """Close all: the browsers find another relay, or ask Indico meanwhile."""
        boards = [board for boards in self._boards.values() for board in boards]
        await asyncio.gather(*(board.close(1001, 'The relay restarts') for board in boards), return_exceptions=True)

    def _wait(self):
        """Return for how many seconds nothing is due."""
        now = time.monotonic()
        times = [self._due(desk_id) - now for desk_id in self._boards.keys() - self._drawing.keys()]
        return max(0.001, min(times, default=REFRESH_INTERVAL))

    def _due(self, desk_id):
        interval = (MIN_DRAW_INTERVAL + INTERVAL_PER_BOARD * len(self._boards[desk_id]) if desk_id in self._dirty
                    else REFRESH_INTERVAL)
        return self._drawn.get(desk_id, 0) + interval

    async def _draw(self, desk_id):
        try:
            boards = set(self._boards.get(desk_id, ()))
            tickets = [board.ticket for board in boards]
            if not tickets or not self._db.listening:
                # who hears nothing of changes must not say that nothing has changed: the pages ask Indico meanwhile
                return
            async with self._slots:
                began = time.monotonic()
                drawn = await self._db.call(draw, tickets[0].event_id, desk_id, sorted({x.lang for x in tickets}))
                for board in boards:
                    version, html = drawn.get(board.ticket.lang, (None, None))
                    if version is None:
                        await board.close(CLOSE_TICKET, 'There is no such desk any more')
                    else:
                        board.show(version, html if board.ticket.sees_all and len(html) <= MAX_FRAME else None)
                # badges come first: however many desks change, drawing leaves half of its time to them
                await asyncio.sleep(time.monotonic() - began)
        except DatabaseAway:
            pass  # the listener logs it; the pages ask Indico meanwhile
        except Exception as exc:
            log_failure(self._log, exc, 'The board of desk %d could not be drawn', desk_id)
        finally:
            del self._drawing[desk_id]
            self._wanted.set()


def draw(event_id, desk_id, languages):
    """Return the board of a desk for who may see everybody, as language -> (version, HTML); nothing if it is gone."""
    desk = board_view.find_desk(event_id, desk_id)
    if desk is None:
        return {}
    drawn = {}
    for lang in languages:
        with current_app.test_request_context(base_url=config.BASE_URL), force_locale(lang):
            html = board_view.render(desk)
        drawn[lang] = sha256(html.encode()).hexdigest()[:32], html
    return drawn


def offered(request):
    """Return the websocket subprotocols that a client offers."""
    return [x.strip() for header in request.headers.get_all('Sec-WebSocket-Protocol') for x in header.split(',')]


def select_subprotocol(_ws, offered):
    """Return the subprotocol of a connection: that of boards, or none."""
    # print agents ask for none
    return SUBPROTOCOL if SUBPROTOCOL in offered else None

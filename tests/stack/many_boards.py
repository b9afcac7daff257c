"""Many boards in one process: ``python -m tests.stack.many_boards ORIGIN``; a line of JSON on standard input for each.

A line has the address of the relay and a ticket, as the page gets them. One line of JSON when all have heard something,
and one when standard input ends: what each board shows at last, and how many messages came.
"""

import asyncio
import json
import sys
from hashlib import sha256

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


class Board:
    """A browser, as far as the relay knows it."""

    def __init__(self):
        self.html = ''
        self.messages = 0
        self.pushed = 0
        self.lost = False
        self.first = asyncio.Event()

    async def run(self, origin, url, ticket):
        """Show what comes until the link ends."""
        try:
            async with connect(url, origin=origin, subprotocols=['checkin-print-board', f'ticket.{ticket}'],
                               compression=None, open_timeout=60) as ws:
                async for message in ws:
                    self.messages += 1
                    if html := json.loads(message).get('html'):
                        self.pushed += 1
                        self.html = html
                    self.first.set()
        except (ConnectionClosed, OSError):
            pass
        finally:
            self.lost = True
            self.first.set()


async def main():
    origin, boards, tasks = sys.argv[1], [], []
    while (line := await asyncio.to_thread(sys.stdin.readline)).strip():
        target = json.loads(line)
        boards.append(Board())
        tasks.append(asyncio.create_task(boards[-1].run(origin, target['url'], target['ticket'])))
    for board in boards:
        await board.first.wait()
    print(json.dumps({'connected': sum(not board.lost for board in boards)}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({'lost': sum(board.lost for board in boards), 'messages': sum(board.messages for board in boards),
                      'pushed': sum(board.pushed for board in boards),
                      'shown': [sha256(board.html.encode()).hexdigest() for board in boards]}), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == '__main__':
    asyncio.run(main())

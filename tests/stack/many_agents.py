"""Many print agents in one process: ``python -m tests.stack.many_agents URL [DURATION]``; tokens on standard input.

Each has a websocket of its own and one printer. They print nothing, but count what they may print and say what an agent
says. With DURATION, each link ends after so many seconds, more or less, and its agent connects anew. One line of
JSON when all are connected, and one when standard input ends. A token is one line; an empty line ends them.
"""

import asyncio
import json
import random
import sys
from collections import Counter

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed


#: How many connect at the same time
MAX_CONNECTING = 50


class Agents:
    """All agents, and what they were given."""

    def __init__(self, url, duration=None):
        self._url = url
        self._duration = duration
        self._gate = asyncio.Semaphore(MAX_CONNECTING)
        self.welcomed = 0
        #: job -> how often it was printed
        self.printed = Counter()
        #: (job, dispatch) of what was printed: the only memory that outlives a link
        self._done = set()
        self.ended = 0
        self.lost = 0

    async def run(self, number, token):
        """One agent, until the relay ends its link, and with DURATION one link after the other."""
        while await self._link(number, token):
            self.ended += 1
        self.lost += 1

    async def _link(self, number, token):
        """One link. Return whether this side ended it."""
        async with self._gate:
            ws = await connect(self._url, additional_headers={'Authorization': f'Bearer {token}'}, compression=None,
                               max_size=2**24, open_timeout=60, ping_interval=None)
            await ws.send(json.dumps({'type': 'hello', 'protocol': 1, 'spool': f'load-{number}', 'software': 'load/1',
                                      'printers': [{'name': 'p', 'state': 'idle'}], 'holding': []}))
            welcome = json.loads(await ws.recv())
            assert welcome['type'] == 'welcome', welcome
            self.welcomed += 1
        beat = asyncio.create_task(self._beat(ws, welcome['heartbeat'] / 2))
        try:
            return await self._listen(ws)
        finally:
            beat.cancel()
            await ws.close()

    async def _listen(self, ws):
        """Answer until the link has lasted, and then for a second of silence: nothing is remembered for the next."""
        now = asyncio.get_running_loop().time
        end = None if self._duration is None else now() + self._duration * random.uniform(0.5, 1.5)
        waiting = {}
        while True:
            try:
                async with asyncio.timeout(None if end is None else max(1, end - now())):
                    frame = await ws.recv()
            except TimeoutError:
                return True
            except ConnectionClosed:
                return False
            message = None if isinstance(frame, bytes) else json.loads(frame)
            if message is None:
                await self._answer(ws, waiting.popitem()[1])
            elif message['type'] == 'job':
                waiting[message['job']] = message
            elif message['type'] == 'go':
                await self._print(ws, message)
            elif message['type'] == 'cancel':
                kind = 'completed' if (message['job'], message['dispatch']) in self._done else 'canceled'
                await self._say(ws, kind, message)

    async def _answer(self, ws, message):
        await self._say(ws, 'accepted', message)
        if message['go']:
            await self._print(ws, message)

    async def _print(self, ws, message):
        number = (message['job'], message['dispatch'])
        if number not in self._done:
            if message['print_within'] <= 0:
                await self._say(ws, 'returned', message)
                return
            self._done.add(number)
            self.printed[message['job']] += 1
            await self._say(ws, 'printing', message)
        await self._say(ws, 'completed', message)

    @staticmethod
    async def _say(ws, kind, message):
        await ws.send(json.dumps({'type': kind, 'job': message['job'], 'dispatch': message['dispatch']}))

    @staticmethod
    async def _beat(ws, seconds):
        while True:
            await asyncio.sleep(seconds)
            await ws.send('{"type": "heartbeat"}')


async def main():
    tokens = [line.strip() for line in iter(sys.stdin.readline, '\n')]
    agents = Agents(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else None)
    tasks = [asyncio.create_task(agents.run(number, token)) for number, token in enumerate(tokens)]
    while agents.welcomed < len(tokens) and not any(task.done() for task in tasks):  # noqa: ASYNC110 - once
        await asyncio.sleep(0.05)
    print(json.dumps({'welcomed': agents.welcomed}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({'printed': len(agents.printed), 'duplicates': sum(agents.printed.values()) - len(agents.printed),
                      'ended_links': agents.ended, 'lost_links': agents.lost}), flush=True)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == '__main__':
    asyncio.run(main())

"""Many print agents in one process: ``python -m tests.stack.crowd URL`` with one token a line on standard input.

Each has a websocket of its own and one printer. They print nothing, but count what they may print and say what an agent
says. One line of JSON when all are connected (an empty line ended the tokens), and one when standard input ends.
"""

import asyncio
import json
import sys
from collections import Counter

from websockets.asyncio.client import connect


#: So many connect at the same time.
AT_ONCE = 50


class Crowd:
    """All agents, and what they were given."""

    def __init__(self, url):
        self._url = url
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.welcomed = 0
        #: job -> how often permission to print it was given
        self.printed = Counter()
        self.lost = 0

    async def agent(self, number, token):
        """One agent, until its link ends."""
        async with self._gate:
            ws = await connect(self._url, additional_headers={'Authorization': f'Bearer {token}'}, compression=None,
                               max_size=2**24, open_timeout=60, ping_interval=None)
            await ws.send(json.dumps({'type': 'hello', 'protocol': 1, 'spool': f'crowd-{number}', 'software': 'crowd/1',
                                      'printers': [{'name': 'p', 'state': 'idle'}], 'holding': []}))
            welcome = json.loads(await ws.recv())
            assert welcome['type'] == 'welcome', welcome
            self.welcomed += 1
        beat = asyncio.create_task(self._beat(ws, welcome['heartbeat'] / 2))
        waiting = {}
        try:
            async for frame in ws:
                message = None if isinstance(frame, bytes) else json.loads(frame)
                if message is None:
                    await self._answer(ws, *waiting.popitem())
                elif message['type'] == 'job':
                    waiting[message['job']] = message
                elif message['type'] == 'go':
                    await self._print(ws, message)
        finally:
            beat.cancel()
            self.lost += 1

    async def _answer(self, ws, job, message):
        await ws.send(json.dumps({'type': 'accepted', 'job': job, 'dispatch': message['dispatch']}))
        if message['go']:
            await self._print(ws, message)

    async def _print(self, ws, message):
        self.printed[message['job']] += 1
        for kind in ('printing', 'completed'):
            await ws.send(json.dumps({'type': kind, 'job': message['job'], 'dispatch': message['dispatch']}))

    @staticmethod
    async def _beat(ws, seconds):
        while True:
            await asyncio.sleep(seconds)
            await ws.send('{"type": "heartbeat"}')


async def main():
    tokens = [line.strip() for line in iter(sys.stdin.readline, '\n')]
    crowd = Crowd(sys.argv[1])
    agents = [asyncio.create_task(crowd.agent(number, token)) for number, token in enumerate(tokens)]
    while crowd.welcomed < len(tokens) and not any(task.done() for task in agents):  # noqa: ASYNC110 - once
        await asyncio.sleep(0.05)
    print(json.dumps({'welcomed': crowd.welcomed}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({'printed': len(crowd.printed), 'duplicates': sum(crowd.printed.values()) - len(crowd.printed),
                      'lost_links': crowd.lost}), flush=True)
    for task in agents:
        task.cancel()
    await asyncio.gather(*agents, return_exceptions=True)


if __name__ == '__main__':
    asyncio.run(main())

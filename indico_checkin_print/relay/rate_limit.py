"""How fast one agent may speak: what comes faster is read later, and TCP makes the agent wait."""

import asyncio


class MessageLimit:
    """Lets `rate` messages a second through, and `burst` at once after a silence.

    An agent that comes back has much to say, so nobody is thrown out for speaking fast.
    """

    def __init__(self, rate, burst):
        self._rate = rate
        self._burst = burst
        self._left = burst
        self._at = None

    async def wait(self):
        """Wait until the next message may be read. Return whether that took any time."""
        now = asyncio.get_running_loop().time()
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= 1
        if self._left >= 0:
            return False
        await asyncio.sleep(-self._left / self._rate)
        return True

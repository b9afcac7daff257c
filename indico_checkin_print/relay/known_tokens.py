"""The tokens of all agents, by their digests: an unknown token must not cost the database a query."""

import asyncio
import time

from print_agent.protocol.messages import TOKEN_PREFIX

from indico_checkin_print.agents import inbound
from indico_checkin_print.credentials import digest


#: However many unknown tokens come, the digests are read no more often than this, in seconds.
MIN_READ_INTERVAL = 1


class KnownTokens:
    """Knows which tokens are good. It holds one digest for each paired agent, and none of unknown tokens."""

    def __init__(self, database, *, clock=time.monotonic):
        self._db = database
        self._clock = clock
        self._known = frozenset()
        #: When the last read began
        self._begun = float('-inf')
        self._lock = asyncio.Lock()

    async def find(self, token):
        """Return the digest of a good token, or ``None``.

        What is not known is looked for in a read that begins after the question, together with all others that ask at
        that time: an agent that was paired a moment ago gets in. Raises what the database raises.
        """
        if not token.startswith(TOKEN_PREFIX) or len(token) > 100:
            return None
        key, asked = digest(token), self._clock()
        if key not in self._known:
            async with self._lock:
                if self._begun < asked and key not in self._known:
                    await asyncio.sleep(max(0, self._begun + MIN_READ_INTERVAL - self._clock()))
                    begun = self._clock()
                    self._known = await self._db.call(inbound.token_digests, retry_for=0)
                    self._begun = begun
        return key if key in self._known else None

    def forget(self, key):
        """The token with this digest is not good any more."""
        self._known -= {key}

"""Tokens of polling agents. Wrong ones must not cost the database a query each, nor keep good ones out.

The relay does the same for websockets. Here each web process counts for itself, which needs no Redis.
"""

import math
import threading
import time

from indico_checkin_print.agents import inbound
from indico_checkin_print.agents.connect_limit import UNKNOWN_TOKEN_BURST, UNKNOWN_TOKEN_INTERVAL, ConnectLimit, origin
from indico_checkin_print.credentials import digest
from indico_checkin_print.errors import APIError


#: However many wrong tokens come, the digests of good ones are read no more often than this, in seconds.
MIN_READ_INTERVAL = 1


class Authenticator:
    """Finds the agent of a token."""

    def __init__(self, *, clock=time.monotonic):
        self._clock = clock
        self._wrong = ConnectLimit(UNKNOWN_TOKEN_BURST, UNKNOWN_TOKEN_INTERVAL, clock=clock)
        self._good = frozenset()
        self._read = float('-inf')
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def find(self, token, address):
        """Return the id of the agent with this token, or ``None``.

        Raises `APIError` if too many wrong ones came from this address.
        """
        # behind a socket of the machine there may be no address
        place = origin(address or '')
        with self._lock:
            wait = self._wrong.wait(place)
        # only those who come with a wrong token wait: behind their address there may be a whole conference
        if wait and not self._is_good(token):
            seconds = math.ceil(wait)
            raise APIError(429, 'too_often', f'Too many unknown tokens came from this address. Try again in {seconds} '
                                             f'seconds.', retry_after=seconds)
        agent_id = inbound.authenticate(token)
        if agent_id is None:
            with self._lock:
                self._wrong.hit(place)
        return agent_id

    def _is_good(self, token):
        """Return whether a token is among the good ones, as far as they were read lately."""
        key = digest(token)
        if key in self._good:
            return True
        # those that come during a read wait for it: theirs may be among what it finds
        with self._reading:
            now = self._clock()
            if key not in self._good and now - self._read >= MIN_READ_INTERVAL:
                self._read = now
                self._good = inbound.token_digests()
        return key in self._good

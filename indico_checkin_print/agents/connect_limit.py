"""How often one agent, or one address, may connect: one that comes back faster has to wait."""

import ipaddress
import time


#: Unknown tokens from one address: so many at once, then one every so many seconds. Many laptops may share an address.
UNKNOWN_TOKEN_BURST, UNKNOWN_TOKEN_INTERVAL = 100, 1


class ConnectLimit:
    """Lets `burst` tries of a key through at once, and then one every `seconds`.

    :param size: Keys that are remembered; beyond that those of the longest ago are forgotten.
    """

    def __init__(self, burst, seconds, *, size=20_000, clock=time.monotonic):
        self._burst = burst
        self._seconds = seconds
        self._size = size
        self._clock = clock
        #: key -> (tries that are left, when that was), the oldest first
        self._left = {}

    def wait(self, key):
        """Return for how many seconds no try is left; 0 if there is one."""
        return max(0.0, (1 - self._left_now(key)) * self._seconds)

    def hit(self, key):
        """Count a try. Return as `wait`; a try that has to wait is not counted."""
        left = self._left_now(key)
        if left < 1:
            return (1 - left) * self._seconds
        self._left.pop(key, None)
        self._left[key] = (left - 1, self._clock())
        if len(self._left) > self._size:
            del self._left[next(iter(self._left))]
        return 0.0

    def _left_now(self, key):
        left, at = self._left.get(key, (self._burst, 0.0))
        return min(self._burst, left + (self._clock() - at) / self._seconds)


def origin(address):
    """Return from where an agent comes: its address, or the network that IPv6 gives to one household (RFC 6177)."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ip if ip.version == 4 else ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))

"""The clock that deadlines run on: it never goes back, and it runs while the computer sleeps.

``time.monotonic`` stands still during a sleep, on Linux and on macOS. A permission to print that ran out while the lid
was closed would then look fresh on waking, although the badge may have come out elsewhere since.
"""

import sys
import time


#: Linux calls the clock that counts sleep CLOCK_BOOTTIME; on macOS CLOCK_MONOTONIC is the one.
_ID: int = time.CLOCK_BOOTTIME if sys.platform == 'linux' else time.CLOCK_MONOTONIC


def now() -> float:
    """Seconds since some moment in the past."""
    return time.clock_gettime(_ID)


class SleepDetector:
    """Notices that the process did not run for a while: the computer slept, or the process was stopped.

    :param longest: seconds between two checks that are nothing unusual, also on a slow and busy computer
    """

    def __init__(self, longest: float):
        self._longest = longest
        self._last = now()

    def check(self) -> float:
        """Return how many seconds were slept through since the last check, or 0."""
        before, self._last = self._last, now()
        gone = self._last - before
        return gone if gone > self._longest else 0.0

"""Waiting before the next attempt, so that a thousand agents do not return in the same second."""

import random


#: The longest wait that a server may ask for, in seconds: a wrong header must not stop a day of check-in.
MAX_RETRY_AFTER = 300.0


def retry_after(header: str) -> float:
    """Seconds that a ``Retry-After`` header (RFC 9110, 10.2.3) asks for; 0 if it says nothing useful.

    Dates are not read: this computer's clock may be wrong.
    """
    header = header.strip()
    return min(float(header), MAX_RETRY_AFTER) if header.isascii() and header.isdecimal() else 0.0


class Backoff:
    """A window that doubles with every failure, and a random moment inside it.

    :param first: the first window, in seconds
    :param longest: where it stops growing, in seconds
    """

    def __init__(self, first: float = 1.0, longest: float = 60.0, rng: random.Random | None = None):
        self._first = first
        self._longest = longest
        self._rng = rng or random.Random()  # noqa: S311 - spreads load, hides nothing
        #: Failures since the last success.
        self.failures = 0

    def reset(self) -> None:
        """Something healthy happened: start with the first window again."""
        self.failures = 0

    def next(self) -> float:
        """Note a failure; return the seconds to wait: between a tenth and the whole of the window."""
        window = min(self._first * 2 ** min(self.failures, 30), self._longest)
        self.failures += 1
        return self._rng.uniform(window / 10, window)

    def spread(self) -> float:
        """A short random wait, so that agents that were woken together do not connect together."""
        return self._rng.uniform(0, self._first)

    def slow(self, window: float | None = None) -> float:
        """A wait for what a person has to mend: the second half of the longest (or the given) window."""
        window = self._longest if window is None else window
        return self._rng.uniform(window / 2, window)

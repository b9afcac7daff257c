"""A circuit breaker: what keeps failing gets no work for a while, and then one probe at a time. Pure.

    closed ──(so many failures in a row)──→ open ──(the interval is over)──→ half-open ──(a success)──→ closed
                                              ↑                                  │
                                              └──────────(another failure)───────┘

Indico uses it for webhooks and for printers, and the agent for its printers; each keeps a `Breaker` where it keeps
everything else. Both sides share this file, so that the word means the same on both.
"""

from dataclasses import dataclass
from enum import StrEnum


#: More doublings than that make no difference; nobody knows how long something stays broken.
_MAX_DOUBLINGS = 10


class State(StrEnum):
    """What may be sent."""

    closed = 'closed'
    open = 'open'
    #: The interval is over: one probe
    half_open = 'half_open'


@dataclass(frozen=True)
class Policy:
    """When a breaker opens, and for how long. Times are in seconds."""

    #: Failures in a row that open it.
    threshold: int
    #: The interval before the first probe; each failed probe doubles it.
    first: float
    longest: float
    #: Failures are in a row if each comes within this time after the one before.
    window: float = float('inf')

    def interval(self, failures: int) -> float:
        """How long nothing is sent after so many failures in a row; 0 while the breaker stays closed."""
        if failures < self.threshold:
            return 0.0
        return min(self.first * 2.0 ** min(failures - self.threshold, _MAX_DOUBLINGS), self.longest)


@dataclass(frozen=True)
class Breaker:
    """A breaker at some moment; a success makes it ``Breaker()`` again. Times are seconds of any one clock."""

    #: Failures in a row.
    failures: int = 0
    #: When the last of them was.
    failed_at: float | None = None
    #: When the next probe is due; None while it is closed.
    probe_at: float | None = None

    def failed(self, now: float, policy: Policy) -> 'Breaker':
        """The breaker after one more failure."""
        in_a_row = self.failed_at is not None and now - self.failed_at <= policy.window
        failures = self.failures + 1 if in_a_row else 1
        interval = policy.interval(failures)
        return Breaker(failures, now, now + interval if interval else None)

    def state(self, now: float) -> State:
        """What may be sent now."""
        if self.probe_at is None:
            return State.closed
        return State.open if now < self.probe_at else State.half_open

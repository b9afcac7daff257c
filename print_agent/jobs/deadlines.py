"""Until when each job may be printed, in memory only.

They need not survive a restart, which returns every go that was not used. All times are those of
:mod:`.runtime.clock`, which counts sleep; jobs are known by their ``seq`` in the spool.
"""

from print_agent.protocol import reasons


class Deadlines:
    """The times of the jobs that the agent holds, in seconds, and what keeps them from being printed."""

    def __init__(self) -> None:
        self._deadlines: dict[int, float] = {}
        self._expiries: dict[int, float] = {}
        self._started: dict[int, float] = {}
        #: Why a job cannot be printed now: reason and detail. They are reported if its time runs out.
        self.blocked: dict[int, tuple[str, str]] = {}

    def came(self, seq: int, received: float, expires_in: float) -> None:
        """A job came in."""
        self._started[seq] = received
        self.expires(seq, received + expires_in)

    def expires(self, seq: int, when: float) -> None:
        """From then on a job is too old to be printed."""
        self._expiries[seq] = when

    def grant(self, seq: int, until: float) -> None:
        """A job may be printed, if it is begun before then."""
        self._deadlines[seq] = until

    def may_begin(self, seq: int, now: float) -> bool:
        """Whether a job has a permission that is still good."""
        deadline = self._deadlines.get(seq)
        return deadline is not None and now < deadline

    def begun(self, seq: int) -> None:
        """A job is at the printer: no clock returns it from there."""
        self._deadlines.pop(seq, None)
        self._expiries.pop(seq, None)

    def since(self, seq: int) -> float | None:
        """When a job came in; None if that was before a restart."""
        return self._started.get(seq)

    def over(self, now: float) -> list[tuple[int, str, str]]:
        """Jobs whose time has run out, each with reason and detail."""
        late = [(seq, *self.blocked.get(seq, ('too_late', reasons.sentence('too_late'))))
                for seq, deadline in self._deadlines.items() if now >= deadline]
        known = {seq for seq, *_ in late}
        return late + [(seq, 'expired', reasons.sentence('expired'))
                       for seq, expiry in self._expiries.items() if now >= expiry and seq not in known]

    def forget(self, seq: int) -> None:
        """A job is over."""
        for memory in (self._deadlines, self._expiries, self._started, self.blocked):
            memory.pop(seq, None)

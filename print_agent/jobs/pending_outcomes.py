"""Outcomes that the disk had no room for.

They were reported all the same: a job is over whether the disk has room for that or not. After a crash now the agent
finds out once more.
"""

from print_agent.errors import SpoolFull
from print_agent.runtime import clock
from print_agent.spool.job import ENDED, Entry
from print_agent.spool.store import Spool


#: How often the spool is asked to take what it could not, in seconds.
SAVE_INTERVAL = 1.0


class PendingOutcomes:
    """Jobs as they ended, until the spool has room to write that down."""

    def __init__(self, spool: Spool):
        self._spool = spool
        self._outcomes: dict[int, Entry] = {}
        self._save_at = 0.0

    def __contains__(self, seq: int) -> bool:
        return seq in self._outcomes

    def keep(self, ended: Entry) -> Entry:
        """Remember an outcome that could not be written."""
        self._outcomes[ended.seq] = ended
        return ended

    def latest(self, entry: Entry) -> Entry:
        """What is known of a job, if the spool lags behind."""
        return self._outcomes.get(entry.seq, entry)

    def tick(self, now: float) -> None:
        """Try again when it is time to."""
        if now >= self._save_at:
            self.save()

    def save(self) -> None:
        """Write what there is, as far as there is room."""
        if not self._outcomes:
            return
        self._save_at = clock.now() + SAVE_INTERVAL
        for seq, ended in list(self._outcomes.items()):
            current = self._spool.get(seq)
            if current is not None and current.state not in ENDED and current.dispatch == ended.dispatch:
                try:
                    self._spool.end(current, ended.state, ended.reason, ended.detail, acked=ended.acked)
                except SpoolFull:
                    return
            del self._outcomes[seq]

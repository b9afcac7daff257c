"""How many badges the agent holds before it takes no more."""

from print_agent.protocol import reasons
from print_agent.spool.store import Spool


#: Most jobs that the spool holds, and most bytes of their documents.
MAX_HELD, MAX_BYTES = 500, 256 * 1024 * 1024


class NoRoom(Exception):
    """A job was not kept, for want of room or memory; its sender has been told. ``reason`` says which room."""

    def __init__(self, reason: str):
        super().__init__(reasons.sentence(reason))
        self.reason = reason


def lack(spool: Spool) -> str:
    """Why the spool takes no more jobs: a reason, or empty if it does."""
    if spool.file.full:
        return 'disk_full'
    many = sum(spool.depths().values()) >= MAX_HELD or spool.waiting_bytes() >= MAX_BYTES
    return 'spool_full' if many else ''

"""How many badges the agent holds before it takes no more."""

from print_agent.spool.store import Spool


#: Most jobs that the spool holds, and most bytes of their documents.
MAX_HELD, MAX_BYTES = 500, 256 * 1024 * 1024


def shortage(spool: Spool) -> str:
    """Why the spool takes no more jobs: a reason, or empty if it does."""
    if spool.file.full:
        return 'disk_full'
    many = sum(spool.depths().values()) >= MAX_HELD or spool.waiting_bytes() >= MAX_BYTES
    return 'spool_full' if many else ''

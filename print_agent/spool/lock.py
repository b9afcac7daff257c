"""One agent for one spool: who works with it holds a lock on its folder."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from print_agent.errors import AlreadyRunning


#: How long an agent that starts waits for somebody who only asks whether one runs, in seconds.
READER_TIMEOUT = 1.0


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the spool's folder for this process. Raises :class:`AlreadyRunning`, or OSError in words."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(folder / 'agent.lock', os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise _unusable(folder, exc) from exc
    try:
        until = time.monotonic() + READER_TIMEOUT
        while not _try(fd, fcntl.LOCK_EX):
            if time.monotonic() >= until:
                raise AlreadyRunning(f'Another print agent uses {folder} already. Stop it first, or give this one a '
                                     f'spool of its own ([spool] path in agent.toml).')
            time.sleep(0.02)
        yield
    finally:
        os.close(fd)


def is_locked(folder: Path) -> bool:
    """Whether an agent works with the spool. Raises OSError, in words, if it cannot be known."""
    try:
        fd = os.open(folder / 'agent.lock', os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise _unusable(folder, exc) from exc
    try:
        # Shared, so that two who look at the same moment do not take each other for an agent.
        return not _try(fd, fcntl.LOCK_SH)
    finally:
        os.close(fd)


def _unusable(folder: Path, exc: OSError) -> OSError:
    return OSError(f'The spool {folder} cannot be used ({exc.strerror}). It must be a folder of the user who runs the '
                   f'print agent, who must be the one to run this.')


def _try(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

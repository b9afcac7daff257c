"""Reads ``/proc`` while processes and threads come and go: what has ended meanwhile is not there, and no error.

Linux removes the entries of a thread between listing it and reading it (FileNotFoundError), or while its file is open
(ESRCH, ProcessLookupError).
"""

import os
from pathlib import Path


_ENDED = (FileNotFoundError, ProcessLookupError)


def _read(path):
    try:
        return path.read_text()
    except _ENDED:
        return ''


def _list(path):
    try:
        return list(path.iterdir())
    except _ENDED:
        return []


def children(pid):
    """Return the numbers of the child processes of a process."""
    return [int(child) for task in _list(Path(f'/proc/{pid}/task')) for child in _read(task / 'children').split()]


def count(pid, what):
    """Return how many entries of a kind (``fd``, ``task``) a process has; 0 once it has ended."""
    return len(_list(Path(f'/proc/{pid}/{what}')))


def peak_memory(pid):
    """Return the most memory that a process ever had, in bytes; 0 once it has ended."""
    found = _read(Path(f'/proc/{pid}/status')).partition('VmHWM:')[2].split()
    return int(found[0]) * 1024 if found else 0


def cpu_seconds(pid):
    """Return how much of a processor a process has used since its start, in seconds; 0 once it has ended."""
    # its name, in brackets, may hold spaces
    found = _read(Path(f'/proc/{pid}/stat')).rpartition(')')[2].split()
    return (int(found[11]) + int(found[12])) / os.sysconf('SC_CLK_TCK') if found else 0

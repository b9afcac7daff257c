"""Time stamps of every step of a job, for benchmarks. Off unless ``PRINT_AGENT_TRACE`` names a file."""

import json
import os
import time


class Trace:
    """Appends JSON lines ``{"job", "dispatch", "step", "t"}``; ``t`` is wall clock in seconds."""

    def __init__(self, path: str | None = None):
        path = path if path is not None else os.environ.get('PRINT_AGENT_TRACE', '')
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if path else None

    def __call__(self, job: str, dispatch: int, step: str) -> None:
        """Note one step: received, spooled, go, submit, submitted, at_printer or end."""
        if self._fd is not None:
            line = json.dumps({'job': job, 'dispatch': dispatch, 'step': step, 't': time.time()})
            os.write(self._fd, line.encode() + b'\n')  # one write, so that lines of two agents do not mix

"""Progress for people: one short line per step, with the seconds since the start, on standard error."""

import sys
import time


_started = time.monotonic()


def say(words):
    """Print one line of progress."""
    print(f'[{time.monotonic() - _started:4.0f}s] {words}', file=sys.stderr, flush=True)

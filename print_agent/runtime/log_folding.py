"""Lines of the log that come over and over, folded: a flood at a port must not fill the disk, nor hide what matters."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable


#: For so long a line is not written again, in seconds; then it says how often it came.
FOLD_INTERVAL = 60.0
#: Lines of one kind that differ only in what they are about: so many are written in an interval.
MAX_OF_A_KIND = 100
#: Lines and kinds that are remembered, each.
MAX_REMEMBERED = 256


class _Seen:
    """A line, or a kind of line, since it was written first in this interval."""

    def __init__(self, since: float):
        self.since = since
        self.written = 0
        self.folded = 0


class Folding(logging.Filter):
    """Lets a line through once in an interval, and says later how often it came.

    Belongs to one handler: ``handler.addFilter(Folding(handler))``. Nothing runs beside: what was left out is said
    with the first line that comes after the interval, whichever that is.
    """

    def __init__(self, handler: logging.Handler, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self._handler = handler
        self._clock = clock
        self._lock = threading.Lock()
        #: (logger, level, text) and (logger, level, template) -> what became of it, the longest ago first
        self._lines: OrderedDict[tuple[str, int, str], _Seen] = OrderedDict()
        self._kinds: OrderedDict[tuple[str, int, str], _Seen] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written. Writes first what is to be said about those before it."""
        if getattr(record, 'is_summary', False):
            return True
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f'{text} ({record.exc_info[1]!r})'
        with self._lock:
            now = self._clock()
            summaries = [*self._ended(self._lines, now), *self._ended(self._kinds, now, 'More lines like this')]
            written = self._count(record, text, now)
            summaries += [*self._forgotten(self._lines), *self._forgotten(self._kinds, 'More lines like this')]
        for name, level, words in summaries:
            summary = logging.LogRecord(name, level, '', 0, words, None, None)
            summary.is_summary = True
            self._handler.handle(summary)
        return written

    def _count(self, record: logging.LogRecord, text: str, now: float) -> bool:
        kind = self._kinds.setdefault((record.name, record.levelno, str(record.msg)), _Seen(now))
        key = (record.name, record.levelno, text)
        line = self._lines.get(key)
        if line is not None:
            line.folded += 1
            return False
        if kind.written >= MAX_OF_A_KIND:
            kind.folded += 1
            return False
        kind.written += 1
        self._lines[key] = _Seen(now)
        return True

    def _ended(self, seen: OrderedDict[tuple[str, int, str], _Seen], now: float, prefix: str = '',
               ) -> list[tuple[str, int, str]]:
        """Forget the lines whose interval is over; return what is to be said about them."""
        over = []
        while seen and now - next(iter(seen.values())).since >= FOLD_INTERVAL:
            over.append(seen.popitem(last=False))
        return _summaries(over, prefix)

    def _forgotten(self, seen: OrderedDict[tuple[str, int, str], _Seen], prefix: str = '',
                   ) -> list[tuple[str, int, str]]:
        over = []
        while len(seen) > MAX_REMEMBERED:
            over.append(seen.popitem(last=False))
        return _summaries(over, prefix)


def _summaries(over: list[tuple[tuple[str, int, str], _Seen]], prefix: str) -> list[tuple[str, int, str]]:
    return [(name, level, f'{f"{prefix}: " if prefix else ""}{text} (repeated {_times(seen.folded)})')
            for (name, level, text), seen in over if seen.folded]


def _times(count: int) -> str:
    return 'once' if count == 1 else f'{count} times'

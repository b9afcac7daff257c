"""The last lines of the log, in memory, so that they can be given to somebody who helps. They hold ids, no names."""

import logging
from collections import deque

from print_agent.runtime.log_folding import Folding


#: Lines that are kept.
MAX_LINES = 2000


class LogBuffer(logging.Handler):
    """Remembers what the agent logs, from :meth:`open` to :meth:`close`."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter('%(asctime)s %(levelname)s %(message)s'))
        self.addFilter(Folding(self))
        self._lines: deque[str] = deque(maxlen=MAX_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Remember one record."""
        self._lines.append(self.format(record))

    def open(self) -> None:
        """Remember what the agent logs from now on."""
        logging.getLogger('print_agent').addHandler(self)

    def close(self) -> None:
        """Stop listening; what was heard stays."""
        logging.getLogger('print_agent').removeHandler(self)
        super().close()

    def lines(self) -> list[str]:
        """What was logged, oldest first."""
        return list(self._lines)

"""Notifies the service manager that the agent is up, that it works, and that it stops (``sd_notify(3)``).

The heartbeat does not come from a timer but from the loops: each notes when it last got something done, and there is
one only while all of them are recent and the spool can be read. A hung agent is then killed and started
again by the service manager; nothing is lost by that.
"""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Callable


log = logging.getLogger(__name__)

#: Longest silence of a loop that is still healthy, in seconds. Each does something far more often, but CUPS, a printer
#: or a slow disk may hold one up.
MAX_SILENCE = 120.0


class Heartbeats:
    """When each loop last got something done."""

    def __init__(self, max_silence: float = MAX_SILENCE):
        self._max_silence = max_silence
        self._beats: dict[str, float] = {}

    def beat(self, loop: str) -> None:
        """The loop of this name works."""
        self._beats[loop] = time.monotonic()  # which stands still, as the loops do, while the computer sleeps

    def silent(self) -> list[str]:
        """The loops that have done nothing for too long."""
        now = time.monotonic()
        return sorted(loop for loop, beat in self._beats.items() if now - beat > self._max_silence)


class Notifier:
    """Sends words to the service manager. Without one (no ``NOTIFY_SOCKET``) everything here does nothing.

    :param address: path of a datagram socket; a leading ``@`` stands for Linux's abstract names
    """

    def __init__(self, address: str | None = None):
        self._address = os.environ.get('NOTIFY_SOCKET', '') if address is None else address

    def say(self, *words: str) -> None:
        """Send ``KEY=value`` words in one message."""
        if not self._address:
            return
        target = '\0' + self._address[1:] if self._address.startswith('@') else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.connect(target)
                sock.sendall('\n'.join(words).encode())
        except OSError as exc:  # badges matter more than the word about them
            log.warning('the service manager cannot be notified of "%s": %s', words[0], exc)


class Watchdog:
    """The heartbeat of the whole agent. Does nothing where nobody waits for one.

    :param works: raises if the agent does not work
    """

    def __init__(self, notifier: Notifier, pulse: Heartbeats, works: Callable[[], object]):
        self._notifier = notifier
        self._pulse = pulse
        self._works = works
        self._is_reported = False
        self.interval = _interval()

    async def run(self) -> None:
        """Send heartbeats until cancelled."""
        while self.interval:
            self.notify()
            await asyncio.sleep(self.interval)

    def notify(self) -> bool:
        """Send one heartbeat, if the agent works. Return whether it does."""
        if silent := self._pulse.silent():
            if not self._is_reported:
                log.error('no heartbeat: %s hang%s', ', '.join(silent), 's' if len(silent) == 1 else '')
                self._notifier.say(f'STATUS=Hangs: {", ".join(silent)}')
            self._is_reported = True
            return False
        self._works()
        self._is_reported = False
        self._notifier.say('WATCHDOG=1')
        return True


def _interval() -> float:
    """Seconds between two heartbeats: a third of what the service manager waits for; 0 if it does not wait for any."""
    pid, microseconds = os.environ.get('WATCHDOG_PID', ''), os.environ.get('WATCHDOG_USEC', '')
    if not microseconds.isdecimal() or (pid and pid != str(os.getpid())):
        return 0.0
    return int(microseconds) / 3e6

"""What is behind each print queue: the printer that can be asked, or the address to which CUPS connects.

A queue whose device does not answer looks ready in CUPS: it takes the badge and tries to connect, for days. Whether a
plain socket (``socket://``, ``lpd://``) takes a connection can be tried before the badge is handed over. The devices of
a CUPS on another computer cannot be tried or asked: their addresses are meant from there, where ``localhost`` is
another computer than here.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping

from print_agent.errors import CupsDown, CupsRefused, Unreachable
from print_agent.printing.addresses import printer_uri, socket_address
from print_agent.printing.cups_client import CupsClient
from print_agent.printing.ipp import IppClient


log = logging.getLogger(__name__)

#: Longest wait for a connection to a device, in seconds.
CONNECT_TIMEOUT = 1.5
#: How long a printer that gives no answer of use is asked no more, in seconds: it may only have been starting.
UNREADABLE_PAUSE = 60.0


class Devices:
    """The devices of the queues of one CUPS server, by the name of the queue.

    :param logins: name and password of printers that say nothing without; CUPS keeps to itself those that it has
    """

    def __init__(self, client: CupsClient, logins: Mapping[str, tuple[str, str]] | None = None):
        self._client = client
        self._logins = logins or {}
        self._uris: dict[str, str] = {}
        self._ipp_clients: dict[tuple[str, tuple[str, str] | None], IppClient] = {}
        #: Queues whose printer gives no answer of use: until when, and the reason. Their badges are sent.
        self._mute: dict[str, tuple[float, str]] = {}
        self._complained: dict[str, str] = {}
        self._advised: set[str] = set()
        #: Queues whose device did not take a connection when it was last tried.
        self.dead: set[str] = set()

    def learn(self, printer: str, device_uri: str) -> None:
        """Note the device of a queue, as CUPS names it."""
        if self._uris.get(printer) == device_uri:
            return
        self._uris[printer] = device_uri
        self.dead.discard(printer)
        self._mute.pop(printer, None)
        self._complained.pop(printer, None)
        uri = printer_uri(device_uri)
        if uri is not None and 'waitjob=false' not in device_uri and printer not in self._advised:
            self._advised.add(printer)
            log.warning('the queue %s waits for its printer: badges take a second longer, and CUPS prints one again if '
                        'it is killed meanwhile. Better: sudo lpadmin -p %s -v "%s?waitjob=false"',
                        printer, printer, uri)

    async def learn_uri(self, printer: str) -> None:
        """After a restart the queue's device may not have been seen yet. CUPS being down is not the time to guess."""
        while printer not in self._uris:
            try:
                queue = await self._client.queue(printer, ['device-uri'])
                self.learn(printer, str((queue or {}).get('device-uri', '')))
            except (CupsDown, CupsRefused) as exc:
                log.info('waiting for cups to name the device of %s: %s', printer, exc)
                await asyncio.sleep(1.0)

    def ipp(self, printer: str) -> IppClient | None:
        """The client for the printer of a queue; None if it cannot be asked."""
        uri = printer_uri(self._uris.get(printer, '')) if self._client.is_local else None
        if uri is None or self.mute(printer):
            return None
        key = uri, self._logins.get(printer)
        if key not in self._ipp_clients:
            self._ipp_clients[key] = IppClient(uri, login=key[1])
        return self._ipp_clients[key]

    def mute(self, printer: str) -> str:
        """Why the printer of a queue is not asked now, although it answers; empty if it is."""
        until, reason = self._mute.get(printer, (0.0, ''))
        return reason if time.monotonic() < until else ''

    def cannot_be_read(self, printer: str, why: Unreachable) -> None:
        """Note that a printer gives no answer of use. CUPS may print to it well; it is asked no more for a while."""
        self._mute[printer] = time.monotonic() + UNREADABLE_PAUSE, why.reason
        if self._complained.get(printer) != why.reason:
            self._complained[printer] = why.reason
            log.warning('the printer of the queue %s cannot be asked (%s: %s): its badges are "sent"', printer,
                        why.reason, why)

    async def connects(self, printer: str) -> bool | None:
        """Try whether the device of a queue takes a connection; None if that cannot be tried."""
        address = socket_address(self._uris.get(printer, '')) if self._client.is_local else None
        if address is None:
            return None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                _, writer = await asyncio.open_connection(*address)
        except OSError:  # also when the time is over
            self.dead.add(printer)
            return False
        self.dead.discard(printer)
        writer.close()
        with contextlib.suppress(OSError):  # only its being there was of interest
            await writer.wait_closed()
        return True

    async def close(self) -> None:
        """Close the connections to printers."""
        await asyncio.gather(*(ipp.close() for ipp in self._ipp_clients.values()))

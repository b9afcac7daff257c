"""Starts all loops of the agent and stops them in the right order."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec

from print_agent.config import Config
from print_agent.connection.link import Link
from print_agent.connection.links import Links
from print_agent.connection.pairing import Pairing
from print_agent.errors import AgentFailed
from print_agent.jobs.manager import Jobs
from print_agent.jobs.worker import Worker
from print_agent.printing.backend import Backend
from print_agent.printing.breaker import PrinterBreakers
from print_agent.printing.calibrations import Layouts
from print_agent.printing.printer_list import Printers
from print_agent.protocol import messages as p
from print_agent.runtime.clock import SleepDetector
from print_agent.runtime.systemd import Heartbeats, Notifier, Watchdog
from print_agent.runtime.trace import Trace
from print_agent.spool.housekeeping import Housekeeping
from print_agent.spool.store import Spool
from print_agent.web.actions import Control
from print_agent.web.connection_history import History
from print_agent.web.page import Page
from print_agent.webhook.outcome_reporter import OutcomeReporter
from print_agent.webhook.receiver import Receiver


log = logging.getLogger(__name__)

#: How often deadlines are checked, in seconds.
TICK_INTERVAL = 0.1
#: A clock that jumps by more than this means that the computer slept, in seconds.
MIN_SLEEP = 5.0
#: How long the agent waits, before it stops, for a badge that is being printed, in seconds.
DRAIN_TIMEOUT = 10.0
#: How long to wait for the server to acknowledge the last outcomes, in seconds.
FLUSH_TIMEOUT = 3.0


def backends(config: Config) -> list[Backend]:
    """The ways to print that the configuration asks for; CUPS last, as it alone may learn of a new printer."""
    from print_agent.printing.folder import FolderBackend

    found: list[Backend] = []
    if config.folders:
        found.append(FolderBackend(config.folders))
    if config.cups:
        from print_agent.errors import CupsMissing
        from print_agent.printing.cups import CupsBackend
        from print_agent.printing.cups_client import CupsClient

        try:
            found.append(CupsBackend(CupsClient(config.cups_server), config.queues, config.logins))
        except CupsMissing as exc:
            if not config.folders:
                raise
            log.warning('%s', exc)
    return found


class Agent:
    """Everything that runs. Use :meth:`run`; :meth:`stop` stops it gracefully."""

    def __init__(self, config: Config, pairings: list[Pairing], backends: list[Backend], spool: Spool):
        self._config = config
        self._backends = backends
        self._spool = spool
        self._breakers = PrinterBreakers()
        self.printers = Printers(backends, spool.depths, self._breakers)
        self.jobs = Jobs(spool, trace=Trace(), known=self.printers.known)
        self.jobs.left_out = lambda: len(self.printers.offer().left_out)
        self._linked = Links(config.pairings, pairings, self.jobs, self._link_for, self._start)
        self.links = self._linked.all
        self._receiver = Receiver(config, self.jobs) if config.webhook_endpoints else None
        self._reporter = OutcomeReporter(self.jobs, {each.printer: each.secrets for each in config.webhook_endpoints},
                                    network=config.network)
        self._history = History(self.links)
        self._layouts = Layouts(config.layouts, config.calibrations)
        self.printers.is_calibrated = self._layouts.is_set_here
        self.control = Control(spool, self.jobs, self.printers, self._layouts)
        self._page = Page(config, spool, self.control, self.printers, self._history) if config.page else None
        self._workers: dict[str, Worker] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()
        self._died = ''
        self._notifier = Notifier()
        self._pulse = Heartbeats()
        self.printers.beat = partial(self._pulse.beat, 'the watch over the printers')

    def stop(self) -> None:
        """Ask the agent to stop: it returns what it may, finishes the badge in the printer and reports it."""
        self._stop.set()

    async def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Run until :meth:`stop`. ``started`` is called when everything is up.

        :raises SpoolCorrupt: the spool broke; the agent can start again with a new one
        :raises AgentFailed: something else did
        """
        self._spool.file.on_broken = self._stop.set
        try:
            if self._page is not None:
                await self._page.start()  # first, as it hears the log
            self.jobs.restart()
            self.jobs.on_work = self._work_for
            await self.printers.refresh()
            self.printers.on_change(self._send_printers)
            for printer in self._spool.printers():
                self._work_for(printer)
            self._start(self.printers.run(), 'printers')
            self._start(self._clock(), 'clock')
            self._start(Housekeeping(self._spool, self._room_changed,
                                     partial(self._pulse.beat, 'the housekeeping')).run(), 'housekeeping')
            self._start(self._reporter.run(), 'callbacks')
            if self._receiver is not None:
                await self._receiver.start()
            self._linked.start()
            watch = self._start(self._linked.run(), 'pairings')
            self._start(Watchdog(self._notifier, self._pulse, lambda: self._spool.note('spool')).run(), 'watchdog')
            started()
            self._notifier.say('READY=1', 'STATUS=Prints badges.')
            await self._stop.wait()
            self._notifier.say('STOPPING=1', 'STATUS=Finishes the badge in the printer.')
            if self._spool.file.broken is not None:
                raise self._spool.file.broken
            watch.cancel()
            await self._drain()
            self._linked.cancel()
            if self._died:
                raise AgentFailed(f'The print agent stopped because of an error of its own ("{self._died}"). Its log '
                                  f'says more; please report it. No badge is lost: start it again.')
        finally:
            if self._receiver is not None:
                await self._receiver.stop()
            if self._page is not None:
                await self._page.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for backend in self._backends:
                await backend.close()

    async def _drain(self) -> None:
        log.info('stopping')
        if self._page is not None:
            self._page.stopping()
        for link in self.links:
            link.put(p.Drain(reason='The print agent is shutting down.'))
        if self._receiver is not None:
            await self._receiver.stop()
        self.jobs.drain()
        await self._wait(lambda: not any(worker.busy for worker in self._workers.values()), DRAIN_TIMEOUT)
        await self._wait(self._flushed, FLUSH_TIMEOUT)

    def _flushed(self) -> bool:
        return (all(link.flushed() for link in self.links)
                and not any(self.jobs.owed(link.pairing.id) for link in self.links if link.state != 'down'))

    @staticmethod
    async def _wait(condition: Callable[[], bool], seconds: float) -> None:
        with contextlib.suppress(TimeoutError):  # what is not done by then is done at the next start
            async with asyncio.timeout(seconds):
                while not condition():  # noqa: ASYNC110 - for a few seconds, once, when it stops
                    await asyncio.sleep(0.02)

    def _link_for(self, pairing: Pairing) -> Link:
        return Link(pairing, self.jobs, self._offered, mode=self._config.mode, network=self._config.network,
                    wanted=self.printers.want)

    def _start(self, loop: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(loop, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._loop_ended)
        return task

    def _loop_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (exc := task.exception()) is not None:
            # Half an agent is worse than none: stop, so that the service manager starts a whole one.
            log.critical('the loop "%s" died; stopping', task.get_name(), exc_info=exc)
            self._died = self._died or task.get_name()
            self._stop.set()

    def _work_for(self, printer: str) -> None:
        if printer not in self._workers and (backend := self.printers.backend(printer)) is not None:
            worker = self._workers[printer] = Worker(printer, backend, self.jobs, self._breakers,
                                                     self.printers.stalled_by, self._layouts)
            self._start(worker.run(), f'printer {printer}')

    def _offered(self) -> tuple[p.Printer, ...]:
        """The printers as Indico should see them: with a full disk none of them takes a badge."""
        offered = self.printers.offer().printers
        if not self._spool.file.full:
            return offered
        return tuple(msgspec.structs.replace(each, accepting=False, reasons=('disk_full', *each.reasons)[:32])
                     for each in offered)

    def _room_changed(self) -> None:
        self._send_printers()
        if not self._spool.file.full:
            for link in self.links:  # a new hello says what could not be noted before
                link.wake()

    def _send_printers(self) -> None:
        message = p.Printers(printers=self._offered(), left_out=self.jobs.left_out())
        for link in self.links:
            link.put(message)

    async def _clock(self) -> None:
        sleep_detector = SleepDetector(MIN_SLEEP)
        while True:
            self._pulse.beat('the clock')
            self._history.update()
            self.jobs.tick()  # first of all: what ran out while the computer slept must not be printed
            if slept := sleep_detector.check():
                log.info('this computer slept for %.0f s; connecting again', slept)
                for link in self.links:
                    link.wake()
            await asyncio.sleep(TICK_INTERVAL)

"""The relay makes the POSTs to webhooks: many at once, one at a time for each webhook, whatever the receivers do.

Each POST blocks a thread that does nothing but wait; the database is used by the threads of `Database` only, before and
after. Why threads: see ``docs/decisions.md``.
"""

import asyncio
import threading
import time
from contextlib import suppress

from indico_checkin_print import heartbeat
from indico_checkin_print.delivery import deliver
from indico_checkin_print.errors import DatabaseAway
from indico_checkin_print.logs import log_failure


#: POSTs at once, and how many of them may be data for other systems: a badge always finds a place free.
AT_ONCE, DATA_AT_ONCE = 64, 48
#: Between two queries for POSTs that are due: next tries come without a NOTIFY, and a NOTIFY can be lost.
POLL_INTERVAL = 1  # seconds
#: How long POSTs that are under way have when the relay stops.
STOP_TIMEOUT = 5  # seconds


class Posts:
    """The POSTs of one relay."""

    def __init__(self, database, metrics, log):
        self._db = database
        self._metrics = metrics
        self._log = log
        self._wanted = asyncio.Event()
        #: task -> `Delivery`
        self._under_way = {}
        self._heartbeat_name = None

    def __len__(self):
        return len(self._under_way)

    def wake(self):
        """Something may be due."""
        self._wanted.set()

    async def run(self, place):
        """Make POSTs until this is cancelled.

        :param place: ``machine:port`` of the relay. While it is seen in the database, Celery makes no POSTs.
        """
        self._heartbeat_name, noted = f'{heartbeat.POSTS}{place}', 0
        while True:
            self._wanted.clear()
            try:
                await self._claim()
                # only who can claim may keep Celery from it
                if time.monotonic() - noted >= heartbeat.POSTS_INTERVAL:
                    await self._db.call(heartbeat.beat, self._heartbeat_name)
                    noted = time.monotonic()
            except DatabaseAway:
                pass  # the listener logs it; the next round finds what this one missed
            except Exception as exc:
                log_failure(self._log, exc, 'POSTs could not be begun')
                await asyncio.sleep(POLL_INTERVAL)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), POLL_INTERVAL)

    async def stop(self):
        """Let Celery or another relay take over, and wait a little for what is under way; `run` was cancelled before.

        What is not answered in time stays in the log of attempts, and is sent again, with its id, when its lease ends.
        """
        try:
            if self._heartbeat_name:
                await self._db.call(heartbeat.forget, self._heartbeat_name, retry_for=0)
        except Exception as exc:  # the one that takes over notices some seconds later
            log_failure(self._log, exc, 'That this relay makes no more POSTs could not be noted')
        if self._under_way:
            await asyncio.wait(list(self._under_way), timeout=STOP_TIMEOUT)
        for delivery in self._under_way.values():
            self._log.warning('The POST of job %d is left in the middle: the relay stops', delivery.job_id)

    async def _claim(self):
        while len(self._under_way) < AT_ONCE:
            only_badges = sum(delivery.is_data for delivery in self._under_way.values()) >= DATA_AT_ONCE
            ready = await self._db.call(deliver.begin, 'relay', only_badges=only_badges)
            if ready is None:
                break
            if ready.request is not None:
                self._under_way[asyncio.create_task(self._make(ready))] = ready

    async def _make(self, ready):
        try:
            answer = await _in_thread(deliver.send, ready)
            self._metrics.count('posts_total', result=str(answer.status or answer.error))
            self._metrics.observe('post_seconds', answer.seconds)
            await self._db.call(deliver.enter, ready, answer, 'relay')
        except DatabaseAway as exc:
            self._log.warning('The answer to job %d could not be noted (%s); it is sent again', ready.job_id, exc)
        except Exception as exc:
            log_failure(self._log, exc, 'The answer to job %d could not be noted', ready.job_id)
        finally:
            del self._under_way[asyncio.current_task()]
            # its webhook is free, and so is a place
            self.wake()


async def _in_thread(function, *args):
    """Run a function in a thread that no one waits for when the process ends, as one of an executor would be."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def _note(result):
        if not future.done():
            future.set_result(result)

    def _run():
        result = function(*args)
        with suppress(RuntimeError):  # the loop is closed: the relay has stopped meanwhile
            loop.call_soon_threadsafe(_note, result)

    threading.Thread(target=_run, name='relay-post', daemon=True).start()
    return await future

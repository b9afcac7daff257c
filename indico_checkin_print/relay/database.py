"""The relay's database: calls in threads, each with a short transaction, and a connection that listens for NOTIFY."""

import asyncio
import random
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import psycopg2.extensions
from sqlalchemy.exc import DBAPIError

from indico.core.db import db
from indico.core.plugins import plugin_engine

from indico_checkin_print.errors import DatabaseAway
from indico_checkin_print.logs import logger
from indico_checkin_print.sql import CHANNEL


#: Calls at the same time; each has a connection of Indico's pool.
THREADS = 8
#: Between two tries to listen.
LISTEN_RETRY_INTERVAL = 2  # seconds
#: How long a call is retried while the database restarts; agents need not notice.
RETRY_TIMEOUT = 15  # seconds


class Database:
    """Runs functions that use ``db.session`` in threads."""

    def __init__(self, app, metrics):
        self._app = app
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix='relay-db')
        #: Whether NOTIFY can be heard just now
        self.listening = False

    async def call(self, function, *args, retry_for=RETRY_TIMEOUT, **kwargs):
        """Run a function in a thread, in an app context and a transaction of its own. Return what it returns.

        While the database is away it is tried again. That is harmless even if the commit worked and only its answer was
        lost: agents say everything at least once, and what was given away is compared with what they hold.

        :param retry_for: For how many seconds. Then, or at once for errors of another kind, it raises `DatabaseAway`
                          or the error.
        """
        until = time.monotonic() + retry_for
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    self._pool, self._run, time.monotonic(), function, args, kwargs)
            except DBAPIError as exc:
                self._metrics.count('database_errors_total')
                if not _may_pass(exc):
                    raise
                if time.monotonic() >= until:
                    raise DatabaseAway(str(exc.orig).strip()) from exc
            await asyncio.sleep(random.uniform(0.1, 1))  # noqa: S311 - spreads load

    def _run(self, asked, function, args, kwargs):
        try:
            with self._app.app_context(), plugin_engine.get_plugin('checkin_print').plugin_context():
                try:
                    result = function(*args, **kwargs)
                    db.session.commit()
                    return result
                finally:
                    db.session.remove()
        finally:
            self._metrics.count('database_calls_total', call=function.__name__)
            self._metrics.count('database_seconds_total', time.monotonic() - asked, call=function.__name__)

    async def listen(self, on_notify):
        """Call `on_notify` with each payload of NOTIFY, for ever; with ``''`` when some may have been missed."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                conn = await asyncio.to_thread(self._connect)
            except psycopg2.Error as exc:
                logger.warning('Cannot listen to the database (%s); next try in %d s', exc, LISTEN_RETRY_INTERVAL)
                await asyncio.sleep(LISTEN_RETRY_INTERVAL)
                continue
            broken = loop.create_future()

            def _readable(conn=conn, broken=broken):
                try:
                    conn.poll()
                except psycopg2.Error as error:
                    if not broken.done():
                        broken.set_result(error)
                    return
                while conn.notifies:
                    on_notify(conn.notifies.pop(0).payload)

            fd = conn.fileno()
            loop.add_reader(fd, _readable)
            self.listening = True
            on_notify('')
            try:
                exc = await broken
                logger.warning('The database no longer notifies (%s); listening again', exc)
            finally:
                self.listening = False
                loop.remove_reader(fd)
                conn.close()

    def _connect(self):
        with self._app.app_context():
            url = db.engine.url.render_as_string(hide_password=False)
        # it only listens, so nothing else would show that the other end lost power
        conn = psycopg2.connect(url.replace('postgresql+psycopg2://', 'postgresql://'),
                                keepalives_idle=10, keepalives_interval=5, keepalives_count=3)
        conn.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_AUTOCOMMIT)
        with conn.cursor() as cursor:
            cursor.execute(f'LISTEN {CHANNEL}')
        return conn


def _may_pass(exc):
    """Return whether the same may work a moment later: the connection broke, or two transactions met."""
    return exc.connection_invalidated or isinstance(exc.orig, psycopg2.OperationalError | psycopg2.InterfaceError)

"""Indico itself: its configuration, its database, the web server, the Celery worker, and the plugin's relay."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.stack.folder import subfolder
from tests.stack.process import Service, StartError, accepts, free_port


BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]

CONF = """
SQLALCHEMY_DATABASE_URI = {database!r}
SECRET_KEY = {secret!r}
BASE_URL = {base_url!r}
CELERY_BROKER = {broker!r}
REDIS_CACHE_URL = {cache!r}
DEFAULT_TIMEZONE = 'Europe/Zurich'
DEFAULT_LOCALE = 'en_GB'
CACHE_DIR = {folder!r} + '/cache'
TEMP_DIR = {folder!r} + '/tmp'
LOG_DIR = {folder!r} + '/log'
CUSTOMIZATION_DIR = {folder!r} + '/custom'
STORAGE_BACKENDS = {{'default': 'fs:' + {folder!r} + '/archive'}}
ATTACHMENT_STORAGE = 'default'
SUPPORT_EMAIL = 'support@indico.example'
NO_REPLY_EMAIL = 'noreply@indico.example'
# nothing here shall ever reach a mail server but the sink of the tests
SMTP_SERVER = ('127.0.0.1', {smtp_port})
ENABLE_ROOMBOOKING = False
# every check-in of a volunteer comes from one machine here
FAILED_LOGIN_RATE_LIMIT = None
PLUGINS = {plugins!r}
{extra}
"""

LOGGING = """
version: 1
root: {level: INFO, handlers: [stderr]}
handlers:
  stderr: {class: logging.StreamHandler, formatter: default}
formatters:
  default: {format: '%(asctime)s  %(levelname)-7s  %(name)-25s %(message)s'}
"""


class Indico:
    """One Indico on a database: configuration and commands.

    :param name: Name of its folder, and of its web server.
    :param database: URI of its database.
    :param plugin: Whether the plugin is switched on; the benchmark compares an Indico with and one without it.
    :param smtp_port: Where e-mails go; by default nobody is there.
    :param conf: More lines for ``indico.conf``.
    :param relay_port: Where agents find the relay; ``None`` if there is none.
    """

    def __init__(self, name, folder, *, database, redis, plugin=True, relay_port=None,
                 smtp_port=9, conf=''):
        self.name = name
        self.run_folder = folder
        self.folder = subfolder(folder, name)
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        for sub in ('cache', 'tmp', 'log', 'archive', 'custom'):
            subfolder(self.folder, sub)
        extra = conf
        if plugin:
            # receivers of webhooks are on this machine here; real administrators open the networks of their desks
            extra += "\nPLUGIN_CHECKIN_PRINT_ALLOWED_NETWORKS = ['127.0.0.0/8', '::1/128']\n"
            if relay_port:
                extra += f"PLUGIN_CHECKIN_PRINT_RELAY_URL = 'ws://127.0.0.1:{relay_port}/checkin-print/ws'\n"
        self.conf = self.folder / 'indico.conf'
        self.conf.write_text(CONF.format(
            database=database, secret='not a secret: the private stack only', base_url=self.url, broker=redis.url(0),
            cache=redis.url(1), folder=str(self.folder), plugins={'checkin_print'} if plugin else set(), extra=extra,
            smtp_port=smtp_port))
        (self.folder / 'logging.yaml').write_text(LOGGING)
        self.env = {'INDICO_CONFIG': str(self.conf), 'C_FORCE_ROOT': '1', 'PYTHONPATH': str(ROOT), 'LC_ALL': 'C.UTF-8'}

    def run(self, *args, stdin=None):
        """Run a command with this configuration, e.g. ``indico db prepare``; return what it printed."""
        env = {key: value for key, value in {**os.environ, **self.env}.items() if value is not None}
        done = subprocess.run([str(arg) for arg in args], env=env, capture_output=True, text=True, check=False,
                              cwd=ROOT, input=stdin)
        if done.returncode:
            raise StartError(f'{" ".join(map(str, args))} failed:\n{(done.stdout + done.stderr)[-4000:]}')
        return done.stdout

    def web(self, *, workers=2, threads=4):
        """Return the web server (not started)."""
        # preload: one load for all workers, as uWSGI does it in production
        args = [BIN / 'gunicorn', '--preload', '-w', workers, '-k', 'gthread', '--threads', threads,
                '-b', f'127.0.0.1:{self.port}', '--keep-alive', '75', '--graceful-timeout', '1',
                '--access-logfile', self.run_folder / f'{self.name}-access.log', 'indico.web.flask.app:make_app()']
        return Service(f'{self.name}-web', args, self.run_folder, env=self.env, cwd=ROOT, ready=self._answers,
                       # does not wait for connections that are kept open
                       stop_signal=signal.SIGINT)

    def celery(self, *, concurrency=2):
        """Return the Celery worker with its beat (not started)."""
        args = [BIN / 'indico', 'celery', 'worker', '-B', '--concurrency', concurrency]
        log = self.run_folder / f'{self.name}-celery.log'
        return Service(f'{self.name}-celery', args, self.run_folder, env=self.env, cwd=ROOT,
                       ready=lambda: log.exists() and b' ready.' in log.read_bytes())

    def relay(self, port, number=1, *, host='127.0.0.1'):
        """Return a relay (not started)."""
        args = [BIN / 'indico', 'checkin-print', 'relay', '--host', host, '--port', port]
        name = f'{self.name}-relay{number if number > 1 else ""}'
        return Service(name, args, self.run_folder, env=self.env, cwd=ROOT,
                       ready=lambda: accepts(port) and _is_ok(f'http://127.0.0.1:{port}/healthz'))

    def _answers(self):
        # the first request of a worker loads much that no later one waits for
        return accepts(self.port) and _is_ok(f'{self.url}/login/', timeout=30)


def _is_ok(url, timeout=5):
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return answer.status == 200
    except OSError:
        return False

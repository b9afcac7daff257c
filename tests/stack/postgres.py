"""A private PostgreSQL cluster.

It keeps ``fsync`` on: a check-in waits for its commit to reach the disk as it does in production, and the benchmark
would not be true without. ``track_commit_timestamp`` says when a check-in was committed, to the microsecond, by a
clock that is not ours (see ``facts.py``).
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.stack.folder import subfolder
from tests.stack.process import Service, StartError, free_port


SETTINGS = """
listen_addresses = '127.0.0.1'
max_connections = 200
track_commit_timestamp = on
timezone = 'UTC'
log_min_messages = warning
"""
#: What glibc's allocator keeps for PostgreSQL (see malloc(3)). A backend that only ever served one kind of request may
#: return its heap to the kernel after each statement that takes long to plan, or may keep it, by what happens to lie at
#: the heap's end: 570 page faults and 1.3 ms in each check-in of one of two servers on one database, and none in the
#: other. Larger allocations, as requests of other kinds make them, end that.
KEEP_MEMORY = {'MALLOC_TRIM_THRESHOLD_': str(64 << 20), 'MALLOC_MMAP_THRESHOLD_': str(32 << 20)}


def binaries():
    """Return the folder of PostgreSQL's programs: the newest version of Debian's, else what PATH has."""
    found = sorted(Path('/usr/lib/postgresql').glob('*/bin/initdb'), key=lambda path: int(path.parts[4]))
    initdb = found[-1] if found else shutil.which('initdb')
    if not initdb:
        raise StartError('PostgreSQL is not installed: no initdb found.')
    return Path(initdb).parent


class Postgres:
    """The cluster and its databases; ``port`` on 127.0.0.1, and a socket in the folder."""

    def __init__(self, folder):
        # initdb and the server refuse to run as root
        self.user = 'postgres' if os.geteuid() == 0 else None
        self.folder = subfolder(folder, 'pg', owner=self.user, mode=0o755)
        self.port = free_port()
        self.bin = binaries()
        self.service = Service('postgres', [self.bin / 'postgres', '-D', self.folder / 'data', '-k', self.folder,
                                            '-p', str(self.port)], folder, env=KEEP_MEMORY,
                               ready=self._answers, user=self.user, cwd=self.folder,
                               # "fast": does not wait until clients are gone
                               stop_signal=signal.SIGINT)

    def start(self):
        self._run(self.bin / 'initdb', '-D', self.folder / 'data', '-U', 'indico', '-A', 'trust', '-E', 'UTF8',
                  '--locale=C.UTF-8', '--no-sync')
        with (self.folder / 'data' / 'postgresql.conf').open('a') as conf:
            conf.write(SETTINGS)
        self.service.start()
        return self

    def stop(self):
        self.service.stop()

    def uri(self, name):
        """Return the SQLAlchemy URI of a database."""
        return f'postgresql://indico@127.0.0.1:{self.port}/{name}'

    def create(self, name, template=None):
        """Create a database with the extensions that Indico needs, or as a copy of another one; return its URI."""
        if template:
            self.sql('postgres', f'CREATE DATABASE {name} TEMPLATE {template}')
        else:
            self.sql('postgres', f'CREATE DATABASE {name}')
            self.sql(name, 'CREATE EXTENSION unaccent; CREATE EXTENSION pg_trgm')
        return self.uri(name)

    def sql(self, database, statement):
        """Run a statement; return its rows as lines of text, columns separated by tabs."""
        return self._run(self.bin / 'psql', '-h', self.folder, '-p', self.port, '-U', 'indico', '-d', database, '-qAtX',
                         '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-c', statement).splitlines()

    def _answers(self):
        return subprocess.run([self.bin / 'pg_isready', '-q', '-h', self.folder, '-p', str(self.port), '-U', 'indico',
                               '-d', 'postgres'], check=False).returncode == 0

    def _run(self, *args):
        who = {'user': self.user, 'group': self.user, 'extra_groups': []} if self.user else {}
        done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, cwd=self.folder, check=False,
                              env={**os.environ, 'LC_ALL': 'C.UTF-8'}, **who)
        if done.returncode:
            raise StartError(f'{Path(args[0]).name} failed: {done.stderr.strip()}')
        return done.stdout

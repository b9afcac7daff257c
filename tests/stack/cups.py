"""A private CUPS scheduler with one queue per virtual printer. Standard library only: the agent's tests use it."""

import getpass
import os
import subprocess
from pathlib import Path

from tests.stack.folder import subfolder
from tests.stack.process import Service, StartError, accepts, free_port, wait_until


#: What a job's owner may know and do is as on any laptop; only setting up queues needs no password.
CUPSD = """
Listen {socket}
Listen 127.0.0.1:{port}
LogLevel info
MaxLogSize 0
Browsing No
BrowseLocalProtocols none
WebInterface No
DefaultAuthType None
DefaultEncryption Never
IdleExitTimeout 0
PreserveJobHistory Yes
PreserveJobFiles No
MaxJobs 0
JobRetryInterval 30
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess default
  JobPrivateValues default
  SubscriptionPrivateAccess default
  SubscriptionPrivateValues default
  <Limit Create-Job Print-Job Print-URI Validate-Job>
    Order deny,allow
  </Limit>
  <Limit Send-Document Send-URI Hold-Job Release-Job Restart-Job Cancel-Job Cancel-My-Jobs Close-Job Purge-Jobs>
    Require user @OWNER @SYSTEM
    Order deny,allow
  </Limit>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""

FILES = """
ServerRoot {folder}
ServerBin /usr/lib/cups
DataDir /usr/share/cups
CacheDir {folder}/cache
StateDir {folder}/state
RequestRoot {folder}/spool
TempDir {folder}/spool/tmp
AccessLog {folder}/access_log
ErrorLog stderr
PageLog {folder}/page_log
ServerKeychain {folder}/ssl
SystemGroup {system_group}
User {user}
Group {group}
FileDevice Yes
SyncOnClose No
Printcap {folder}/printcap
"""


class Cups:
    """The scheduler; ``server`` is what CUPS_SERVER wants, and ``env`` is for its clients."""

    def __init__(self, folder):
        root = os.geteuid() == 0
        # as root the scheduler starts its filters as `lp`, who must be able to reach their files
        owner = 'lp' if root else None
        self.folder = subfolder(folder, 'cups', owner=owner)
        for name in ('cache', 'state', 'spool', 'spool/tmp', 'ssl', 'ppd'):
            subfolder(self.folder, name, owner=owner, mode=0o770 if name.startswith('spool') else 0o755)
        self.port = free_port()
        self.socket = self.folder / 'sock'
        user = 'lp' if root else getpass.getuser()
        group = 'lp' if root else _group()
        (self.folder / 'cupsd.conf').write_text(CUPSD.format(socket=self.socket, port=self.port))
        (self.folder / 'cups-files.conf').write_text(
            FILES.format(folder=self.folder, user=user, group=group, system_group='lpadmin' if root else group))
        self.service = Service('cupsd', ['/usr/sbin/cupsd', '-f', '-c', self.folder / 'cupsd.conf',
                                         '-s', self.folder / 'cups-files.conf'], folder,
                               ready=lambda: self.socket.exists() and accepts(self.port))
        self.queues = []

    @property
    def server(self):
        # the socket: libcups looks some things up at its default server even when it is connected to another
        return str(self.socket)

    @property
    def env(self):
        return {'CUPS_SERVER': self.server}

    def start(self):
        self.service.start()
        return self

    def stop(self):
        self.service.stop()

    def add_queue(self, name, uri, *, tries=3):
        """Make a driverless queue for an IPP printer and wait until CUPS has asked the printer what it can do.

        One queue at a time: CUPS 2.4 asks the printers in threads that share what they should not, and now and then its
        scheduler dies of that ("free(): corrupted unsorted chunks"). Then it is started again, which is what an
        administrator would do.
        """
        for left in reversed(range(tries)):
            try:
                self._add_queue(name, uri)
                break
            except StartError:
                if self.service.is_running or not left:
                    raise
                self.service.start()
        self.queues.append(name)

    def _add_queue(self, name, uri, timeout=20):
        # lpadmin returns before that, and exits 0 even when the printer could not be asked
        self._lp('lpadmin', '-p', name, '-E', '-v', uri, '-m', 'everywhere',
                 '-o', 'printer-error-policy=retry-job', '-o', 'printer-is-shared=false')
        ppd = self.folder / 'ppd' / f'{name}.ppd'
        if not wait_until(lambda: not self.service.is_running
                          or (ppd.exists() and b'IPP Everywhere' in ppd.read_bytes()), timeout):
            raise StartError(f'CUPS could not set up the queue {name}.\n{self.service.tail()}')
        # the backend hands over and goes, instead of asking every second if the job is done; the virtual printer
        # would not know this address when it is asked what it can do
        self._lp('lpadmin', '-p', name, '-v', f'{uri}?waitjob=false')

    def add_raw_queue(self, name, uri):
        """Make a queue without a driver, e.g. for ``socket://127.0.0.1:9100``: a printer that cannot answer."""
        self._lp('lpadmin', '-p', name, '-E', '-v', uri, '-m', 'raw', '-o', 'printer-is-shared=false')
        self.queues.append(name)

    def enable(self, name):
        """Resume a paused queue."""
        self._lp('cupsenable', name)

    def disable(self, name):
        """Pause a queue."""
        self._lp('cupsdisable', name)

    def _lp(self, program, *args):
        path = next((p for p in (f'/usr/sbin/{program}', f'/usr/bin/{program}') if Path(p).exists()), program)
        done = subprocess.run([path, '-h', self.server, *args], capture_output=True, text=True, check=False)
        if done.returncode:
            raise StartError(f'{program} failed: {done.stderr.strip()}\n{self.service.tail()}')


def _group():
    import grp
    return grp.getgrgid(os.getegid()).gr_name

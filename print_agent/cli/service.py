"""The agent as a service of the computer: a systemd unit, or a launchd agent on macOS.

What is written is pure text from :func:`unit` and :func:`plist`; the commands below put it in place and start it.
"""

import getpass
import os
import plistlib
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import platformdirs

from print_agent.config import APP, Config
from print_agent.connection import pairing
from print_agent.errors import PairingError, ServiceError
from print_agent.spool import lock


NAME = 'print-agent'
LABEL = 'org.getindico.print-agent'
#: systemd kills an agent that sent no heartbeat for so long, in seconds.
WATCHDOG_TIMEOUT = 90
#: How long the agent may take to finish the badge in the printer when it is asked to stop, in seconds.
STOP_TIMEOUT = 30
#: Limits of the service: open files, memory as systemd writes it, threads and processes. What it needs is measured by
#: tests/agent/siege_test.py, which wants three times as much.
OPEN_FILES, MAX_MEMORY, MAX_TASKS = 4096, '1G', 512


@dataclass(frozen=True, kw_only=True)
class Service:
    """Everything that a unit says. ``user`` is empty for a service of the user who installs it."""

    command: Sequence[str]
    folder: Path
    spool: Path
    user: str = ''
    #: Folders that badges are printed into.
    writable: Sequence[Path] = ()

    @property
    def run(self) -> list[str]:
        """The command line of the service."""
        return [*self.command, '--config', str(self.folder), 'run']


def unit(service: Service) -> str:
    """The text of a systemd unit. It takes away what printing does not need; sockets, CUPS and the network stay."""
    system = bool(service.user)
    # The rest of this needs root, or is not the same in a user's own service manager.
    hardening = [
        'NoNewPrivileges=yes', 'LockPersonality=yes', 'RestrictRealtime=yes', 'RestrictSUIDSGID=yes',
        'SystemCallArchitectures=native', 'UMask=0077', *([
            'ProtectSystem=strict', f'ReadWritePaths={" ".join(_paths(service))}', 'PrivateTmp=yes',
            'PrivateDevices=yes', 'ProtectKernelTunables=yes', 'ProtectKernelModules=yes', 'ProtectKernelLogs=yes',
            'ProtectControlGroups=yes', 'ProtectClock=yes', 'ProtectHostname=yes', 'RestrictNamespaces=yes',
            'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK', 'CapabilityBoundingSet=',
        ] if system else [])]
    lines = [
        '[Unit]',
        'Description=Print agent: badges for check-in with Indico',
        *(['After=network-online.target cups.service', 'Wants=network-online.target'] if system else []),
        '# It is started again for ever: a desk without printing helps nobody.',
        'StartLimitIntervalSec=0',
        '',
        '[Service]',
        'Type=notify',
        'NotifyAccess=main',
        f'ExecStart={" ".join(_quoted(word) for word in service.run)}',
        *([f'User={service.user}'] if system else []),
        'Restart=always',
        'RestartSec=2',
        '# Exit code 2 is a wrong command line: trying again does not help.',
        'RestartPreventExitStatus=2',
        f'WatchdogSec={WATCHDOG_TIMEOUT}',
        '# The badge in the printer is finished, then its outcome is sent.',
        f'TimeoutStopSec={STOP_TIMEOUT}',
        'KillMode=mixed',
        '# What strangers could use up. With two printers and a webhook the agent takes 66 MB, 25 files, 12 threads;',
        '# the process that reads PDFs takes 34 MB, and 512 MB at most.',
        f'LimitNOFILE={OPEN_FILES}',
        f'MemoryMax={MAX_MEMORY}',
        f'TasksMax={MAX_TASKS}',
        *hardening,
        '',
        '[Install]',
        f'WantedBy={"multi-user.target" if system else "default.target"}',
        '']
    return '\n'.join(lines)


def plist(service: Service, log: Path) -> bytes:
    """A launchd agent for macOS. launchd starts it again whenever it ends."""
    return plistlib.dumps({
        'Label': LABEL, 'ProgramArguments': service.run, 'RunAtLoad': True, 'KeepAlive': True, 'ThrottleInterval': 2,
        'ExitTimeOut': STOP_TIMEOUT, 'SoftResourceLimits': {'NumberOfFiles': OPEN_FILES},
        'ProcessType': 'Interactive', 'Umask': 0o077, 'StandardOutPath': str(log),
        'StandardErrorPath': str(log)})


def _paths(service: Service) -> list[str]:
    """Where a system service may write."""
    # A missing folder is no reason not to start: the agent says more about it.
    return [_quoted(f'-{path}') for path in (service.spool, service.folder, *service.writable)]


def _quoted(word: str) -> str:
    """A word as systemd.syntax(7) and systemd.service(5) read it."""
    escaped = word.replace('\\', '\\\\').replace('"', '\\"').replace('%', '%%').replace('$', '$$')
    return f'"{escaped}"' if any(sign in escaped for sign in ' \t"\'\\;') else escaped


# -- putting it in place ----------------------------------------------------------------------------------------------

class Systemd:
    """systemd's own units as root, else those of the user."""

    def __init__(self, *, system: bool):
        self.system = system
        self.path = (Path('/etc/systemd/system') if system else Path.home() / '.config' / 'systemd' / 'user'
                     ) / f'{NAME}.service'
        self._ctl = ['systemctl', *([] if system else ['--user'])]

    def install(self, service: Service) -> list[str]:
        """Write the unit and start it; return what to say to the person."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(unit(service))
        said = [f'Wrote {self.path}.']
        _call([*self._ctl, 'daemon-reload'])
        _call([*self._ctl, 'enable', NAME])
        _call([*self._ctl, 'restart', NAME])
        said.append('The print agent is running, and will start with the computer.')
        if not self.system and not _call(['loginctl', 'enable-linger'], must=False):
            said.append('It stops when you log out, because lingering could not be switched on. Run: '
                        f'sudo loginctl enable-linger {getpass.getuser()}')
        said.append(f'Its log: journalctl {"-u" if self.system else "--user-unit"} {NAME} -f')
        return said

    def uninstall(self) -> list[str]:
        """Stop the service and remove the unit."""
        if not self.path.exists():
            return [f'There is no service ({self.path} does not exist).']
        _call([*self._ctl, 'disable', '--now', NAME])
        self.path.unlink()
        _call([*self._ctl, 'daemon-reload'])
        return [f'Stopped and removed {self.path}. Pairings and the spool stay where they are.']

    def running(self) -> bool:
        """Whether it runs."""
        return _call([*self._ctl, 'is-active', '--quiet', NAME], must=False)


class Launchd:
    """launchd agents of the user."""

    system = False

    def __init__(self) -> None:
        self.path = Path.home() / 'Library' / 'LaunchAgents' / f'{LABEL}.plist'
        self._log = Path.home() / 'Library' / 'Logs' / f'{NAME}.log'
        self._domain = f'gui/{os.getuid()}'

    def install(self, service: Service) -> list[str]:
        """Write the plist and start it; return what to say to the person."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(plist(service, self._log))
        _call(['launchctl', 'bootout', f'{self._domain}/{LABEL}'], must=False)  # an older one, if there is one
        _call(['launchctl', 'bootstrap', self._domain, str(self.path)])
        return [f'Wrote {self.path}.', 'The print agent is running, and will start when you log in.',
                f'Its log: {self._log}']

    def uninstall(self) -> list[str]:
        """Stop the service and remove the plist."""
        if not self.path.exists():
            return [f'There is no service ({self.path} does not exist).']
        _call(['launchctl', 'bootout', f'{self._domain}/{LABEL}'], must=False)  # it may have been stopped by hand
        self.path.unlink()
        return [f'Stopped and removed {self.path}. Pairings and the spool stay where they are.']

    def running(self) -> bool:
        """Whether it is loaded."""
        return _call(['launchctl', 'print', f'{self._domain}/{LABEL}'], must=False)


def manager() -> Systemd | Launchd:
    """The service manager of this computer. Raises :class:`ServiceError` if there is none that is known."""
    if sys.platform == 'darwin':
        return Launchd()
    if shutil.which('systemctl') is None:
        raise ServiceError('This computer has no systemd. Let its own service manager run "print-agent run"; SIGTERM '
                           'stops it gracefully.')
    return Systemd(system=os.geteuid() == 0)


def _call(command: Sequence[str], *, must: bool = True) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as exc:
        if must:
            raise ServiceError(f'"{" ".join(command)}" cannot be run ({exc.strerror}).') from exc
        return False
    if must and done.returncode:
        why = (done.stderr or done.stdout).strip() or 'no reason'
        # after su or sudo there is no session of the user, and so none of its service manager
        hint = '. Log in as this user, not with su or sudo, and try again.' if 'connect to bus' in why else ''
        raise ServiceError(f'"{" ".join(command)}" did not work: {why}{hint}')
    return done.returncode == 0


def of(config: Config, user: str) -> Service:
    """The service that runs this very program with this configuration. Raises :class:`ServiceError`."""
    program = Path(sys.argv[0]).absolute()
    installed = program.name == NAME and os.access(program, os.X_OK)
    command = [str(program)] if installed else [sys.executable, '-m', 'print_agent']
    spool = config.spool
    if user:
        try:
            who = pwd.getpwnam(user)
        except KeyError as exc:
            raise ServiceError(f'There is no user "{user}" on this computer.') from exc
        home = Path(who.pw_dir)
        if not config.folder.exists() or config.folder.stat().st_uid != who.pw_uid:
            raise ServiceError(f'The configuration {config.folder} does not belong to {user}. Pair as {user} first, '
                               f'then name it: print-agent --config {home}/.config/{NAME} service install --user '
                               f'{user}')
        if spool == Path(platformdirs.user_state_dir(APP)):
            spool = home / '.local' / 'state' / APP  # what it will be for that user
    return Service(command=command, folder=config.folder, spool=spool, user=user,
                   writable=tuple(config.folders.values()))


def _make(path: Path, user: str) -> None:
    """Make a folder, and those above it that are missing, as somebody's own."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700)
        if user:
            shutil.chown(folder, user)


# -- commands ---------------------------------------------------------------------------------------------------------

@click.group(short_help='Run the print agent as a service.')
def service() -> None:
    """Run the print agent as a service: started with the computer, and again when it fails."""


@service.command()
@click.option('--user', default='', metavar='NAME', help='As root, required: the user as whom the agent runs.')
@click.option('--show', is_flag=True, help='Only show what would be written.')
@click.pass_obj
def install(config: Config, user: str, show: bool) -> None:
    """Install and start the service: of this user, or (as root) of the computer."""
    _sentences(lambda: _install(config, user, show))


def _install(config: Config, user: str, show: bool) -> list[str]:
    place = manager()
    if place.system and not user:
        raise ServiceError('As root, name the user as whom the agent runs: print-agent service install --user NAME. '
                           'The user need not be an administrator, but must own the configuration and the spool.')
    if user and not place.system:
        raise ServiceError('Only root can install a service for another user. Leave out --user.')
    wanted = of(config, user)
    if show:
        return [plist(wanted, Path('print-agent.log')).decode() if isinstance(place, Launchd) else unit(wanted)]
    if not pairing.load_all(config.pairings) and not config.webhook_endpoints:
        raise ServiceError('This computer is not paired with an event, so the service would have nothing to do. Add an '
                           'agent in Indico, then run: print-agent pair URL CODE')
    if lock.is_locked(wanted.spool) and not place.running():
        raise ServiceError('A print agent is running already, but not as this service. Stop it first: press '
                           'Ctrl-C in its terminal.')
    _make(wanted.spool, user)
    return place.install(wanted)


@service.command()
def uninstall() -> None:
    """Stop and remove the service. Pairings and the spool stay."""
    _sentences(lambda: manager().uninstall())


@service.command()
def status() -> None:
    """Show whether the service is installed and runs. Exit code 1 if it does not."""
    running = False

    def look() -> list[str]:
        nonlocal running
        place = manager()
        running = place.path.exists() and place.running()
        if not place.path.exists():
            return ['The service is not installed. Install it with: print-agent service install']
        return [f'The service {place.path} {"is running" if running else "is not running"}.']

    _sentences(look)
    if not running:
        sys.exit(1)


def _sentences(work: Any) -> None:
    try:
        for line in work():
            click.echo(line)
    except (ServiceError, PairingError, OSError) as exc:
        click.echo(str(exc), err=True)
        sys.exit(1)

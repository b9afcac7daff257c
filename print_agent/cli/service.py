"""The agent as a service of the computer: ``print-agent service`` puts a systemd unit, or a launchd agent, in place."""

import getpass
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import platformdirs

from print_agent.cli.errors import sentences
from print_agent.cli.service_unit import LABEL, Service, plist, unit
from print_agent.config import APP, Config
from print_agent.connection import pairing
from print_agent.errors import ServiceError
from print_agent.spool import lock


NAME = 'print-agent'


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
        """Whether systemd runs the service of this user now."""
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


@service.command(short_help='Install and start the service.')
@click.option('--user', default='', metavar='NAME', help='As root, required: the user as whom the agent runs.')
@click.option('--show', is_flag=True, help='Only show what would be written.')
@click.pass_obj
def install(config: Config, user: str, show: bool) -> None:
    """Install and start the service: of this user, or (as root) of the computer."""
    with sentences():
        _say(_install(config, user, show))


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
    with sentences():
        _say(manager().uninstall())


@service.command()
def status() -> None:
    """Show whether the service is installed and runs. Exit code 1 if it does not."""
    with sentences():
        place = manager()
        installed = place.path.exists()
        running = installed and place.running()
    if not installed:
        click.echo('The service is not installed. Install it with: print-agent service install')
    else:
        click.echo(f'The service {place.path} {"is running" if running else "is not running"}.')
    if not running:
        sys.exit(1)


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)

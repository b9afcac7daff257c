"""The service is installed, shown and removed, with sentences for what goes wrong."""

import getpass
import os
import plistlib
import pwd
import sys

import pytest
from click.testing import CliRunner

from print_agent.cli import main, service, service_unit
from print_agent.cli.service import Launchd, Systemd
from print_agent.errors import ServiceError
from print_agent.spool import lock

from tests.fakes.indico import pairing_file


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Programs of the service managers that note their arguments, and fail if a file says so."""
    programs = tmp_path / 'bin'
    programs.mkdir()
    log = tmp_path / 'asked'
    for name in ('systemctl', 'loginctl', 'launchctl'):
        program = programs / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {log}\n'
                           f'if grep -qxe "$1" {tmp_path}/fails 2>/dev/null\n'
                           f'then echo "it is broken" >&2; exit 1; fi\n')
        program.chmod(0o755)
    monkeypatch.setenv('PATH', f'{programs}:{os.environ["PATH"]}')
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    return lambda: log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def folder(tmp_path):
    config = tmp_path / 'config'
    config.mkdir()
    (config / 'agent.toml').write_text("[spool]\npath = 'state'\n")
    pairing_file(config / 'pairings', 'ws://localhost/ws')
    return config


def invoke(folder, *args):
    return CliRunner().invoke(main.main, ['--config', str(folder), 'service', *args])


def test_a_user_installs_looks_and_uninstalls(asked, folder, tmp_path):
    assert invoke(folder, 'status').exit_code == 1
    done = invoke(folder, 'install')
    assert done.exit_code == 0, done.output
    path = tmp_path / 'home/.config/systemd/user/print-agent.service'
    assert f'Wrote {path}' in done.output
    assert f'--config {folder} run' in path.read_text()
    assert (folder / 'state').is_dir()
    assert asked() == ['systemctl --user daemon-reload', 'systemctl --user enable print-agent',
                       'systemctl --user restart print-agent', 'loginctl enable-linger']
    done = invoke(folder, 'status')
    assert (done.exit_code, 'is running' in done.output) == (0, True)
    assert invoke(folder, 'uninstall').exit_code == 0
    assert not path.exists()
    assert asked()[-2:] == ['systemctl --user disable --now print-agent', 'systemctl --user daemon-reload']
    assert 'There is no service' in invoke(folder, 'uninstall').output


def test_failures_are_described(asked, folder, tmp_path):
    (tmp_path / 'fails').write_text('enable-linger\n')
    assert f'sudo loginctl enable-linger {getpass.getuser()}' in invoke(folder, 'install').output
    (tmp_path / 'fails').write_text('--user\n')
    done = invoke(folder, 'install')
    assert done.exit_code == 1
    assert '"systemctl --user daemon-reload" did not work: it is broken' in done.output
    done = invoke(folder, 'status')
    assert done.exit_code == 1
    assert 'is not running' in done.output


def test_a_user_who_is_not_logged_in_is_advised(asked, folder, tmp_path):
    systemctl = tmp_path / 'bin' / 'systemctl'
    systemctl.write_text('#!/bin/sh\necho "Failed to connect to bus: No medium found" >&2\nexit 1\n')
    done = invoke(folder, 'install')
    assert done.exit_code == 1
    assert 'No medium found. Log in as this user' in done.output


def test_a_service_that_could_only_fail_is_not_installed(asked, folder, tmp_path):
    (tmp_path / 'fails').write_text('--user\n')  # so it does not run either
    with lock.lock(folder / 'state'):
        done = invoke(folder, 'install')
    assert done.exit_code == 1
    assert 'Ctrl-C in its terminal' in done.output
    next((folder / 'pairings').iterdir()).unlink()
    done = invoke(folder, 'install')
    assert done.exit_code == 1
    assert 'print-agent pair URL CODE' in done.output
    assert not (tmp_path / 'home').exists()


def test_a_service_that_runs_is_started_anew(asked, folder):
    with lock.lock(folder / 'state'):  # by the service itself
        assert invoke(folder, 'install').exit_code == 0


def test_root_must_say_who_and_only_root_may(asked, folder, monkeypatch):
    assert 'Only root' in invoke(folder, 'install', '--user', 'daemon').output
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    done = invoke(folder, 'install')
    assert done.exit_code == 1
    assert 'service install --user NAME' in done.output
    assert 'no user "nobody-here"' in invoke(folder, 'install', '--user', 'nobody-here').output
    assert asked() == []


def test_the_service_of_the_computer(asked, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    owner = pwd.getpwuid(folder.stat().st_uid).pw_name
    other = next(entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != folder.stat().st_uid)
    done = invoke(folder, 'install', '--user', other)
    assert done.exit_code == 1
    assert f'does not belong to {other}' in done.output
    done = invoke(folder, 'install', '--user', owner, '--show')
    assert done.exit_code == 0
    assert f'User={owner}' in done.output
    assert f'ReadWritePaths=-{folder / "state"}' in done.output
    # without a path in agent.toml, the spool is where it will be for that user
    (folder / 'agent.toml').write_text('')
    done = invoke(folder, 'install', '--user', owner, '--show')
    assert f'ReadWritePaths=-{pwd.getpwnam(owner).pw_dir}/.local/state/print-agent' in done.output
    assert asked() == []


def test_launchd(asked, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'platform', 'darwin')
    done = invoke(folder, 'install')
    assert done.exit_code == 0, done.output
    path = tmp_path / f'home/Library/LaunchAgents/{service_unit.LABEL}.plist'
    assert plistlib.loads(path.read_bytes())['ProgramArguments'][-1] == 'run'
    assert asked()[-1] == f'launchctl bootstrap gui/{os.getuid()} {path}'
    assert invoke(folder, 'status').exit_code == 0
    invoke(folder, 'uninstall')
    assert not path.exists()
    assert asked()[-1] == f'launchctl bootout gui/{os.getuid()}/{service_unit.LABEL}'
    assert isinstance(service.manager(), Launchd)


def test_a_computer_without_a_known_manager(folder, monkeypatch):
    monkeypatch.setenv('PATH', '/nowhere')
    with pytest.raises(ServiceError, match='no systemd'):
        service.manager()
    done = invoke(folder, 'status')
    assert (done.exit_code, 'no systemd' in done.output) == (1, True)


def test_where_systemd_looks(monkeypatch):
    monkeypatch.setenv('HOME', '/home/x')
    assert str(Systemd(system=True).path) == '/etc/systemd/system/print-agent.service'
    assert str(Systemd(system=False).path) == '/home/x/.config/systemd/user/print-agent.service'

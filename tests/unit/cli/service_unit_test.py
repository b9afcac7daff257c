"""What service managers read: systemd itself finds nothing wrong with it, and launchd understands it."""

import configparser
import os
import plistlib
import subprocess
import sys
from pathlib import Path

import pytest

from print_agent.cli import service_unit
from print_agent.cli.service_unit import Service


def a_service(**kwargs):
    return Service(**{'command': [sys.executable, '-m', 'print_agent'], 'folder': Path('/etc/print-agent'),
                      'spool': Path('/var/lib/print-agent'), **kwargs})


def read(text):
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string(text)
    return parser


@pytest.mark.parametrize('kwargs', [
    {}, {'user': 'daemon'},
    {'user': 'daemon', 'spool': Path('/srv/100% of "all" $badges'), 'folder': Path("/etc/it's a \\ folder"),
     'writable': (Path('/srv/a b'), Path('/srv/c'))}])
def test_systemd_itself_finds_nothing_wrong(tmp_path, kwargs):
    path = tmp_path / 'print-agent.service'
    path.write_text(service_unit.unit(a_service(**kwargs)))
    done = subprocess.run(['systemd-analyze', 'verify', *([] if kwargs else ['--user']), path], capture_output=True,
                          text=True, env={**os.environ, 'XDG_RUNTIME_DIR': str(tmp_path)}, check=False)
    assert done.returncode == 0, done.stderr
    assert 'print-agent.service' not in done.stderr


def test_systemd_watches_the_agent():
    unit = read(service_unit.unit(a_service()))
    assert unit['Service']['Type'] == 'notify'
    assert int(unit['Service']['WatchdogSec']) > 0
    assert unit['Service']['Restart'] == 'always'
    assert int(unit['Service']['TimeoutStopSec']) > 10  # the badge in the printer, then its outcome
    assert unit['Install']['WantedBy'] == 'default.target'
    assert 'User' not in unit['Service']
    assert 'ProtectSystem' not in unit['Service']  # a user's manager cannot do that everywhere


def test_a_service_of_the_computer():
    """A service of the computer runs as somebody and writes only where it must."""
    unit = read(service_unit.unit(a_service(user='kiosk', writable=(Path('/srv/badges'),))))
    assert unit['Service']['User'] == 'kiosk'
    assert unit['Service']['ProtectSystem'] == 'strict'
    assert unit['Service']['ReadWritePaths'] == '-/var/lib/print-agent -/etc/print-agent -/srv/badges'
    assert unit['Service']['CapabilityBoundingSet'] == ''
    # CUPS is reached by its socket or by IP
    assert {'AF_UNIX', 'AF_INET', 'AF_INET6'} <= set(unit['Service']['RestrictAddressFamilies'].split())
    assert unit['Install']['WantedBy'] == 'multi-user.target'


def test_odd_names_are_quoted():
    unit = read(service_unit.unit(a_service(folder=Path('/home/x/50% "off" $now'))))
    assert unit['Service']['ExecStart'].endswith(r'--config "/home/x/50%% \"off\" $$now" run')


def test_launchd_understands_the_plist():
    data = plistlib.loads(service_unit.plist(a_service(folder=Path('/Users/a & b')), Path('/Users/x/log')))
    assert data['ProgramArguments'][-3:] == ['--config', '/Users/a & b', 'run']
    assert (data['Label'], data['KeepAlive'], data['RunAtLoad']) == (service_unit.LABEL, True, True)
    assert data['StandardErrorPath'] == '/Users/x/log'

"""What service managers read: the text of a systemd unit, and of a launchd agent for macOS. Pure."""

import plistlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


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

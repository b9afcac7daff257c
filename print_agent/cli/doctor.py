"""``print-agent doctor``: checks everything between Indico and the label, and says what to do.

It changes nothing: it takes no badge, does not speak for the agent at Indico, and may run beside it.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from print_agent.cli import doctor_checks as checks
from print_agent.cli import local_client
from print_agent.cli.doctor_checks import Finding, fine, wrong
from print_agent.config import Config
from print_agent.connection import pairing
from print_agent.connection.close_reasons import Why, refused
from print_agent.connection.pairing import Pairing
from print_agent.errors import (CupsDown, CupsMissing, CupsRefused, Declined, NetworkError, NotRunning, PairingError,
                                SpoolCorrupt, SpoolError, Unreachable)
from print_agent.printing import calibrations, recognize
from print_agent.printing.addresses import printer_uri
from print_agent.printing.calibrations import Layouts
from print_agent.printing.cups_client import CupsClient
from print_agent.printing.ipp import IppClient, PrinterView
from print_agent.protocol.media import Size
from print_agent.runtime import daemon_threads
from print_agent.spool import lock
from print_agent.spool.store import Spool
from print_agent.web.status import Snapshot


#: Longest wait for each answer of Indico, in seconds.
TIMEOUT = 10.0
_QUEUE = ['printer-state', 'printer-is-accepting-jobs', 'device-uri', 'printer-make-and-model', 'media-supported',
          'printer-error-policy']
#: A document that no job has.
_NO_DOCUMENT = '00000000-0000-0000-0000-000000000000/0'


async def examine(config: Config) -> list[Finding]:
    """Check everything. Takes some seconds if something does not answer."""
    pairings, found = _pairings(config)
    found += [*await asyncio.to_thread(_running, config), *_spool(config), *_folders(config)]
    parts = [_cups(config), *(_indico(config, each) for each in pairings)]
    return found + [finding for part in await asyncio.gather(*parts) for finding in part]


# -- this computer ----------------------------------------------------------------------------------------------------

def _pairings(config: Config) -> tuple[list[Pairing], list[Finding]]:
    try:
        paths = pairing.paths(config.pairings)
    except PairingError as exc:
        return [], [wrong('pairings', str(exc))]
    if not paths:
        if config.webhook_endpoints:
            return [], [fine('pairing', 'none; badges come through the receiver')]
        return [], [wrong('pairing', 'This computer is not paired. Add an agent in Indico, then run: '
                                     'print-agent pair URL CODE')]
    loaded, found = [], [_permissions('pairings', config.pairings, folder=True)]
    for path in paths:
        permitted = _permissions(f'token {path.stem}', path)
        found.append(permitted)
        if permitted.ok:
            try:
                loaded.append(pairing.load(path))
            except PairingError as exc:
                found.append(wrong(f'pairing {path.stem}', str(exc)))
    return loaded, found


def _permissions(check: str, path: Path, *, folder: bool = False) -> Finding:
    seen = path.stat()
    return checks.permissions(check, path, seen.st_mode, seen.st_uid, os.geteuid(), folder=folder)


def _running(config: Config) -> list[Finding]:
    try:
        if lock.is_locked(config.spool):
            return checks.agent(local_client.ask(config, Snapshot, 'api/status'))
    except OSError as exc:
        return [wrong('agent', str(exc))]
    except (NotRunning, Declined) as exc:
        if config.page:
            return [wrong('agent', f'It runs, but its state cannot be read. {exc}')]
        return [fine('agent', 'runs; without its local page its state cannot be read')]
    return [wrong('agent', 'The print agent is not running. Start it: print-agent service install (or '
                           'print-agent run)')]


def _spool(config: Config) -> list[Finding]:
    try:
        if not config.database.exists():
            return [fine('spool', 'none yet')]
    except OSError:
        return []  # it was said when the lock beside it could not be read either
    found = [_permissions('spool', config.database), checks.disk(shutil.disk_usage(config.spool).free)]
    try:
        spool = Spool(config.database)
        try:
            spool.file.check()
            waiting = sum(spool.depths().values())
            found.append(fine('spool', f'healthy; {waiting} badge{" waits" if waiting == 1 else "s wait"}'))
        finally:
            spool.close()
    except SpoolCorrupt as exc:
        found.append(wrong('spool', f'{exc} Restart the print agent: it renames the file and begins a new one.'))
    except SpoolError as exc:
        found.append(wrong('spool', str(exc)))
    if problem := calibrations.read(config.calibrations)[1]:
        found.append(wrong('calibration', problem))
    return found + [wrong('spool', f'A broken spool was kept. Look in Indico for badges that are "unknown", then '
                                   f'delete {broken}')
                    for broken in config.spool.glob('*.corrupt-*') if not broken.name.endswith(('-wal', '-shm'))]


def _folders(config: Config) -> list[Finding]:
    found = []
    for name, path in config.folders.items():
        if os.path.isdir(path) and os.access(path, os.W_OK | os.X_OK):  # noqa: PTH112 - the other one may raise
            found.append(fine(f'printer {name}', f'badges go into {path}'))
        else:
            found.append(wrong(f'printer {name}', f'The folder {path} does not exist or cannot be written to. Run: '
                                                  f'mkdir -p {path}'))
    return found


# -- CUPS -------------------------------------------------------------------------------------------------------------

async def _cups(config: Config) -> list[Finding]:
    if not config.cups:
        return []
    try:
        client = CupsClient(config.cups_server)
    except CupsMissing as exc:
        return [wrong('pycups', str(exc))]
    found = [fine('pycups', 'installed')]
    try:
        names = list(await client.queues())
        found.append(fine('CUPS', 'answers' if client.is_local else f'answers; this CUPS is on another computer '
                                  f'({client.host}): badges are reported as "sent"'))
        found += [wrong(f'printer {name}', f'agent.toml has {what} for a printer "{name}", but there is none of this '
                                           f'name. Show the names: print-agent printers')
                  for name, what in _named(config).items() if name not in {*names, *config.folders}]
        found += [wrong(f'printer {name}', f'CUPS has no queue "{name}", which agent.toml names (cups.queues). Show '
                                           f'the queues: lpstat -e')
                  for name in sorted(set(config.queues or ()) - set(names))]
        wanted = [name for name in names if config.queues is None or name in config.queues]
        if not names:
            found.append(wrong('printers', 'CUPS has no print queue. Add the printer with lpadmin, see the '
                                           'documentation of the print agent.'))
        badges = _last_badges(config, wanted)
        for judged in await asyncio.gather(*(_queue(client, config, name, badges.get(name)) for name in wanted)):
            found += judged
    except (CupsDown, CupsRefused) as exc:
        why = f' ({exc})' if isinstance(exc, CupsRefused) else ''
        there = '' if client.is_local else f' on {client.host}'
        found.append(wrong('CUPS', f'CUPS{there} does not answer{why}. Run{there}: sudo systemctl restart cups'))
    finally:
        await client.close()
    return found


def _named(config: Config) -> dict[str, str]:
    """Printers that the configuration names, and for what; those of ``cups.queues`` are checked on their own."""
    return {**{name: 'settings' for name in config.layouts if name not in (config.queues or ())},
            **{each.printer: 'a webhook endpoint' for each in config.webhook_endpoints
               if each.printer not in (config.queues or ())}}


def _last_badges(config: Config, printers: list[str]) -> dict[str, Size]:
    """The sizes of the last badges of printers, as far as the spool can say."""
    with contextlib.suppress(OSError, SpoolError):  # that it cannot be read is said elsewhere
        if config.database.exists():
            with contextlib.closing(Spool(config.database)) as spool:
                return {name: size for name in printers if (size := spool.last_size(name)) is not None}
    return {}


async def _queue(client: CupsClient, config: Config, name: str, badge: Size | None) -> list[Finding]:
    attrs = await client.queue(name, _QUEUE) or {}
    layout, login = Layouts(config.layouts, config.calibrations).of(name), config.logins.get(name)
    if not client.is_local:
        return checks.remote_queue(name, attrs, client.host, layout)
    uri = printer_uri(str(attrs.get('device-uri', '')))
    if uri is None:
        return checks.queue(name, attrs, None, layout=layout, badge=badge)
    ipp, way = IppClient(uri, login=login), None
    try:
        printer: PrinterView | str = await ipp.printer()
        if not ipp.is_server:
            way = await recognize.way(ipp)
    except Unreachable as exc:
        printer = exc.reason
    finally:
        await ipp.close()
    return checks.queue(name, attrs, printer, server=bool(ipp.is_server), login=login is not None, layout=layout,
                        way=way, badge=badge)


# -- Indico -----------------------------------------------------------------------------------------------------------

async def _indico(config: Config, paired: Pairing) -> list[Finding]:
    found = await _polling(config, paired)
    if config.mode != 'poll':
        found.append(await _websocket(config, paired, polling=found[0].ok))
    return found


async def _polling(config: Config, paired: Pairing) -> list[Finding]:
    url, check = f'{paired.document}/{_NO_DOCUMENT}', f'Indico {paired.id}'
    before = time.time()
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT, **config.network.for_httpx(url)) as client, client.stream(
                'GET', url, headers={'Authorization': f'Bearer {paired.token}'}) as reply:
            after = time.time()
            secured = reply.extensions['network_stream'].get_extra_info('ssl_object')
            peer = secured.getpeercert() if secured is not None else None
            await reply.aread()
    except NetworkError as exc:
        return [wrong(check, str(exc))]
    except httpx.ProxyError as exc:
        return [wrong(check, f'The proxy does not let requests through ({exc}). Check [network] proxy.')]
    except httpx.HTTPError as exc:
        if 'CERTIFICATE_VERIFY' in str(exc):
            return [wrong(check, f"Indico's certificate is not trusted ({exc}). Set [network] ca_file, or check "
                                 f"the date of this computer.")]
        return [wrong(check, f'{paired.url} does not answer ({exc or type(exc).__name__}). Check the network of '
                             f'this computer.')]
    found = [checks.polling(check, reply.status_code, _code(reply.content))]
    if peer:
        found.append(checks.certificate(f'TLS {paired.id}', str(peer['notAfter']), after))
    if 'date' in reply.headers:
        found.append(checks.clock('clock', reply.headers['date'], before, after))
    return found


def _code(body: bytes) -> str:
    with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):  # a page for people: no code
        answer = msgspec.json.decode(body)
        return str(answer.get('error', '')) if isinstance(answer, dict) else ''
    return ''


async def _websocket(config: Config, paired: Pairing, *, polling: bool) -> Finding:
    """Connect and say nothing: only a hello would make this the agent's connection."""
    check = f'websocket {paired.id}'

    def judge(problem: str, *, rejected: bool = False) -> Finding:
        return checks.websocket(check, problem, config.mode, rejected=rejected, polling=polling)

    try:
        async with connect(paired.stream, additional_headers={'Authorization': f'Bearer {paired.token}'},
                           compression=None, open_timeout=TIMEOUT, close_timeout=1,
                           **config.network.for_websockets(paired.stream)):
            return judge('')
    except InvalidStatus as exc:
        end = refused(exc.response.status_code)
        return judge(end.text, rejected=end.why is Why.rejected)
    except (NetworkError, WebSocketException, OSError, TimeoutError) as exc:
        why = os.strerror(exc.errno) if isinstance(exc, OSError) and exc.errno else exc or type(exc).__name__
        return judge(f'no websocket to {paired.stream} ({why})')


# -- the command ------------------------------------------------------------------------------------------------------

@click.command(short_help='Check everything, and say what to do.')
@click.option('--json', 'as_json', is_flag=True, help='Print JSON.')
@click.pass_obj
def doctor(config: Config, as_json: bool) -> None:
    """Check everything between Indico and the label, and say what to do. Exit code 1 if something is wrong."""
    found = daemon_threads.run(examine(config))
    healthy = all(finding.ok for finding in found)
    if as_json:
        click.echo(json.dumps({'ok': healthy, 'checks': [asdict(finding) for finding in found]}, indent=2))
    else:
        _show(found, click.echo)
    if not healthy:
        sys.exit(1)


def _show(found: list[Finding], say: Callable[[Any], None]) -> None:
    for finding in found:
        say(f'{click.style("OK   ", fg="green") if finding.ok else click.style("WRONG", fg="red", bold=True)} '
            f'{finding.check}: {finding.text}')
    wrongs = sum(not finding.ok for finding in found)
    say(f'\n{wrongs} problem{"s" if wrongs > 1 else ""} found.' if wrongs else '\nEverything is fine.')

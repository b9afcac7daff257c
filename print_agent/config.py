"""The agent's configuration: one folder with an optional ``agent.toml`` and the pairings that ``pair`` writes.

Every wrong value is answered with a sentence that names the file, the key and what is allowed there.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import platformdirs

from print_agent.connection import pairing
from print_agent.connection.proxy import DIRECT, Network, is_proxy
from print_agent.errors import BadSetting, ConfigError, NetworkError, PairingError
from print_agent.printing import layout
from print_agent.protocol import signing
from print_agent.protocol.messages import MAX_PRINTER_NAME


#: Environment variable that names the configuration folder.
ENV = 'PRINT_AGENT_CONFIG'
APP = 'print-agent'
MODES = ('auto', 'stream', 'poll')


@dataclass(frozen=True, kw_only=True)
class WebhookEndpoint:
    """A printer that accepts signed webhook POSTs under ``/print/<printer>``."""

    printer: str
    #: One secret, or two while one replaces the other.
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings. Paths are absolute."""

    folder: Path
    mode: Literal['auto', 'stream', 'poll'] = 'auto'
    cups: bool = True
    cups_server: str = ''
    queues: tuple[str, ...] | None = None
    folders: dict[str, Path] = field(default_factory=dict)
    spool: Path = Path()
    #: How long badges that have ended can be printed again, in hours.
    keep_hours: float = 4.0
    #: Whether there is a local page, and its port.
    page: bool = True
    page_port: int = 8632
    receiver_host: str = '127.0.0.1'
    receiver_port: int = 8631
    webhook_endpoints: tuple[WebhookEndpoint, ...] = ()
    network: Network = field(default_factory=Network)
    #: Settings of printers, by their names.
    layouts: dict[str, layout.Layout] = field(default_factory=dict)
    #: Name and password for printers that want a login, by their names.
    logins: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    @property
    def pairings(self) -> Path:
        """Where the pairings are."""
        return self.folder / 'pairings'

    @property
    def database(self) -> Path:
        """The spool's file."""
        return self.spool / 'spool.sqlite3'


def default_folder() -> Path:
    """The configuration folder if none is named: ``PRINT_AGENT_CONFIG``, else the user's usual place."""
    return Path(os.environ.get(ENV) or platformdirs.user_config_dir(APP))


def load(folder: Path | None = None) -> Config:
    """Read the configuration. A folder or file that is missing means defaults. Raises :class:`ConfigError`."""
    folder = (folder or default_folder()).expanduser().absolute()
    path = folder / 'agent.toml'
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError:
        data = {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise ConfigError(f'{path} cannot be read: {exc}.') from exc
    return _Reader(path, folder).config(data)


class _Reader:
    def __init__(self, path: Path, folder: Path):
        self._path = path
        self._folder = folder

    def config(self, data: Mapping[str, Any]) -> Config:
        self._only(data, '', {'mode', 'cups', 'folder', 'spool', 'receiver', 'network', 'page', 'printers'})
        mode = data.get('mode', 'auto')
        if mode not in MODES:
            raise self._error('mode', f'is {mode!r}; allowed are {", ".join(MODES)}')
        cups = self._table(data, 'cups', {'enabled', 'server', 'queues'})
        queues = cups.get('queues')
        if queues is not None and not (isinstance(queues, list) and all(isinstance(q, str) and q for q in queues)):
            raise self._error('cups.queues', 'must be a list of names of print queues, such as ["desk1"]')
        enabled = cups.get('enabled', True)
        if not isinstance(enabled, bool):
            raise self._error('cups.enabled', 'must be true or false')
        spool = self._table(data, 'spool', {'path', 'keep_hours'})
        keep_hours = spool.get('keep_hours', 4.0)
        if not isinstance(keep_hours, int | float) or isinstance(keep_hours, bool) or not 0 <= keep_hours <= 48:
            raise self._error('spool.keep_hours', 'must be a number of hours from 0 to 48')
        page = self._table(data, 'page', {'enabled', 'port'})
        if not isinstance(page.get('enabled', True), bool):
            raise self._error('page.enabled', 'must be true or false')
        receiver = self._table(data, 'receiver', {'host', 'port', 'endpoint'})
        return Config(
            folder=self._folder, mode=cast(Literal['auto', 'stream', 'poll'], mode), cups=enabled,
            cups_server=self._server(cups), queues=None if queues is None else tuple(queues),
            folders=self._folders(data),
            spool=(self._below('spool.path', self._str(spool, 'spool.path', 'path')) if 'path' in spool
                   else Path(platformdirs.user_state_dir(APP))),
            receiver_host=self._str(receiver, 'receiver.host', 'host', '127.0.0.1'),
            receiver_port=self._port(receiver, 'receiver.port', 8631), keep_hours=float(keep_hours),
            page=page.get('enabled', True), page_port=self._port(page, 'page.port', 8632),
            webhook_endpoints=self._endpoints(receiver), network=self._network(data), layouts=self._layouts(data),
            logins=self._logins(data))

    def _layouts(self, data: Mapping[str, Any]) -> dict[str, layout.Layout]:
        tables = data.get('printers', {})
        layouts = {}
        if not isinstance(tables, dict):
            raise self._error('printers', 'must be sections [printers.NAME], one for each printer')
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise self._error(f'printers.{name}', f'must be a section [printers.{name}]')
            try:
                layouts[name] = layout.read({key: value for key, value in table.items() if key != 'login_file'})
            except BadSetting as exc:
                raise self._error(f'printers.{name}.{exc.key}', str(exc)) from exc
        return layouts

    def _logins(self, data: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
        logins = {}
        for name, table in data.get('printers', {}).items():
            if 'login_file' in table:
                key = f'printers.{name}.login_file'
                file = self._below(key, self._str(table, key, 'login_file'))
                user, _, password = self._private(key, file).strip().partition(':')
                if not user or not password or '\n' in password:
                    raise self._error(key, f'names {file}, which does not hold one line user:password')
                logins[name] = user, password
        return logins

    def _network(self, data: Mapping[str, Any]) -> Network:
        table = self._table(data, 'network', {'proxy', 'ca_file'})
        proxy = self._str(table, 'network.proxy', 'proxy', '')
        if proxy and proxy != DIRECT and not is_proxy(proxy):
            # not quoted, as it may hold a password
            raise self._error('network.proxy', f'must be http://host:port, or "{DIRECT}" for none')
        ca_file = self._str(table, 'network.ca_file', 'ca_file', '')
        network = Network(proxy=proxy, ca_file=self._below('network.ca_file', ca_file) if ca_file else None)
        try:
            network.tls()
        except NetworkError as exc:
            raise self._error('network.ca_file', f'cannot be used: {exc}'.rstrip('.')) from exc
        return network

    def _server(self, cups: Mapping[str, Any]) -> str:
        server = self._str(cups, 'cups.server', 'server', '')
        if server and not server.startswith('/'):
            _, _, port = server.partition(':')
            if port and not port.isdecimal():
                raise self._error('cups.server', f'is {server!r}; allowed are the path of a socket, host or host:port')
        return server

    def _folders(self, data: Mapping[str, Any]) -> dict[str, Path]:
        folders: dict[str, Path] = {}
        for number, table in enumerate(self._tables(data, 'folder'), 1):
            where = f'folder[{number}]'
            self._only(table, where + '.', {'name', 'path'})
            name = self._str(table, f'{where}.name', 'name')
            if name in folders:
                raise self._error(f'{where}.name', f'is {name!r}, which is taken already')
            if len(name) > MAX_PRINTER_NAME:
                raise self._error(f'{where}.name', f'must have at most {MAX_PRINTER_NAME} characters')
            folders[name] = self._below(f'{where}.path', self._str(table, f'{where}.path', 'path'))
        return folders

    def _endpoints(self, receiver: Mapping[str, Any]) -> tuple[WebhookEndpoint, ...]:
        endpoints: dict[str, WebhookEndpoint] = {}
        for number, table in enumerate(self._tables(receiver, 'endpoint'), 1):
            where = f'receiver.endpoint[{number}]'
            self._only(table, where + '.', {'printer', 'secret_file'})
            printer = self._str(table, f'{where}.printer', 'printer')
            if printer in endpoints:
                raise self._error(f'{where}.printer', f'is {printer!r}, which has a webhook endpoint already')
            file = self._below(f'{where}.secret_file', self._str(table, f'{where}.secret_file', 'secret_file'))
            endpoints[printer] = WebhookEndpoint(printer=printer, secrets=self._secrets(f'{where}.secret_file', file))
        return tuple(endpoints.values())

    def _secrets(self, key: str, file: Path) -> tuple[str, ...]:
        secrets = tuple(self._private(key, file).split())
        if not 1 <= len(secrets) <= 2:
            raise self._error(key, f'names {file}, which has {len(secrets)} secrets; put one in it, or two (one a '
                                   f'line) while one replaces the other')
        for secret in secrets:
            try:
                signing.check_secret(secret)
            except signing.BadSecret as exc:
                raise self._error(key, f'names {file}, in which a line is not a secret from Indico '
                                       f'(whsec_...)') from exc
        return secrets

    def _private(self, key: str, file: Path) -> str:
        try:
            pairing.refuse_readable_by_others(file)
            return file.read_text()
        except PairingError as exc:
            raise self._error(key, f'cannot be used: {exc}') from exc
        except (OSError, UnicodeDecodeError) as exc:
            raise self._error(key, f'names {file}, which cannot be read') from exc

    # -- small checks -------------------------------------------------------------------------------------------------

    def _error(self, key: str, text: str) -> ConfigError:
        return ConfigError(f'{self._path}: "{key}" {text}.')

    def _only(self, table: Mapping[str, Any], prefix: str, allowed: set[str]) -> None:
        for key in table:
            if key not in allowed:
                raise self._error(prefix + key, f'is not a setting; allowed here are {", ".join(sorted(allowed))}')

    def _table(self, data: Mapping[str, Any], key: str, allowed: set[str]) -> Mapping[str, Any]:
        table = data.get(key, {})
        if not isinstance(table, dict):
            raise self._error(key, f'must be a section [{key}]')
        self._only(table, key + '.', allowed)
        return table

    def _tables(self, data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        tables = data.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._error(key, f'must be sections [[{key}]]')
        return tables

    def _port(self, table: Mapping[str, Any], name: str, default: int) -> int:
        port = table.get('port', default)
        if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
            raise self._error(name, 'must be a port number from 0 to 65535')
        return port

    def _below(self, key: str, path: str) -> Path:
        """A path; a relative one is below the configuration folder."""
        try:
            return self._folder / Path(path).expanduser()
        except RuntimeError as exc:
            raise self._error(key, f'is {path!r}, but there is no such user on this computer') from exc

    def _str(self, table: Mapping[str, Any], name: str, key: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self._error(name, 'is missing or not a text' if value is None else 'must be a text in quotes')
        return value

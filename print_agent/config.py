"""The agent's configuration: one folder with an optional ``agent.toml`` and the pairings that ``pair`` writes.

What may stand in ``agent.toml`` is said by the sections below, one struct each. Every wrong value is answered with a
sentence that names the file, the key and what is allowed there; that sentence is the description of the key's type.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
import platformdirs
from msgspec import Meta, Struct

from print_agent.connection import pairing
from print_agent.connection.proxy import DIRECT, Network, is_proxy
from print_agent.errors import ConfigError, NetworkError, PairingError
from print_agent.printing import calibrations
from print_agent.printing.layout import Layout
from print_agent.protocol import signing
from print_agent.protocol.errors import BadSecret
from print_agent.protocol.messages import MAX_PRINTER_NAME


#: Environment variable that names the configuration folder.
ENV = 'PRINT_AGENT_CONFIG'
APP = 'print-agent'

Mode = Literal['auto', 'stream', 'poll']


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
    mode: Mode = 'auto'
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
    layouts: dict[str, Layout] = field(default_factory=dict)
    #: Name and password for printers that want a login, by their names.
    logins: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)

    @property
    def pairings(self) -> Path:
        """Where the pairings are."""
        return self.folder / 'pairings'

    @property
    def calibrations(self) -> Path:
        """Where it is written down how badges lie on the labels."""
        return self.spool / calibrations.FILE

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


# -- what may stand in agent.toml -------------------------------------------------------------------------------------

_TEXT = 'must be a text in quotes'
_Text = Annotated[str, Meta(description=_TEXT)]
_FilledText = Annotated[str, Meta(min_length=1, description=_TEXT)]
#: Relative to the configuration folder.
_Path = Annotated[Path, Meta(description=_TEXT)]
_Flag = Annotated[bool, Meta(description='must be true or false')]
_Port = Annotated[int, Meta(ge=0, le=65535, description='must be a port number from 0 to 65535')]
_PROXY = f'must be http://host:port, or "{DIRECT}" for none'


class _Cups(Struct, frozen=True):
    enabled: _Flag = True
    server: Annotated[str, Meta(pattern=r'^(/.*|[^:]*(:[0-9]*)?)\Z', description=(
        'must be a text in quotes: the path of a socket, host or host:port'))] = ''
    queues: Annotated[tuple[_FilledText, ...], Meta(description=(
        'must be a list of names of print queues, such as ["desk1"]'))] | None = None


class _Folder(Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=MAX_PRINTER_NAME, description=(
        f'must be a text in quotes with at most {MAX_PRINTER_NAME} characters'))]
    path: _Path


class _Spool(Struct, frozen=True):
    path: _Path | None = None
    keep_hours: Annotated[float, Meta(ge=0, le=48, description='must be a number of hours from 0 to 48')] = 4.0


class _Page(Struct, frozen=True):
    enabled: _Flag = True
    port: _Port = 8632


class _Network(Struct, frozen=True):
    proxy: Annotated[str, Meta(description=_PROXY)] = ''
    ca_file: _Text = ''


class _Endpoint(Struct, frozen=True):
    printer: _FilledText
    secret_file: _Path


class _Receiver(Struct, frozen=True):
    host: _Text = '127.0.0.1'
    port: _Port = 8631
    endpoint: tuple[_Endpoint, ...] = ()


class _Printer(Layout, frozen=True, kw_only=True):
    login_file: _Path | None = None


class _Settings(Struct, frozen=True):
    mode: Annotated[Mode, Meta(description=f'must be one of: {", ".join(get_args(Mode))}')] = 'auto'
    cups: _Cups = _Cups()
    folder: tuple[_Folder, ...] = ()
    spool: _Spool = _Spool()
    page: _Page = _Page()
    network: _Network = _Network()
    receiver: _Receiver = _Receiver()
    printers: dict[str, _Printer] = {}


# -- reading it -------------------------------------------------------------------------------------------------------

_Section = TypeVar('_Section', bound=Struct)


class _Reader:
    def __init__(self, path: Path, folder: Path):
        self._path = path
        self._folder = folder

    def config(self, data: Mapping[str, Any]) -> Config:
        found = self._section(_Settings, data, '')
        return Config(
            folder=self._folder, mode=found.mode, cups=found.cups.enabled, cups_server=found.cups.server,
            queues=found.cups.queues, folders=self._folders(found.folder),
            spool=found.spool.path or Path(platformdirs.user_state_dir(APP)), keep_hours=found.spool.keep_hours,
            page=found.page.enabled, page_port=found.page.port, receiver_host=found.receiver.host,
            receiver_port=found.receiver.port, webhook_endpoints=self._endpoints(found.receiver.endpoint),
            network=self._network(found.network), layouts={
                name: Layout(**{key: getattr(printer, key) for key in Layout.__struct_fields__})
                for name, printer in found.printers.items()},
            logins={name: self._login(f'printers.{name}.login_file', printer.login_file)
                    for name, printer in found.printers.items() if printer.login_file is not None})

    def _section(self, kind: type[_Section], table: object, where: str) -> _Section:
        """One section. Key by key, so that what is wrong can be named."""
        if not isinstance(table, dict):
            raise self._error(where, f'must be a section [{where}]')
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        values = {}
        for name, value in table.items():
            key = f'{where}.{name}' if where else name
            if name not in fields:
                raise self._error(key, f'is not a setting; allowed here are {", ".join(sorted(fields))}')
            values[name] = self._value(fields[name].type, value, key)
        for name, each in fields.items():
            if each.required and name not in values:
                raise self._error(f'{where}.{name}', 'is missing')
        return kind(**values)

    def _value(self, kind: Any, value: object, key: str) -> Any:
        origin = get_origin(kind)
        inner = get_args(kind)[0 if origin is tuple else 1] if origin in (tuple, dict) else kind
        if not (isinstance(inner, type) and issubclass(inner, Struct)):
            try:
                return msgspec.convert(value, kind, dec_hook=lambda _kind, path: self._below(key, path))
            except msgspec.ValidationError as exc:
                raise self._error(key, _allowed(kind)) from exc
        if inner is kind:
            return self._section(inner, value, key)
        if origin is tuple:
            if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
                raise self._error(key, f'must be sections [[{key}]]')
            return tuple(self._section(inner, table, f'{key}[{number}]') for number, table in enumerate(value, 1))
        if not isinstance(value, dict):
            raise self._error(key, f'must be sections [{key}.NAME]')
        return {name: self._section(inner, table, f'{key}.{name}') for name, table in value.items()}

    def _below(self, key: str, path: object) -> Path:
        """A path; a relative one is below the configuration folder."""
        if not isinstance(path, str) or not path:
            raise self._error(key, _TEXT)
        try:
            return self._folder / Path(path).expanduser()
        except RuntimeError as exc:
            raise self._error(key, f'is {path!r}, but there is no such user on this computer') from exc

    def _error(self, key: str, text: str) -> ConfigError:
        return ConfigError(f'{self._path}: "{key}" {text}.')

    # -- what a type cannot say ----------------------------------------------------------------------------------------

    def _folders(self, sections: tuple[_Folder, ...]) -> dict[str, Path]:
        folders: dict[str, Path] = {}
        for number, section in enumerate(sections, 1):
            if section.name in folders:
                raise self._error(f'folder[{number}].name', f'is {section.name!r}, which is taken already')
            folders[section.name] = section.path
        return folders

    def _network(self, section: _Network) -> Network:
        if section.proxy and section.proxy != DIRECT and not is_proxy(section.proxy):
            raise self._error('network.proxy', _PROXY)  # not quoted, as it may hold a password
        key = 'network.ca_file'
        network = Network(proxy=section.proxy, ca_file=self._below(key, section.ca_file) if section.ca_file else None)
        try:
            network.tls()
        except NetworkError as exc:
            raise self._error(key, f'cannot be used: {exc}'.rstrip('.')) from exc
        return network

    def _endpoints(self, sections: tuple[_Endpoint, ...]) -> tuple[WebhookEndpoint, ...]:
        endpoints: dict[str, WebhookEndpoint] = {}
        for number, section in enumerate(sections, 1):
            where, printer = f'receiver.endpoint[{number}]', section.printer
            if printer in endpoints:
                raise self._error(f'{where}.printer', f'is {printer!r}, which has a webhook endpoint already')
            endpoints[printer] = WebhookEndpoint(printer=printer, secrets=self._secrets(f'{where}.secret_file',
                                                                                        section.secret_file))
        return tuple(endpoints.values())

    def _secrets(self, key: str, file: Path) -> tuple[str, ...]:
        secrets = tuple(self._private(key, file).split())
        if not 1 <= len(secrets) <= 2:
            raise self._error(key, f'names {file}, which has {len(secrets)} secrets; put one in it, or two (one a '
                                   f'line) while one replaces the other')
        for secret in secrets:
            try:
                signing.check_secret(secret)
            except BadSecret as exc:
                raise self._error(key, f'names {file}, in which a line is not a secret from Indico '
                                       f'(whsec_...)') from exc
        return secrets

    def _login(self, key: str, file: Path) -> tuple[str, str]:
        user, _, password = self._private(key, file).strip().partition(':')
        if not user or not password or '\n' in password:
            raise self._error(key, f'names {file}, which does not hold one line user:password')
        return user, password

    def _private(self, key: str, file: Path) -> str:
        try:
            pairing.refuse_readable_by_others(file)
            return file.read_text()
        except PairingError as exc:
            raise self._error(key, f'cannot be used: {exc}') from exc
        except (OSError, UnicodeDecodeError) as exc:
            raise self._error(key, f'names {file}, which cannot be read') from exc


def _allowed(kind: Any) -> str:
    """What a setting may be: the description of its type."""
    for each in (kind, *get_args(kind)):
        for meta in getattr(each, '__metadata__', ()):
            if meta.description:
                return str(meta.description)
    raise TypeError(f'{kind} has no description')

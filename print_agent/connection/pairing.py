"""Pairings: which Indico this agent prints for, and the token that proves it.

A pairing is one JSON file that only its owner may read. A token is never in a URL, a log line or an error message.
"""

import json
import os
import re
import stat
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from print_agent.connection.proxy import LOCAL, Network
from print_agent.errors import NetworkError, PairingError
from print_agent.version import SOFTWARE


#: Longest wait for Indico's answer to a pairing, in seconds.
PAIR_TIMEOUT = 20.0
#: Longest pairing code that Indico looks at, in characters.
MAX_CODE_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """One agent in one event of one Indico."""

    #: Name of the file and ``source`` of its jobs in the spool.
    id: str
    url: str
    token: str
    stream: str
    poll: str
    document: str
    agent_id: int
    agent_name: str
    event_id: int
    event_title: str

    def __repr__(self) -> str:
        return f'<Pairing {self.id}>'


def check_url(url: str, *, allow_http: bool = False) -> str:
    """Return the URL without a trailing slash; raise :class:`PairingError` unless a token may travel to it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ('https', 'http', 'wss', 'ws') and bool(parts.hostname) and parts.port != 0
        # They are stricter, so connecting would fail later.
        httpx.URL(url)
        (parts.hostname or '').encode('idna')
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise PairingError(f'{url!r} is not the address of an Indico, such as https://indico.example.org')
    if parts.scheme in ('http', 'ws') and parts.hostname not in LOCAL and not allow_http:
        raise PairingError(f'{parts.scheme}://{parts.netloc} is not encrypted: anybody in this network could read '
                           f'badges and the token. Use https://, or add --allow-http if you accept that.')
    return url.rstrip('/')


async def pair(url: str, code: str, hostname: str, *, allow_http: bool = False, network: Network | None = None,
               transport: httpx.AsyncBaseTransport | None = None) -> Pairing:
    """Swap a pairing code for a pairing. Raises :class:`PairingError`.

    :param url: of the Indico; that of the event, as people copy it from their browser, does as well
    """
    base = check_url(re.split('/event/|[?#]', url)[0], allow_http=allow_http)
    if not 1 <= len(code) <= MAX_CODE_LENGTH:
        raise PairingError('This is not a pairing code. One looks like K7QMX-2RVT4; Indico shows it when an agent is '
                           'added.')
    try:
        async with httpx.AsyncClient(timeout=PAIR_TIMEOUT, transport=transport,
                                     **(network or Network()).for_httpx(base)) as client:
            reply = await client.post(f'{base}/api/plugin/checkin-print/pair',
                                      json={'code': code, 'software': SOFTWARE, 'hostname': hostname})
    except NetworkError as exc:
        raise PairingError(str(exc)) from exc
    except httpx.ProxyError as exc:
        raise PairingError(f'{base} does not answer, as the proxy does not let the request through ({exc}). Check '
                           f'[network] proxy in agent.toml.') from exc
    except httpx.HTTPError as exc:
        if 'CERTIFICATE_VERIFY' in str(exc):
            raise PairingError(f'{base} does not answer with a certificate that is trusted here. Set [network] ca_file '
                               f'in agent.toml, or check the date of this computer ({exc}).') from exc
        raise PairingError(f'{base} does not answer ({exc or type(exc).__name__}). Check the address, and '
                           f'whether this computer has a network.') from exc
    try:
        answer = reply.json()
    except ValueError:
        answer = None
    if reply.status_code != 200 or not isinstance(answer, dict):
        if isinstance(answer, dict) and isinstance(answer.get('message'), str):
            raise PairingError(answer['message'])
        if reply.status_code in (404, 405):  # the latter where a page of Indico's own is at the address
            raise PairingError(f'{base} has no check-in print plugin, or is not an Indico.{_shorter(base)}')
        raise PairingError(f'{base} answered with HTTP {reply.status_code}, which is no answer of the plugin. Open '
                           f'it in a browser: the address may be wrong, or a login page of this network in between.')
    try:
        agent_id, event_id = int(answer['agent']['id']), int(answer['event']['id'])
        host = re.sub(r'[^a-z0-9]+', '-', (urlsplit(base).netloc + urlsplit(base).path).lower()).strip('-')
        return Pairing(
            id=f'{host}-{agent_id}', url=base, token=str(answer['token']), agent_id=agent_id, event_id=event_id,
            stream=check_url(answer['stream'], allow_http=allow_http),
            poll=check_url(answer['poll'], allow_http=allow_http),
            document=check_url(answer['document'], allow_http=allow_http),
            agent_name=str(answer['agent']['name']), event_title=str(answer['event']['title']))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise PairingError(f'{base} sent an answer that this print agent does not understand.') from exc


def _shorter(base: str) -> str:
    parts = urlsplit(base)
    return f' Try it with {parts.scheme}://{parts.netloc} alone.' if parts.path else ''


def make_folder(folder: Path) -> None:
    """Make sure that a pairing can be kept, before a code is used up for it. Raises :class:`PairingError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b'x' * 4096)  # about a pairing's length: the disk may be full
    except OSError as exc:
        raise PairingError(f'{folder} cannot be written to ({exc.strerror}), so a pairing could not be kept and was '
                           f'not tried. It must belong to the user who runs the print agent.') from exc


def save(folder: Path, pairing: Pairing) -> Path:
    """Write a pairing so that only its owner can read it, complete or not at all."""
    make_folder(folder)
    path = folder / f'{pairing.id}.json'
    partial = folder / f'.{pairing.id}.part'
    partial.unlink(missing_ok=True)
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, 'w') as file:
        json.dump(asdict(pairing), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return path


def load_all(folder: Path) -> list[Pairing]:
    """Read all pairings. Raises :class:`PairingError` for one that others can read or that is broken."""
    return [load(path) for path in paths(folder)]


def paths(folder: Path) -> list[Path]:
    """The files of all pairings. Raises :class:`PairingError` if the folder is there but cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == '.json')
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise PairingError(f'{folder} cannot be read ({exc.strerror}). It must belong to the user who runs the print '
                           f'agent.') from exc


def load(path: Path) -> Pairing:
    """Read one pairing. Raises :class:`PairingError`."""
    refuse_readable_by_others(path)
    try:
        data = json.loads(path.read_text())
        pairing = Pairing(**{field.name: field.type(data[field.name]) if callable(field.type) else data[field.name]
                             for field in fields(Pairing)})
        for url in (pairing.url, pairing.stream, pairing.poll, pairing.document):
            check_url(url, allow_http=True)
        return pairing
    except (PairingError, OSError, ValueError, KeyError, TypeError) as exc:
        why = str(exc) if isinstance(exc, PairingError) else type(exc).__name__
        raise PairingError(f'{path} is not a pairing that can be read ({why}). Remove it and pair again.') from exc


def refuse_readable_by_others(path: Path) -> None:
    """Raise :class:`PairingError` if a file with a secret can be read by other users."""
    try:
        mode = path.stat().st_mode
    except OSError as exc:
        raise PairingError(f'{path} cannot be read ({exc.strerror}).') from exc
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PairingError(f'{path} holds a secret and can be read by other users. Run: chmod 600 {path}')

"""How the agent reaches Indico: through which proxy, and whose certificates it trusts.

Websockets and plain requests must not differ in this, or ``auto`` would fall back to a way that fails as well.
"""

import ssl
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.exceptions import InvalidProxy
from websockets.proxy import parse_proxy

from print_agent.errors import NetworkError


#: Value of ``network.proxy`` for: no proxy, whatever the environment says.
DIRECT = 'direct'
#: Names of this computer itself.
LOCAL = {'localhost', '127.0.0.1', '::1'}
_INSTEAD = f'Set [network] proxy in agent.toml to http://host:port, or to "{DIRECT}".'


def is_proxy(url: str) -> bool:
    """Whether this is the address of an HTTP proxy; otherwise a wrong one would be noticed only when connecting."""
    try:
        return urlsplit(url).port != 0 and parse_proxy(url).scheme in ('http', 'https')
    except (InvalidProxy, ValueError):
        return False


@dataclass(frozen=True, kw_only=True)
class Network:
    """Settings of the network.

    :param proxy: ``http://host:port``, :data:`DIRECT`, or empty for what the environment says
    :param ca_file: PEM file with certificate authorities that are trusted besides those of the system
    """

    proxy: str = field(default='', repr=False)
    ca_file: Path | None = None

    def tls(self) -> ssl.SSLContext:
        """Who is trusted: the system's authorities (or ``SSL_CERT_FILE``) and ``ca_file``. Raises NetworkError."""
        context = ssl.create_default_context()
        if self.ca_file is not None:
            try:
                context.load_verify_locations(self.ca_file)
            except (OSError, ssl.SSLError) as exc:
                raise NetworkError(f'{self.ca_file} holds no certificates in PEM format that can be read '
                                   f'({exc.strerror or exc}).') from exc
        return context

    def proxy_for(self, url: str) -> str | None:
        """The proxy for an address, or None; never one for this computer itself. Raises NetworkError."""
        parts = urlsplit(url)
        host = parts.hostname or ''
        if host in LOCAL or self.proxy == DIRECT:
            return None
        if self.proxy:
            return self.proxy
        if urllib.request.proxy_bypass(host if parts.port is None else f'{host}:{parts.port}'):
            return None
        return self._from_environment(parts.scheme)

    @staticmethod
    def _from_environment(scheme: str) -> str | None:
        found = urllib.request.getproxies()
        # A websocket goes through a proxy as its handshake would: by CONNECT, as https does.
        wanted = ('https', 'all') if scheme in ('https', 'wss') else ('http', 'all')
        proxy = next((found[kind] for kind in wanted if found.get(kind)), None)
        if proxy is None:
            return None
        proxy = proxy if '://' in proxy else f'http://{proxy}'
        if not proxy.startswith(('http://', 'https://')):
            raise NetworkError(f'The environment names a proxy of a kind that is not supported '
                               f'({proxy.partition("://")[0]}). {_INSTEAD}')
        if not is_proxy(proxy):
            raise NetworkError(f'The environment names a proxy that is no address, in {wanted[0].upper()}_PROXY or '
                               f'ALL_PROXY. {_INSTEAD}')  # not quoted, as it may hold a password
        return proxy

    def for_httpx(self, url: str) -> dict[str, Any]:
        """Arguments for an ``httpx.AsyncClient`` that speaks to ``url``."""
        return {'verify': self.tls(), 'proxy': self.proxy_for(url), 'trust_env': False}

    def for_websockets(self, url: str) -> dict[str, Any]:
        """Arguments for ``websockets.connect`` to ``url``."""
        return {'proxy': self.proxy_for(url), **({'ssl': self.tls()} if url.startswith('wss:') else {})}

"""The guard before every webhook: which URLs may be saved, and where a POST may connect to.

A URL is parsed once, here, and nobody parses it again: :func:`check_url` returns a :class:`Target` with the addresses
that were checked, and the sender connects to exactly those (see ``post.py``). So a name that changes its address
between check and use (DNS rebinding), and two parsers that read a URL differently, gain nothing.

The policy: ``https`` to addresses of the public internet for everybody. Other addresses, and plain ``http``, only
where the administrator's list of networks opens them; an event manager cannot widen that list. Which addresses are
public is decided in ``addresses.py``.
"""

import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import quote, urlsplit

import idna

from indico_checkin_print import _
from indico_checkin_print.delivery.addresses import is_allowed, judge_address
from indico_checkin_print.errors import NameServiceError, RefusedURL
from indico_checkin_print.settings import parse_networks


#: Longest URL, in characters.
MAX_URL = 2000
#: Most addresses of one host that are tried (a host with more is still checked as a whole).
MAX_ADDRESSES = 4
#: How long to wait for the name service, in seconds. ``getaddrinfo`` itself knows no limit.
RESOLVE_TIMEOUT = 5.0

#: Why a URL was refused, in words for the manager who wrote it. They name no address: what an internal name resolves
#: to is nobody's business.
SENTENCES = {
    'empty': _('Enter the URL that the badges should be sent to.'),
    'too_long': _('The URL is too long.'),
    'characters': _('The URL contains spaces, backslashes or invisible characters.'),
    'malformed': _('This is not a valid URL.'),
    'scheme': _('The URL must start with https://.'),
    'credentials': _('The URL must not contain a user name or password. '
                     'Deliveries are signed; the receiver checks the signature instead.'),
    'fragment': _('The URL must not contain a fragment (the part after "#"): it would never be sent.'),
    'no_host': _('The URL does not name a host.'),
    'bad_host': _('The host name in the URL is not valid.'),
    'numeric_host': _('Write an IP address the usual way: four numbers such as 198.50.0.7, no shorter and no other '
                      'form.'),
    'zone': _('IPv6 addresses with a zone ("%") cannot be used.'),
    'port': _('The port in the URL must be between 1 and 65535.'),
    'local_name': _('This host name only works inside a local network. An administrator of Indico would have to allow '
                    'that network first.'),
    'plain_http': _('The URL must start with https://. Plain http:// is only possible inside networks that an '
                    'administrator of Indico allowed.'),
    'unresolvable': _('The host name in the URL was not found.'),
    'loopback': _('The URL leads to the server itself. An administrator of Indico would have to allow that.'),
    'link_local': _('The URL leads to a link-local address, which cannot be used.'),
    'private': _('The URL leads into a private network. An administrator of Indico would have to allow that network '
                 'first.'),
    'cgnat': _('The URL leads into the shared address space of a network provider (100.64.0.0/10). An administrator '
               'of Indico would have to allow it first.'),
    'multicast': _('The URL leads to a multicast address, which cannot be used.'),
    'unspecified': _('The URL leads to an address that means "no address", which cannot be used.'),
    'documentation': _('The URL leads to an address that only exists for examples.'),
    'embedded': _('The URL leads to an IPv6 address with an IPv4 address inside. Use the IPv4 address, or a host '
                  'name.'),
    'reserved': _('The URL leads to a reserved address, which cannot be used.'),
    'metadata': _('The URL leads to an internal service of the cloud that Indico runs in. It can never be used.'),
}

# Names that never mean a host of the public internet: RFC 6761, RFC 6762, RFC 8375 and what ICANN reserved.
_local_suffixes = ('localhost', 'local', 'internal', 'home.arpa', 'intranet', 'private', 'corp', 'home', 'lan')
_netloc = re.compile(r'(\[[^\[\]]*\]|[^\[\]:]*)(?::(.*))?')
_port = re.compile(r'[0-9]{1,6}')
_number = re.compile(r'[0-9]+|0x[0-9a-f]*', re.IGNORECASE)


def _refused(reason, address=None):
    return RefusedURL(reason, SENTENCES[reason], address)


@dataclass(frozen=True)
class Target:
    """A URL in parts.

    ``host`` is lower case, ASCII (IDNA) and without brackets; ``path`` is what follows in the request line, with the
    query. ``addresses`` are the checked ones in the order to try, empty when nothing was resolved yet.
    """

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple = ()

    @property
    def literal(self):
        """The address that the URL itself names, or ``None`` if it names a host."""
        try:
            return ip_address(self.host)
        except ValueError:
            return None

    @property
    def host_header(self):
        """Value of the ``Host`` header (RFC 9110, 7.2)."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        default = 443 if self.scheme == 'https' else 80
        return host if self.port == default else f'{host}:{self.port}'


def check_saved(url, allowed_networks=()):
    """Check a URL that a manager is saving, as far as possible without the name service.

    :param allowed_networks: what the administrator opened, in any form that `settings.parse_networks` reads
    :return: a :class:`Target` without addresses
    :raises RefusedURL: with a sentence for the form
    :raises ValueError: if the administrator's list is wrong
    """
    target = parse_url(url)
    allowed_networks = parse_networks(allowed_networks)
    if (address := target.literal) is not None:
        _judge(target, [address], allowed_networks)
    elif not allowed_networks:
        # With a list, the name may lead into one of its networks; only the lookup before each POST shows that.
        if _is_local_name(target.host):
            raise _refused('local_name')
        if target.scheme == 'http':
            raise _refused('plain_http')
    return target


def check_url(url, allowed_networks=()):
    """Check a URL right before it is used. Looks up the host; **every** address of it must be allowed.

    :param allowed_networks: what the administrator opened, in any form that `settings.parse_networks` reads
    :return: a :class:`Target` whose addresses are safe to connect to; connect to nothing else
    :raises RefusedURL: if it may not be used
    :raises NameServiceError: if the host could not be looked up now
    """
    target = check_saved(url, allowed_networks)
    if target.literal is not None:
        addresses = [target.literal]
    else:
        addresses = resolve(target.host, target.port)
        if not addresses:
            raise _refused('unresolvable')
        _judge(target, addresses, parse_networks(allowed_networks))
    return Target(target.scheme, target.host, target.port, target.path, tuple(addresses[:MAX_ADDRESSES]))


def parse_url(url):
    """Take a URL apart, strictly: what a browser would repair is refused.

    :return: a :class:`Target` without addresses
    :raises RefusedURL: if it is not a plain absolute http(s) URL
    """
    if not url:
        raise _refused('empty')
    if len(url) > MAX_URL:
        raise _refused('too_long')
    # urlsplit() drops tabs and newlines and browsers turn backslashes into slashes: two readings of one URL.
    if '\\' in url or any(char.isspace() or not char.isprintable() for char in url):
        raise _refused('characters')
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _refused('malformed')
    if parts.scheme not in {'https', 'http'}:
        raise _refused('scheme')
    if '@' in parts.netloc:
        raise _refused('credentials')
    if '#' in url:
        raise _refused('fragment')
    # Not parts.hostname: it overlooks what stands around the brackets of an IPv6 address.
    if not (match := _netloc.fullmatch(parts.netloc)):
        raise _refused('malformed')
    host, port = match.groups()
    if not host:
        raise _refused('no_host')
    host = _parse_ipv6(host[1:-1]) if host.startswith('[') else _parse_host(host)
    if not port:
        port = 443 if parts.scheme == 'https' else 80
    elif not _port.fullmatch(port) or not 1 <= int(port) <= 65535:
        raise _refused('port')
    path = parts.path or '/'
    if parts.query:
        path += f'?{parts.query}'
    # Only adds percent signs: what is already encoded stays as the manager wrote it.
    return Target(parts.scheme, host, int(port), quote(path, safe="%/:=&?~+!$,;'@()*[]"))


def resolve(host, port):
    """Look up a host with a time limit.

    :return: the addresses in the system's order, without duplicates; empty if the host does not exist
    :raises NameServiceError: if there was no answer (in time)
    """
    result = []

    def _lookup():
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            # The zone of a link-local address is dropped: the address is refused without it.
            result.append(list(dict.fromkeys(ip_address(item[4][0].partition('%')[0]) for item in found)))
        except Exception as exc:
            result.append(exc)

    # A daemon, so that a name service that never answers keeps no process alive.
    thread = threading.Thread(target=_lookup, name='checkin-print-resolve', daemon=True)
    thread.start()
    thread.join(RESOLVE_TIMEOUT)
    if not result:
        raise NameServiceError(f'no answer in {RESOLVE_TIMEOUT:g} seconds')
    found = result[0]
    if isinstance(found, socket.gaierror) and found.errno in {socket.EAI_NONAME, getattr(socket, 'EAI_NODATA', None)}:
        return []
    if isinstance(found, Exception):
        raise NameServiceError(str(found)) from found
    return found


def _judge(target, addresses, allowed_networks):
    for address in addresses:
        if (reason := judge_address(address, allowed_networks)) is not None:
            raise _refused(reason, address)
        if target.scheme == 'http' and not is_allowed(address, allowed_networks):
            raise _refused('plain_http', address)


def _is_local_name(host):
    return '.' not in host or any(host == suffix or host.endswith(f'.{suffix}') for suffix in _local_suffixes)


def _parse_ipv6(host):
    if '%' in host:
        raise _refused('zone')
    try:
        return str(IPv6Address(host))
    except ValueError:
        raise _refused('bad_host')


def _parse_host(host):
    # One dot at the end means a full name and belongs neither to a certificate nor to an address.
    host = host.removesuffix('.')
    if not host or host.endswith('.') or '%' in host:
        raise _refused('bad_host')
    try:
        # UTS 46 turns look-alikes (full-width digits, other full stops) into plain ones *before* the checks below.
        host = idna.encode(host, uts46=True, std3_rules=True).decode().lower()
    except idna.IDNAError:
        raise _refused('bad_host')
    # WHATWG's rule: a host whose last label is a number is an IPv4 address, and there are many ways to write one.
    if _number.fullmatch(host.rpartition('.')[2]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise _refused('numeric_host')
    return host

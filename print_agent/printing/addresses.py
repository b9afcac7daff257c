"""What the device URI of a print queue says of where the printer can be asked or reached."""

from urllib.parse import urlsplit, urlunsplit


#: Ports of the devices that take a plain connection.
_PORTS = {'socket': 9100, 'lpd': 515}


def printer_uri(device_uri: str) -> str | None:
    """The address at which a CUPS queue's printer can be asked; None if it cannot (USB, raw socket...).

    Options of the CUPS backend (``?waitjob=false``) are not part of it. What only CUPS finds is no address: the name of
    a service (``ipp://Label._ipp._tcp.local/``, also of printers on USB), an IPv6 zone (``[v1.fe80::1+eth0]``).
    """
    try:
        parts = urlsplit(device_uri)
    except ValueError:
        return None
    scheme = {'ipp': 'ipp', 'ipps': 'ipps', 'http': 'ipp', 'https': 'ipps'}.get(parts.scheme)
    if scheme is None or not parts.hostname or is_service(device_uri) or parts.hostname.startswith('v1.'):
        return None
    default = {'http': ':80', 'https': ':443'}.get(parts.scheme, '')
    try:
        netloc = parts.netloc if parts.port else parts.netloc + default
    except ValueError:
        return None
    return urlunsplit((scheme, netloc.rpartition('@')[2], parts.path or '/', '', ''))


def is_service(device_uri: str) -> bool:
    """Whether a queue names its printer as DNS-SD does, not by an address."""
    return device_uri.startswith('dnssd:') or '._tcp.' in device_uri.partition('?')[0]


def socket_address(device_uri: str) -> tuple[str, int] | None:
    """Host and port of a device that takes a plain connection; None for any other."""
    try:
        parts = urlsplit(device_uri)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or port is None or parts.hostname.startswith('v1.'):
        return None
    return parts.hostname, port

"""What Indico's administrator chose for this plugin in ``indico.conf``.

A setting that makes no sense raises `SettingError`; its text names the setting and says what it must be.
"""

from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urlsplit

from indico.core.config import config

from indico_checkin_print.errors import SettingError


#: Setting -> its value where ``indico.conf`` does not name it, as ``PLUGIN_CHECKIN_PRINT_<setting>``
DEFAULTS = {
    # networks (CIDR) that webhooks may reach although they are not public, e.g. ['10.20.0.0/16']
    'ALLOWED_NETWORKS': [],
    # where agents reach the relay; by default BASE_URL's own host, path /checkin-print/ws
    'RELAY_URL': None,
    # finished jobs are deleted after so many days; None keeps them
    'KEEP_JOBS_DAYS': 365,
    # megabytes of documents that are drawn ahead: those of one event, and those of all
    'PREPARED_MB_PER_EVENT': 1000,
    'PREPARED_MB': 5000,
    # where the manual for event managers (docs/manager.md) is published; each box links to its chapter there
    'MANUAL_URL': None,
    # the key that signs certificates of attendance: a PKCS#12 file, and a file with its password in the first line
    'CERTIFICATE_KEY': None,
    'CERTIFICATE_PASSWORD_FILE': None,
    # what viewers show of the signature: 'contact', 'location', 'reason'
    'CERTIFICATE_SIGNATURE': {},
    # a timestamp server (RFC 3161)
    'CERTIFICATE_TIMESTAMP_URL': None,
}

#: Most characters of each text that a signature shows
MAX_SIGNATURE_TEXT = 200


def allowed_networks():
    """Return the networks that webhooks may reach although they are not public, as a tuple of `ipaddress` networks.

    :raises SettingError: if the setting cannot be read.
    """
    try:
        return parse_networks(config.PLUGIN_CHECKIN_PRINT_ALLOWED_NETWORKS)
    except (TypeError, ValueError) as exc:
        raise SettingError(f'PLUGIN_CHECKIN_PRINT_ALLOWED_NETWORKS cannot be read: {exc}') from exc


def relay_url():
    """Return the websocket address where agents reach the relay."""
    if url := config.PLUGIN_CHECKIN_PRINT_RELAY_URL:
        return url
    base = urlsplit(config.BASE_URL)
    return f'{"wss" if base.scheme == "https" else "ws"}://{base.netloc}/checkin-print/ws'


def keep_jobs():
    """Return how long finished jobs are kept, as a `timedelta`; ``None`` is for ever.

    :raises SettingError: if the setting makes no sense.
    """
    days = config.PLUGIN_CHECKIN_PRINT_KEEP_JOBS_DAYS
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise SettingError(f'PLUGIN_CHECKIN_PRINT_KEEP_JOBS_DAYS is {days!r}; it must be a number of days such as '
                           '365, or None to keep them for ever.')
    return timedelta(days=days)


def prepared_bytes_per_event():
    """Return how many bytes of documents may be drawn ahead for one event.

    :raises SettingError: if the setting makes no sense.
    """
    return _megabytes('PREPARED_MB_PER_EVENT')


def prepared_bytes():
    """Return how many bytes of documents may be drawn ahead for all events.

    :raises SettingError: if the setting makes no sense.
    """
    return _megabytes('PREPARED_MB')


def _megabytes(name):
    value = getattr(config, f'PLUGIN_CHECKIN_PRINT_{name}')
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SettingError(f'PLUGIN_CHECKIN_PRINT_{name} is {value!r}; it must be a number of megabytes such as '
                           f'{DEFAULTS[name]}, or 0 to draw nothing ahead.')
    return value * 1_000_000


def manual_url(chapter):
    """Return where a chapter of the manual is, by its heading's anchor; empty if the manual is not published."""
    url = config.PLUGIN_CHECKIN_PRINT_MANUAL_URL
    return f'{url}#{chapter}' if url else ''


def certificate_key():
    """Return the paths of the key for certificates and of the file with its password; twice ``None`` without a key.

    :raises SettingError: if one of them is missing, or no absolute path.
    """
    names = ('CERTIFICATE_KEY', 'CERTIFICATE_PASSWORD_FILE')
    paths = [getattr(config, f'PLUGIN_CHECKIN_PRINT_{name}') for name in names]
    if paths == [None, None]:
        return None, None
    for name, path in zip(names, paths, strict=True):
        if not isinstance(path, str) or not path.startswith('/'):
            raise SettingError(f'PLUGIN_CHECKIN_PRINT_{name} is {path!r}; it must be the absolute path of a file. A '
                               'key and its password are set together.')
    return tuple(paths)


def certificate_texts():
    """Return what viewers show of a signature, as a dict with some of ``contact``, ``location`` and ``reason``.

    :raises SettingError: if it is anything else.
    """
    texts = config.PLUGIN_CHECKIN_PRINT_CERTIFICATE_SIGNATURE
    if (not isinstance(texts, dict) or not texts.keys() <= {'contact', 'location', 'reason'}
            or not all(isinstance(text, str) and len(text) <= MAX_SIGNATURE_TEXT for text in texts.values())):
        raise SettingError("PLUGIN_CHECKIN_PRINT_CERTIFICATE_SIGNATURE must be a dict with 'contact', 'location' and "
                           f"'reason', each with at most {MAX_SIGNATURE_TEXT} characters; each may be missing.")
    return texts


def certificate_timestamp_url():
    """Return the URL of the timestamp server; ``None`` if there is none.

    :raises SettingError: if it is no URL.
    """
    url = config.PLUGIN_CHECKIN_PRINT_CERTIFICATE_TIMESTAMP_URL
    if url is not None and (not isinstance(url, str) or urlsplit(url).scheme not in {'http', 'https'}):
        raise SettingError(f'PLUGIN_CHECKIN_PRINT_CERTIFICATE_TIMESTAMP_URL is {url!r}; it must begin with https:// or '
                           'http://, or be None.')
    return url


def parse_networks(value):
    """Read the administrator's list: networks such as ``10.20.0.0/16`` or single addresses.

    :param value: an iterable of strings (or of networks), or one string with commas, spaces or lines between them
    :return: a tuple of networks
    :raises ValueError: if one of them is not a network; the text names it
    """
    items = value.replace(',', ' ').split() if isinstance(value, str) else value
    networks = []
    for item in items:
        try:
            networks.append(ip_network(str(item).strip()))
        except ValueError as exc:
            raise ValueError(f'{str(item)!r} is not a network such as 10.20.0.0/16: {exc}') from exc
    return tuple(networks)

"""One POST to a webhook that nobody trusts: to the checked address only, within limits, without surprises.

:func:`post` never raises for what a receiver or a network does. It says what happened in an :class:`Answer`: a status,
or an error code with a sentence. Whether to try again is for ``retry.py`` to say.

Why ``http.client`` over a socket of our own, and not ``requests``: see ``docs/decisions.md``.
"""

import http.client
import io
import re
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

import certifi

from indico.util.enum import IndicoStrEnum

from indico_checkin_print import _
from indico_checkin_print.delivery.guard import check_url
from indico_checkin_print.errors import NameServiceError, RefusedURL


#: Longest piece of the receiver's answer that is kept, in characters.
MAX_SNIPPET = 500
#: How long to read the answer's body once the status is known, in seconds.
MAX_BODY_WAIT = 3.0
USER_AGENT = 'indico-checkin-print'
#: Longest wait that a receiver may ask for, in seconds.
MAX_RETRY_AFTER = 24 * 3600


class PostError(IndicoStrEnum):
    """Why there is no HTTP status."""

    refused_url = 'refused_url'
    dns = 'dns'
    connect = 'connect'
    tls = 'tls'
    timeout = 'timeout'
    reset = 'reset'
    bad_answer = 'bad_answer'
    #: The process that sent it stopped, or is still at it (only in the log of attempts).
    interrupted = 'interrupted'


SENTENCES = {
    PostError.refused_url: _('The URL is not allowed here. Nothing was sent.'),
    PostError.dns: _('The host name could not be looked up.'),
    PostError.connect: _('No connection: the receiver is off, or a firewall is in between.'),
    PostError.tls: _('No secure connection: the certificate of the receiver is not valid for this host, has expired, '
                     'or comes from an authority that this server does not know.'),
    PostError.timeout: _('The receiver did not answer in time. It may have got the message.'),
    PostError.reset: _('The receiver closed the connection without an answer. It may have got the message.'),
    PostError.bad_answer: _('What answered does not speak HTTP. It may have got the message.'),
    PostError.interrupted: _('Under way, or Indico stopped in the middle of it. The receiver may have got it.'),
}
#: Statuses that leave open whether the receiver acted on the message: it broke down, or something in between did.
#: All others, apart from 2xx, say that it did not take it; 503 says so, too.
UNSURE = frozenset({500, 502, 504})


@dataclass(frozen=True)
class Answer:
    """What came of a POST. Either ``status`` or ``error`` is set, never both."""

    #: HTTP status.
    status: int | None
    #: How long it took, in seconds, the name service included.
    seconds: float
    #: Beginning of the answer's body: printable, without secrets, at most :data:`MAX_SNIPPET` characters.
    snippet: str = ''
    #: Seconds that the receiver asked to wait for, at most :data:`MAX_RETRY_AFTER`.
    retry_after: float | None = None
    error: PostError | None = None
    #: A sentence for people about the error. With a refused URL it is the guard's.
    message: str = ''
    #: For the administrator's log: the guard's reason code, or the text of the exception. May name addresses.
    detail: str = ''

    @property
    def may_have_arrived(self):
        """Whether the receiver may have acted on the message. If not, it surely did not."""
        if self.status is not None:
            return 200 <= self.status <= 299 or self.status in UNSURE or self.status > 504
        return self.error not in {PostError.refused_url, PostError.dns, PostError.connect, PostError.tls}


def post(url, body, headers, *, allowed_networks=(), connect_timeout=3.05, read_timeout=10, total_timeout=20,
         max_response=64 * 1024):
    """POST ``body`` to ``url``, once.

    :param body: bytes, with their type in ``headers``
    :param headers: a dict; the signature and the content type. ``Host`` and ``Content-Length`` are made here
    :param allowed_networks: what the administrator opened, see `settings.parse_networks`
    :param connect_timeout: seconds for the TCP connection to one address, and for the TLS handshake
    :param read_timeout: longest silence of the receiver, in seconds
    :param total_timeout: for everything after the name service, in seconds, however busy the receiver keeps us
    :param max_response: how much of the answer's body is read, in bytes; the rest is not
    :return: an :class:`Answer`
    """
    started = time.monotonic()

    def _failed(error, exc, message=None):
        detail = exc.reason if isinstance(exc, RefusedURL) else f'{type(exc).__name__}: {exc}'
        return Answer(None, time.monotonic() - started, error=error, message=message or SENTENCES[error],
                      detail=detail[:MAX_SNIPPET])

    try:
        target = check_url(url, allowed_networks)
    except RefusedURL as exc:
        return _failed(PostError.refused_url, exc, exc.detail)
    except NameServiceError as exc:
        return _failed(PostError.dns, exc)

    deadline = time.monotonic() + total_timeout
    try:
        sock = _connect(target, connect_timeout, deadline)
    except OSError as exc:
        return _failed(PostError.connect, exc)
    try:
        if target.scheme == 'https':
            sock.settimeout(connect_timeout)
            try:
                sock = _tls_context().wrap_socket(sock, server_hostname=target.host)
            except (OSError, ValueError) as exc:
                return _failed(PostError.tls, exc)
        # With a socket, http.client neither looks up the host nor connects: what was checked is what is used.
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = wire = _Deadline(sock, read_timeout, deadline)
        _prepare(connection, target, body, headers)
        try:
            # A receiver that has seen enough answers and closes while we still send: its answer is worth reading.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.endheaders(body)
            response = connection.getresponse()
        except TimeoutError as exc:
            return _failed(PostError.timeout, exc)
        except (http.client.RemoteDisconnected, OSError) as exc:
            return _failed(PostError.reset, exc)
        except (http.client.HTTPException, ValueError) as exc:
            return _failed(PostError.bad_answer, exc)
        # The status is the answer. What follows is for the log, so an error in it does not change the outcome, and
        # nobody waits long for it.
        wire.hurry(MAX_BODY_WAIT)
        text = _read_some(response, max_response)
        return Answer(response.status, time.monotonic() - started, snippet=redact(text, headers.values()),
                      retry_after=parse_retry_after(response.headers.get('Retry-After'), time.time()))
    finally:
        sock.close()


def redact(text, secrets=()):
    """Make a snippet that may be shown and stored: printable, short, without what looks like a secret or an e-mail.

    :param text: what the receiver answered
    :param secrets: values that must not appear, e.g. the headers of the request (some receivers echo them)
    """
    text = ' '.join(''.join(char if char.isprintable() else ' ' for char in text).split())
    for secret in secrets:
        if len(secret) >= 16:
            text = text.replace(secret, '[…]')
    # The patterns are slow on long texts. No half token at the end: its other half would be what gives it away.
    if len(text) > 4 * MAX_SNIPPET:
        text = text[:4 * MAX_SNIPPET].rpartition(' ')[0]
    for pattern in _sensitive:
        text = pattern.sub('[…]', text)
    return text if len(text) <= MAX_SNIPPET else f'{text[:MAX_SNIPPET - 1]}…'


def parse_retry_after(value, now):
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3): seconds or a date.

    :param now: in seconds since 1970
    :return: seconds from now, from 0 to :data:`MAX_RETRY_AFTER`, or ``None`` if there is nothing to read
    """
    value = (value or '').strip()
    if re.fullmatch(r'[0-9]{1,12}', value):
        seconds = float(value)
    else:
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        # HTTP knows only UTC; a date without a zone would be taken for local time.
        seconds = date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now
    return min(max(seconds, 0.0), float(MAX_RETRY_AFTER))


# Tokens by their prefix, whatever follows "Bearer", e-mail addresses, and long runs of base64 or hex.
_sensitive = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (
    r'\b(?:whsec|icpa|indp|indo)_[\w+/=-]*',
    r'\bv1a?,[\w+/=-]+',
    r'(?<=\bbearer )\S+',
    r'(?<=\bbasic )\S+',
    r'[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+',
    r'[\w+/=-]{32,}',
))


class _Deadline:
    """A socket for ``http.client`` that is given up at a moment, not after a silence that every byte interrupts."""

    def __init__(self, sock, timeout, deadline):
        self._sock = sock
        self._timeout = timeout
        self._deadline = deadline

    def arm(self):
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError('the time for the whole exchange is up')
        self._sock.settimeout(min(left, self._timeout))

    def hurry(self, seconds):
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def recv_into(self, buffer):
        self.arm()
        return self._sock.recv_into(buffer)

    def sendall(self, data):
        view = memoryview(data)
        while view:
            self.arm()
            view = view[self._sock.send(view[:65536]):]

    def makefile(self, mode):
        return io.BufferedReader(_Reader(self))

    def close(self):
        """Leave the socket open: http.client lets go of it before the answer is read; post() closes it."""


class _Reader(io.RawIOBase):
    def __init__(self, sock):
        self._sock = sock

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._sock.recv_into(buffer)


@lru_cache(maxsize=1)
def _tls_context():
    # Once per process: reading the authorities takes longer than a POST on a local network.
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _connect(target, timeout, deadline):
    """Connect to the first address that answers. Nothing is sent yet, so trying the next one is safe."""
    error = OSError('no address')
    for address in target.addresses:
        left = deadline - time.monotonic()
        try:
            # No name goes in here, only a checked address.
            sock = socket.create_connection((str(address), target.port), max(min(timeout, left), 0.001))
        except OSError as exc:
            error = exc
            continue
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    raise error


def _prepare(connection, target, body, headers):
    """Write the head of the request. A header that cannot be one is our own mistake and raises ``ValueError``."""
    ours = {'Host': target.host_header, 'Content-Length': str(len(body)), 'Accept-Encoding': 'identity',
            'Connection': 'close'}
    given = {name: value for name, value in headers.items() if name.title() not in ours}
    connection.putrequest('POST', target.path, skip_host=True, skip_accept_encoding=True)
    for name, value in ({'User-Agent': USER_AGENT} | given | ours).items():
        connection.putheader(name, value)


def _read_some(response, limit):
    data = b''
    with suppress(OSError, http.client.HTTPException, ValueError):
        while len(data) < limit and (chunk := response.read1(limit - len(data))):
            data += chunk
    if response.headers.get('Content-Encoding', 'identity').lower() != 'identity':
        return ''
    return data.decode('utf-8', 'replace')

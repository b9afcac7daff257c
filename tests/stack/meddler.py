"""A man in the middle between CUPS and the agent on one side and a virtual printer on the other.

It changes what the printer says the way that real ones do: names of jobs cut or left out, TLS or a login demanded,
answers with values that break the rules. The printer behind it prints, and counts, as always. Standard library only.
"""

import base64
import contextlib
import http.client
import socket
import ssl
import struct
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.stack.folder import subfolder


CREATE_JOB, SEND_DOCUMENT = 0x0005, 0x0006
GET_JOB_ATTRIBUTES, GET_JOBS, GET_PRINTER_ATTRIBUTES = 0x0009, 0x000a, 0x000b
_JOB, _END, _PRINTER = 0x02, 0x03, 0x04
#: What some printers add to every answer although nobody asked: a date with month 0, which they say before their clock
#: is set, an operation of the maker's own, a collection in a collection, and no UTF-8.
_STRANGE = (
    (0x31, b'printer-current-time', bytes([7, 234, 0, 0, 0, 0, 0, 0]) + b'+\0\0'),
    (0x23, b'operations-supported', struct.pack('>i', 0x4321)),
    (0x34, b'vendor-settings', b''), (0x4a, b'', b'inner'), (0x34, b'', b''), (0x4a, b'', b'deep'),
    (0x21, b'', struct.pack('>i', 7)), (0x37, b'', b''), (0x37, b'', b''),
    (0x41, b'vendor-text', b'Stra\xdfe'),
)
#: How long a connection that ends is still read, in seconds.
LINGER = 2


class Meddler:
    """One port before the port of a `Printer`; set the faults as attributes, at any time."""

    def __init__(self, printer, folder):
        self.printer = printer
        #: Characters that are left of a job's name; 0 leaves it out, None leaves it whole
        self.name_length = None
        #: Keep it to itself which jobs there are
        self.hides_jobs = False
        #: Leave out whose a job is
        self.hides_users = False
        #: Answer 426 to clients that do not speak TLS
        self.wants_tls = False
        #: Name and password without which nothing is answered
        self.login = None
        #: Add values that break the rules
        self.is_strange = False
        #: Operations whose answers get an integer of one byte, for which CUPS refuses them altogether
        self.short_integers = set()
        #: Operations that are answered with a page for people
        self.garbage = set()
        #: Operations that are refused, with the status of IPP
        self.refuses = {}
        #: All questions so far: the operation and whether it came over TLS
        self.asked = []
        #: How often somebody sent a login without TLS
        self.logins_in_the_clear = 0
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*_certificate(subfolder(folder, f'meddler-{printer.name}')))
        self._server = ThreadingHTTPServer(('127.0.0.1', 0), _Handler)
        self._server.daemon_threads = True
        self._server.meddler = self
        self.port = self._server.server_address[1]

    @property
    def uri(self):
        return self.address()

    def address(self, *, scheme='ipp', login=''):
        """The device URI of a queue; ``login`` is ``name:password``."""
        return f'{scheme}://{login}{"@" if login else ""}localhost:{self.port}/ipp/print'

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *args):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, operation, data):
        """What becomes of an answer of the printer."""
        if operation in self.garbage:
            return b'<!DOCTYPE html><title>It works!</title>'
        if operation in self.refuses:
            return data[:2] + struct.pack('>H', self.refuses[operation]) + data[4:8] + bytes([_END])
        if self.hides_jobs and operation == GET_JOBS:
            return data[:8] + bytes([_END])
        return meddle(data, name_length=self.name_length, is_strange=self.is_strange, hides_users=self.hides_users,
                      short_integer=operation in self.short_integers)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    @property
    def meddler(self):
        return self.server.meddler

    def setup(self):
        if self.request.recv(1, socket.MSG_PEEK) == b'\x16':  # so begins TLS
            self._encrypt()
        super().setup()

    def handle(self):
        with contextlib.suppress(OSError):  # who hangs up has no more questions
            super().handle()

    def finish(self):
        # What was refused before its body came may still send that. Closed at once, the connection would be reset, and
        # the refusal lost on its way.
        with contextlib.suppress(OSError):
            super().finish()
            self.request.shutdown(socket.SHUT_WR)
            self.request.settimeout(LINGER)
            while self.request.recv(65536):
                pass

    def handle_expect_100(self):
        if self._refusal():
            self._refuse()
            return False
        return super().handle_expect_100()

    def do_OPTIONS(self):
        """RFC 2817: CUPS upgrades the connection that it has."""
        if 'TLS' in self.headers.get('Upgrade', ''):
            self.send_response_only(101)
            self.send_header('Connection', 'Upgrade')
            self.send_header('Upgrade', 'TLS/1.2')
            self.end_headers()
            self._encrypt()
            super().setup()
        self._send(200, b'')

    def do_GET(self):
        self._forward(b'')

    def do_POST(self):
        body = self._body()
        if self._refusal():
            self._refuse()
        else:
            self._forward(body)

    def _encrypt(self):
        self.request = self.meddler.tls.wrap_socket(self.request, server_side=True)

    def _refusal(self):
        meddler = self.meddler
        if 'Authorization' in self.headers and not isinstance(self.request, ssl.SSLSocket):
            meddler.logins_in_the_clear += 1
        if meddler.wants_tls and not isinstance(self.request, ssl.SSLSocket):
            return 426
        if meddler.login is not None:
            wanted = base64.b64encode(':'.join(meddler.login).encode()).decode()
            if self.headers.get('Authorization') != f'Basic {wanted}':
                return 401
        return 0

    def _refuse(self):
        self.close_connection = True
        code = self._refusal()
        extra = {426: ('Upgrade', 'TLS/1.2, HTTP/1.1'), 401: ('WWW-Authenticate', 'Basic realm="printer"')}[code]
        self._send(code, b'', extra, ('Connection', 'Upgrade, close' if code == 426 else 'close'))

    def _body(self):
        if 'chunked' not in self.headers.get('Transfer-Encoding', ''):
            return self.rfile.read(int(self.headers.get('Content-Length', 0)))
        body = b''
        while size := int(self.rfile.readline().split(b';')[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _forward(self, body):
        operation = int.from_bytes(body[2:4]) if self.command == 'POST' else None
        self.meddler.asked.append((operation, isinstance(self.request, ssl.SSLSocket)))
        line = http.client.HTTPConnection('localhost', self.meddler.printer.port, timeout=60)
        try:
            line.request(self.command, self.path, body, {'Content-Type': 'application/ipp'})
            reply = line.getresponse()
            data = reply.read()
        except OSError:
            self.close_connection = True  # a printer that is off does not say so
            return
        finally:
            line.close()
        kind = reply.headers.get('Content-Type', '')
        if kind == 'application/ipp':
            data = self.meddler.answer(operation, data)
        self._send(reply.status, data, ('Content-Type', kind))

    def _send(self, code, body, *headers):
        self.send_response_only(code)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing: what was asked is in `asked`."""


def meddle(data, *, name_length=None, is_strange=False, hides_users=False, short_integer=False):
    """Change an answer in IPP (RFC 8010, 3.1)."""
    out, group, names, last, at = [data[:8]], 0, set(), b'', 8
    while True:
        tag = data[at]
        at += 1
        if tag < 0x10:
            if is_strange and group in (_JOB, _PRINTER):
                known = False
                for each, name, value in _STRANGE:
                    known = name in names if name else known
                    if not known:
                        out.append(_attribute(each, name, value))
            if short_integer and group in (_JOB, _PRINTER):
                out.append(_attribute(0x21, b'vendor-count', b'\1'))
            group, names = tag, set()
            out.append(bytes([tag]))
            if tag == _END:
                return b''.join([*out, data[at:]])
            continue
        name, at = _chunk(data, at)
        value, at = _chunk(data, at)
        if is_strange and name and last == b'operations-supported':
            out.append(_attribute(0x23, b'', struct.pack('>i', 0x4321)))
        last = name or last
        names.add(last)
        if group == _JOB and last == b'job-originating-user-name' and hides_users:
            continue
        if group == _JOB and last == b'job-name' and name_length is not None:
            if not name_length:
                continue
            value = value[:name_length]
        out.append(_attribute(tag, name, value))


def _attribute(tag, name, value):
    return struct.pack('>BH', tag, len(name)) + name + struct.pack('>H', len(value)) + value


def _chunk(data, at):
    end = at + 2 + int.from_bytes(data[at:at + 2])
    return data[at + 2:end], end


def _certificate(folder):
    """Make a certificate that nobody has signed, as printers have."""
    certificate, key = folder / 'certificate.pem', folder / 'key.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
                    '-keyout', key, '-out', certificate], check=True, capture_output=True)
    return certificate, key

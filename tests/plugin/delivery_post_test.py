"""Posting to receivers that misbehave: real sockets, real TLS, no mocks but the name service."""

import datetime as dt
import gzip
import ipaddress
import os
import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from indico_checkin_print.delivery import post as post_module
from indico_checkin_print.settings import parse_networks
from indico_checkin_print.delivery.post import PostError, parse_retry_after, post, redact


LAN = parse_networks('127.0.0.0/8')
BODY = b'%PDF-1.4 \x00\xff' * 1000


@contextmanager
def receiver(behave, host='127.0.0.1', context=None):
    """Listen on a free port and let ``behave(connection, request)`` answer. Yields (port, list of requests)."""
    listener = socket.create_server((host, 0))
    requests = []
    done = threading.Event()

    def _one(sock):
        with sock:
            try:
                if context is not None:
                    sock = context.wrap_socket(sock, server_side=True)
                sock.settimeout(10)
                behave(sock, lambda: requests.append(read_request(sock)) or requests[-1], done)
            except OSError:
                pass
            finally:
                sock.close()

    def _serve():
        while True:
            try:
                sock = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=_one, args=(sock,), daemon=True).start()

    threading.Thread(target=_serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def read_request(sock):
    data = b''
    while b'\r\n\r\n' not in data:
        data += sock.recv(65536)
    head, _, body = data.partition(b'\r\n\r\n')
    lines = head.decode().split('\r\n')
    headers = {k.lower(): v for k, v in (line.split(': ', 1) for line in lines[1:])}
    while len(body) < int(headers['content-length']):
        body += sock.recv(65536)
    return lines[0], headers, body


def answering(head, body=b''):
    def _behave(sock, request, done):
        request()
        sock.sendall(head.replace('\n', '\r\n').encode() + b'\r\n\r\n' + body)
    return _behave


ok = answering('HTTP/1.1 202 Accepted\nContent-Length: 4', b'fine')


def send(port, host='127.0.0.1', scheme='http', headers=None, path='/hook?a=1', **kwargs):
    kwargs = {'allowed_networks': LAN, 'connect_timeout': 0.5, 'read_timeout': 0.5, 'total_timeout': 1.0} | kwargs
    started = time.monotonic()
    answer = post(f'{scheme}://{host}:{port}{path}', BODY, headers or {'Content-Type': 'application/pdf'}, **kwargs)
    took = time.monotonic() - started
    assert answer.seconds == pytest.approx(took, abs=0.1)
    assert (answer.status is None) == (answer.error is not None) == bool(answer.message)
    assert took < 4.5
    return answer


def test_delivered():
    with receiver(ok) as (port, requests):
        answer = send(port, headers={'Content-Type': 'application/pdf', 'webhook-id': 'msg_1'})
    assert (answer.status, answer.snippet, answer.error, answer.may_have_arrived) == (202, 'fine', None, True)
    line, headers, body = requests[0]
    assert line == 'POST /hook?a=1 HTTP/1.1'
    assert body == BODY
    assert headers == {'host': f'127.0.0.1:{port}', 'content-length': str(len(BODY)), 'accept-encoding': 'identity',
                       'connection': 'close', 'user-agent': 'indico-checkin-print', 'content-type': 'application/pdf',
                       'webhook-id': 'msg_1'}


def test_headers_that_are_ours():
    with receiver(ok) as (port, requests):
        send(port, headers={'HOST': 'evil', 'content-length': '1', 'user-agent': 'x', 'User-Agent': 'mine'})
    headers = requests[0][1]
    assert headers['host'] == f'127.0.0.1:{port}'
    assert headers['content-length'] == str(len(BODY))
    with receiver(ok) as (port, requests):
        with pytest.raises(ValueError, match='header'):
            send(port, headers={'x': 'a\r\nb: c'})


@pytest.mark.parametrize('status', [200, 204, 299, 400, 410, 500, 502])
def test_any_status(status):
    with receiver(answering(f'HTTP/1.1 {status} X\nContent-Length: 0')) as (port, _requests):
        assert send(port).status == status


@pytest.mark.parametrize('status', [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status):
    with receiver(ok) as (elsewhere, never):
        with receiver(answering(f'HTTP/1.1 {status} Moved\nLocation: http://127.0.0.1:{elsewhere}/\n'
                                f'Content-Length: 0')) as (port, requests):
            assert send(port).status == status
    assert len(requests) == 1
    assert not never


def test_environment_is_not_asked(monkeypatch):
    for name in ('http_proxy', 'HTTP_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'):
        monkeypatch.setenv(name, 'http://127.0.0.1:9')
    with receiver(ok) as (port, _requests):
        assert send(port).status == 202


def test_refused_url():
    with receiver(ok) as (port, requests):
        answer = send(port, allowed_networks=())
        assert answer.error == PostError.refused_url
        assert answer.detail == 'loopback'
        assert not answer.may_have_arrived
        assert send(port, path='/#x').detail == 'fragment'
    assert not requests


def test_nobody_listens():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        port = listener.getsockname()[1]
    answer = send(port)
    assert answer.error == PostError.connect
    assert not answer.may_have_arrived


def test_connection_that_nobody_takes():
    """A full backlog: the network takes the packets, nobody says yes."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    fill = []
    for _i in range(3):
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(('127.0.0.1', port))
        fill.append(sock)
    answer = send(port)
    for sock in [listener, *fill]:
        sock.close()
    assert answer.error == PostError.connect
    assert 0.4 < answer.seconds < 1


def test_hang():
    with receiver(lambda sock, request, done: (request(), done.wait(5))) as (port, _requests):
        answer = send(port)
    assert answer.error == PostError.timeout
    assert answer.may_have_arrived
    assert 0.4 < answer.seconds < 0.9


def test_no_time_left():
    with receiver(ok) as (port, requests):
        assert send(port, total_timeout=0).error == PostError.timeout
    assert not requests


def test_receiver_that_never_reads():
    with receiver(lambda sock, request, done: done.wait(5)) as (port, _requests):
        answer = post(f'http://127.0.0.1:{port}/', b'x' * 30_000_000, {}, allowed_networks=LAN, read_timeout=0.5)
    assert answer.error == PostError.timeout
    assert answer.seconds < 2


def test_reset():
    def _behave(sock, request, done):
        request()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))

    with receiver(_behave) as (port, _requests):
        answer = send(port)
    assert answer.error == PostError.reset
    assert answer.may_have_arrived


def test_closed_without_answer():
    with receiver(lambda sock, request, done: request()) as (port, _requests):
        assert send(port).error == PostError.reset


@pytest.mark.parametrize('junk', [b'SSH-2.0-OpenSSH_9.2\r\n', b'\x00' * 100, b'HTTP/1.1 abc\r\n\r\n', b'x' * 70000,
                                  b'HTTP/1.1 200 OK\r\n' + b'a: b\r\n' * 200 + b'\r\n'])
def test_no_http(junk):
    with receiver(lambda sock, request, done: (request(), sock.sendall(junk))) as (port, _requests):
        assert send(port).error == PostError.bad_answer


def test_early_answer():
    """A receiver that has seen enough answers 413 and closes while the body is still on its way."""
    def _behave(sock, request, done):
        sock.recv(1000)
        sock.sendall(b'HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nlarge')
        sock.shutdown(socket.SHUT_WR)
        time.sleep(0.3)

    with receiver(_behave) as (port, _requests):
        answer = post(f'http://127.0.0.1:{port}/', b'x' * 30_000_000, {}, allowed_networks=LAN, read_timeout=2)
    # a reset may overtake the answer; what counts is that nothing hangs and nothing is made up
    assert answer.status == 413 or answer.error == PostError.reset


def drip(sock, data, done):
    for byte in data:
        if done.wait(0.1):
            return
        sock.sendall(bytes([byte]))


def test_slow_drip_of_headers():
    def _behave(sock, request, done):
        request()
        drip(sock, b'HTTP/1.1 200 OK\r\nX: ' + b'a' * 1000, done)

    with receiver(_behave) as (port, _requests):
        answer = send(port)
    assert answer.error == PostError.timeout
    assert 0.9 < answer.seconds < 1.5


def test_slow_drip_of_continues():
    def _behave(sock, request, done):
        request()
        while not done.wait(0.05):
            sock.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')

    with receiver(_behave) as (port, _requests):
        assert send(port).error == PostError.timeout


def test_slow_drip_of_the_body(monkeypatch):
    monkeypatch.setattr(post_module, 'MAX_BODY_WAIT', 0.5)

    def _behave(sock, request, done):
        request()
        sock.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
        drip(sock, b'thanks' + b'.' * 1000, done)

    with receiver(_behave) as (port, _requests):
        answer = send(port, total_timeout=20)
    # the status counts: the receiver took it, and says so
    assert answer.status == 200
    assert 0.4 < answer.seconds < 1


def test_endless_body():
    sent = []

    def _behave(sock, request, done):
        request()
        sock.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
        while True:
            sent.append(sock.send(b'x' * 65536))

    with receiver(_behave) as (port, _requests):
        answer = send(port)
        time.sleep(0.1)
        assert sum(sent) < 20_000_000
    assert answer.status == 200
    assert len(answer.snippet) <= 500


def test_chunked_body():
    with receiver(answering('HTTP/1.1 200 OK\nTransfer-Encoding: chunked', b'3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n')) as (
            port, _requests):
        assert send(port).snippet == 'abcdef'
    with receiver(answering('HTTP/1.1 200 OK\nTransfer-Encoding: chunked', b'zzz\r\n')) as (port, _requests):
        assert send(port).status == 200


def test_compressed_body_is_left_alone():
    body = gzip.compress(b'x' * 10_000_000)
    with receiver(answering(f'HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(body)}', body)) as (
            port, _requests):
        answer = send(port)
    assert (answer.status, answer.snippet) == (200, '')


def test_throttled():
    with receiver(answering('HTTP/1.1 429 Slow down\nRetry-After: 17\nContent-Length: 0')) as (port, _requests):
        answer = send(port)
    assert (answer.status, answer.retry_after) == (429, 17)


@pytest.mark.parametrize(('value', 'seconds'), [
    ('0', 0), ('17', 17), (' 17 ', 17), ('99999999', 86400), ('Wed, 21 Oct 2015 07:28:30 GMT', 30),
    ('Wed, 21 Oct 2015 07:28:30', 30), ('Wed, 21 Oct 2015 09:28:30 +0200', 30), ('Wed, 21 Oct 2015 07:00:00 GMT', 0),
    ('Wed, 21 Oct 2115 07:00:00 GMT', 86400), ('', None), (None, None), ('-5', None), ('1.5', None), ('soon', None),
    ('1' * 400, None), ('Wed, 99 Oct 2015 07:28:30 GMT', None), ('Wed, 21 Oct 99999 07:28:30 GMT', None), ('١٧', None),
])
def test_retry_after(value, seconds):
    assert parse_retry_after(value, 1445412480) == seconds


@pytest.mark.parametrize(('text', 'expected'), [
    ('all fine', 'all fine'),
    ('  two\r\n lines\x1b[31m ', 'two lines [31m'),
    ('\u202egpj.exe\u2066', 'gpj.exe'),
    ('your whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw is bad', 'your […] is bad'),
    ('icpa_abc, indp_def', '[…], […]'),
    ('webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= x', 'webhook-signature: […] x'),
    ('Authorization: Bearer abc.def', 'Authorization: Bearer […]'),
    ('no such user: jane.doe@example.com!', 'no such user: […]!'),
    ('a' * 31, 'a' * 31),
    ('0' * 40, '[…]'),
    ('the-header-we-sent back', '[…] back'),
    ('x ' * 400, 'x ' * 249 + 'x…'),
])
def test_redact(text, expected):
    assert redact(text, ['the-header-we-sent', 'x']) == expected


@pytest.mark.parametrize('text', ['x' * 65536, 'x ' * 32768, 'a@' * 32768, 'a.' * 32768, 'whsec_' * 10000, '@' * 65536])
def test_redact_is_fast(text):
    started = time.monotonic()
    assert len(redact(text)) <= 500
    assert time.monotonic() - started < 0.2


def test_redact_leaves_no_half():
    text = ' '.join(['x' * 40] * 48) + ' whsec_' + 'A' * 44
    assert 'A' not in redact(text)


def test_echo_keeps_the_signature_out():
    signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='

    def _behave(sock, request, done):
        sock.sendall(b'HTTP/1.1 400 No\r\n\r\n' + str(request()[1]).encode())

    with receiver(_behave) as (port, _requests):
        answer = send(port, headers={'webhook-signature': signature, 'X-Token': 'short but secret'})
    assert signature[5:20] not in answer.snippet
    assert 'short but secret' not in answer.snippet
    assert len(answer.snippet) > 20


# -- names -------------------------------------------------------------------------------------------------------------

@pytest.fixture
def names(monkeypatch):
    """What the name service answers, by host: a list of answers, one for each time it is asked."""
    answers = {}
    real = socket.getaddrinfo

    def _getaddrinfo(host, port, *args, **kwargs):
        if host not in answers:
            return real(host, port, *args, **kwargs)
        found = answers[host].pop(0)
        if isinstance(found, Exception):
            raise found
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', (address, port)) for address in found]

    monkeypatch.setattr(socket, 'getaddrinfo', _getaddrinfo)
    return answers


def test_rebinding(names, monkeypatch):
    """A public address for the check, our own for the use: the connection goes to the first and nowhere else."""
    connected = []

    def _create_connection(address, *args, **kwargs):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, 'create_connection', _create_connection)
    names['rebind.example.com'] = [['8.8.8.8'], ['127.0.0.1'], ['127.0.0.1']]
    answer = post('https://rebind.example.com/', BODY, {})
    assert answer.error == PostError.connect
    assert connected == [('8.8.8.8', 443)]
    assert len(names['rebind.example.com']) == 2
    # and the other way round there is no connection at all
    del connected[:]
    names['rebind.example.com'] = [['127.0.0.1'], ['8.8.8.8']]
    assert post('https://rebind.example.com/', BODY, {}).error == PostError.refused_url
    assert not connected


def test_rebinding_with_real_sockets(names):
    with receiver(ok, '127.0.0.2') as (port, requests):
        names['rebind.example.com'] = [['127.0.0.2'], ['127.0.0.1']]
        assert send(port, 'rebind.example.com', allowed_networks=parse_networks('127.0.0.2')).status == 202
    assert requests[0][1]['host'] == f'rebind.example.com:{port}'


def test_the_next_address_is_tried(names):
    with receiver(ok, '127.0.0.3') as (port, requests):
        names['dual.example.com'] = [['127.0.0.2', '127.0.0.3']]
        assert send(port, 'dual.example.com').status == 202
    assert len(requests) == 1


def test_one_bad_address_is_enough(names):
    with receiver(ok, '127.0.0.2') as (port, requests):
        names['mixed.example.com'] = [['127.0.0.2', '10.0.0.1']]
        answer = send(port, 'mixed.example.com')
    assert (answer.error, answer.detail) == (PostError.refused_url, 'private')
    assert not requests


@pytest.mark.parametrize(('exc', 'error'), [
    (socket.gaierror(socket.EAI_AGAIN, 'Temporary failure'), PostError.dns),
    (socket.gaierror(socket.EAI_NONAME, 'Not known'), PostError.refused_url),
])
def test_name_service_fails(names, exc, error):
    names['away.example.com'] = [exc]
    assert send(443, 'away.example.com').error == error


# -- TLS ---------------------------------------------------------------------------------------------------------------

def _certificate(tmp_path, name, *, issuer=None, hosts=(), addresses=(), days=1):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
               .issuer_name(issuer[0].subject if issuer else subject)
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - dt.timedelta(days=10)).not_valid_after(now + dt.timedelta(days=days))
               .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True))
    names = [*map(x509.DNSName, hosts), *(x509.IPAddress(ipaddress.ip_address(a)) for a in addresses)]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    path = tmp_path / f'{name}.pem'
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) +
                     key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                       serialization.NoEncryption()))
    return certificate, key, path


def _server(certificate, seen=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[2])
    if seen is not None:
        context.sni_callback = lambda sock, name, ctx: seen.append(name)
    return context


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate authority that the system knows: the way an administrator adds a private one."""
    authority = _certificate(tmp_path, 'authority')
    monkeypatch.setenv('SSL_CERT_FILE', os.fspath(authority[2]))
    post_module._tls_context.cache_clear()
    yield authority
    post_module._tls_context.cache_clear()


def test_tls(names, tmp_path, authority):
    seen = []
    certificate = _certificate(tmp_path, 'good', issuer=authority, hosts=['desk.example.com'])
    with receiver(ok, context=_server(certificate, seen)) as (port, requests):
        names['desk.example.com'] = [['127.0.0.1']]
        answer = send(port, 'desk.example.com', 'https')
    assert (answer.status, answer.snippet) == (202, 'fine')
    assert requests[0][1]['host'] == f'desk.example.com:{port}'
    assert requests[0][2] == BODY
    assert seen == ['desk.example.com']


def test_tls_by_address(tmp_path, authority):
    certificate = _certificate(tmp_path, 'good', issuer=authority, addresses=['127.0.0.1'])
    with receiver(ok, context=_server(certificate)) as (port, _requests):
        assert send(port, scheme='https').status == 202


@pytest.mark.parametrize('case', ['name', 'expired', 'unknown', 'plain', 'silent', 'address'])
def test_tls_refused(names, tmp_path, authority, case):
    host = '127.0.0.1' if case == 'address' else 'desk.example.com'
    certificate = _certificate(tmp_path, 'bad', days=-1 if case == 'expired' else 1,
                               issuer=None if case == 'unknown' else authority,
                               hosts=['other.example.com' if case == 'name' else 'desk.example.com'])
    behave = (lambda sock, request, done: done.wait(5)) if case == 'silent' else ok
    context = None if case in {'plain', 'silent'} else _server(certificate)
    with receiver(behave, context=context) as (port, requests):
        names['desk.example.com'] = [['127.0.0.1']]
        answer = send(port, host, 'https')
    assert answer.error == PostError.tls
    assert not answer.may_have_arrived
    assert not requests


@pytest.mark.parametrize('behave', ['hang', 'drip', 'close'])
def test_faults_inside_tls(names, tmp_path, authority, behave):
    def _behave(sock, request, done):
        request()
        if behave == 'hang':
            done.wait(5)
        elif behave == 'drip':
            drip(sock, b'HTTP/1.1 200 OK\r\nX: ' + b'a' * 1000, done)

    certificate = _certificate(tmp_path, 'good', issuer=authority, hosts=['desk.example.com'])
    with receiver(_behave, context=_server(certificate)) as (port, _requests):
        names['desk.example.com'] = [['127.0.0.1']]
        answer = send(port, 'desk.example.com', 'https')
    assert answer.error == (PostError.reset if behave == 'close' else PostError.timeout)


def test_no_socket_is_left_open():
    before = len(os.listdir('/proc/self/fd'))
    with receiver(ok) as (port, _requests):
        for _i in range(20):
            send(port)
    with receiver(lambda sock, request, done: request()) as (port, _requests):
        for _i in range(20):
            send(port)
    time.sleep(0.1)
    assert len(os.listdir('/proc/self/fd')) <= before + 2

"""Where a POST goes and to whom: names, addresses and certificates, on real sockets."""

import datetime as dt
import ipaddress
import os
import socket
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from indico_checkin_print.delivery import post as post_module
from indico_checkin_print.delivery.post import PostError, post
from indico_checkin_print.settings import parse_networks
from tests.plugin.delivery.receivers import BODY, drip, ok, receiver, send


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

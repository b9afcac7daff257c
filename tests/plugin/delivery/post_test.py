"""Posting to receivers that misbehave: real sockets, real TLS, no mocks but the name service."""

import gzip
import socket
import struct
import time

import pytest

from indico_checkin_print.delivery import post as post_module
from indico_checkin_print.delivery.post import PostError, post
from tests.plugin.delivery.receivers import BODY, LAN, answering, drip, ok, receiver, send


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


def test_echo_keeps_the_signature_out():
    signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='

    def _behave(sock, request, done):
        sock.sendall(b'HTTP/1.1 400 No\r\n\r\n' + str(request()[1]).encode())

    with receiver(_behave) as (port, _requests):
        answer = send(port, headers={'webhook-signature': signature, 'X-Token': 'short but secret'})
    assert signature[5:20] not in answer.snippet
    assert 'short but secret' not in answer.snippet
    assert len(answer.snippet) > 20

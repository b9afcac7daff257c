"""Receivers of webhooks that misbehave: real sockets, and what POSTs to them."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from indico_checkin_print.delivery.post import post
from indico_checkin_print.settings import parse_networks


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


def send(port, host='127.0.0.1', scheme='http', headers=None, path='/hook?a=1', **kwargs):
    kwargs = {'allowed_networks': LAN, 'connect_timeout': 0.5, 'read_timeout': 0.5, 'total_timeout': 1.0} | kwargs
    started = time.monotonic()
    answer = post(f'{scheme}://{host}:{port}{path}', BODY, headers or {'Content-Type': 'application/pdf'}, **kwargs)
    took = time.monotonic() - started
    assert answer.seconds == pytest.approx(took, abs=0.1)
    assert (answer.status is None) == (answer.error is not None) == bool(answer.message)
    assert took < 4.5
    return answer


def drip(sock, data, done):
    for byte in data:
        if done.wait(0.1):
            return
        sock.sendall(bytes([byte]))


ok = answering('HTTP/1.1 202 Accepted\nContent-Length: 4', b'fine')

"""A receiver of webhooks whose faults can be chosen: a process of its own that writes down what it got.

    python -m tests.stack.receiver PORT FOLDER

Each request takes the next word of the file ``script`` in the folder; when none is left, it is taken, after the
seconds in the file ``delay``. What came of it is one JSON line in ``received``. It may stand for many receivers, each
with a path and a secret of its own.
"""

import json
import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from print_agent.protocol import signing

from tests.stack.process import Service, accepts, free_port


class Receiver:
    """The process, and what it wrote down."""

    def __init__(self, folder):
        self.folder = Path(folder) / 'receiver'
        self.folder.mkdir()
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}/hook'
        self._service = None

    def start(self, *script):
        """Start it; the first requests get the faults of the script: hang, reset, or a status."""
        self.say(*script)
        self._service = Service('receiver', [sys.executable, '-m', 'tests.stack.receiver', self.port, self.folder],
                                self.folder.parent, ready=lambda: accepts(self.port))
        self._service.start()

    def say(self, *script):
        """Let the next requests get these faults."""
        (self.folder / 'script').write_text(' '.join(map(str, script)))

    def knows(self, secret):
        """Give it the secret of the webhook, or of one more."""
        with (self.folder / 'secrets').open('a') as file:
            file.write(f'{secret}\n')

    def takes(self, seconds):
        """Let it answer so many seconds after each request from now on."""
        (self.folder / 'delay').write_text(str(seconds))

    def stop(self):
        """End it: connections are refused."""
        if self._service is not None:
            self._service.stop()
            self._service = None

    def received(self):
        """Return what came.

        Dicts with ``path``, ``id``, ``type``, ``registration``, ``badge`` (what the message says about one), ``agent``
        (its name), ``printer`` and ``reason`` of a message about these, ``answer`` (a status, or the fault), and when
        the request came and was answered (``since``, ``until``, in seconds since 1970).
        """
        path = self.folder / 'received'
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class _Handler(BaseHTTPRequestHandler):
    folder = None

    def do_POST(self):
        since = time.time()
        body = self.rfile.read(int(self.headers['Content-Length']))
        id_ = signing.verify((self.folder / 'secrets').read_text().split(), dict(self.headers), body, now=time.time())
        answer = self._next()
        delay = self.folder / 'delay'
        if answer == '204' and delay.exists():
            time.sleep(float(delay.read_text()))
        message = json.loads(body)
        line = {'path': self.path, 'id': id_, 'answer': answer, 'since': since, 'until': time.time(),
                'type': message['type'], 'registration': message['data'].get('registration', {}).get('id'),
                'badge': message['data'].get('badge'), 'agent': message['data'].get('agent', {}).get('name'),
                'printer': message['data'].get('printer'), 'reason': message['data'].get('reason')}
        with (self.folder / 'received').open('a') as file:
            file.write(json.dumps(line) + '\n')
        if answer == 'hang':
            time.sleep(30)
        elif answer == 'reset':
            # no FIN but a RST
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self.connection.close()
            return
        else:
            self.send_response(int(answer))
            if answer == '429':
                self.send_header('Retry-After', '20')
            self.end_headers()
        self.close_connection = True

    def _next(self):
        path = self.folder / 'script'
        first, __, rest = path.read_text().partition(' ')
        path.write_text(rest)
        return first or '204'

    def log_message(self, *args):
        pass


if __name__ == '__main__':
    _Handler.folder = Path(sys.argv[2])
    ThreadingHTTPServer.request_queue_size = 100
    ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), _Handler).serve_forever()

"""A private Redis: Celery's broker and Indico's cache. It keeps its port when it is stopped and started again."""

import socket

from tests.stack.process import Service, free_port


class Redis:
    """Redis on a port of 127.0.0.1, without persistence."""

    def __init__(self, folder):
        self.port = free_port()
        self.service = Service('redis', ['redis-server', '--port', self.port, '--bind', '127.0.0.1', '--save', '',
                                         '--appendonly', 'no', '--dir', folder], folder, ready=self._answers)

    def start(self):
        self.service.start()
        return self

    def stop(self):
        self.service.stop()

    def url(self, database):
        """Return the URL of one of its numbered databases."""
        return f'redis://127.0.0.1:{self.port}/{database}'

    def _answers(self):
        try:
            with socket.create_connection(('127.0.0.1', self.port), timeout=1) as sock:
                sock.sendall(b'PING\r\n')
                return sock.recv(16).startswith(b'+PONG')
        except OSError:
            return False

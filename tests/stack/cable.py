"""A laptop in a network namespace of its own, with a cable to Indico that can be cut, and one to its printers."""

import contextlib
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.stack.proxy import Proxy


class Cable:
    """The namespace and its two cables. Needs root, and a kernel that makes namespaces: see `possible`.

    ``indico`` is the address of this machine at the first cable. The printers are where they always are, on the
    laptop's own 127.0.0.1, which never fails.
    """

    def __init__(self):
        number = os.getpid() % 200 + 20
        self.name = f'laptop{os.getpid()}'
        self.indico, self._laptop = f'10.213.{number}.1', f'10.213.{number}.2'
        self._end = f'lan{os.getpid()}'
        self._stack = contextlib.ExitStack()

    @staticmethod
    def possible():
        """Return whether this machine lets us make namespaces."""
        if os.geteuid() != 0:
            return False
        name = f'probe{os.getpid()}'
        made = subprocess.run(['ip', 'netns', 'add', name], capture_output=True, check=False).returncode == 0
        if made:
            _ip('netns', 'del', name)
        return made

    def __enter__(self):
        _ip('netns', 'add', self.name)
        _ip('link', 'add', self._end, 'type', 'veth', 'peer', 'name', 'lan', 'netns', self.name)
        _ip('addr', 'add', f'{self.indico}/24', 'dev', self._end)
        _ip('link', 'set', self._end, 'up')
        self._inside('addr', 'add', f'{self._laptop}/24', 'dev', 'lan')
        self._inside('link', 'set', 'lan', 'up')
        self._inside('link', 'set', 'lo', 'up')
        return self

    def __exit__(self, *args):
        self.restore()
        self._stack.close()
        # the cable goes with it
        _ip('netns', 'del', self.name)

    def put_in(self, service, ports):
        """Let a `Service` run at the laptop, with these ports of this machine on its own 127.0.0.1."""
        for port in ports:
            # a socket stays in the namespace where it was made
            with ThreadPoolExecutor(1) as pool:
                server = pool.submit(self._listen, port).result()
            self._stack.enter_context(Proxy(server, port))
        service.args = ['ip', 'netns', 'exec', self.name, *service.args]

    def _listen(self, port):
        with Path('/run/netns', self.name).open() as namespace:
            os.setns(namespace.fileno(), os.CLONE_NEWNET)
        return socket.create_server(('127.0.0.1', port))

    def unplug(self):
        """Pull the cable out of the laptop: nothing gets through, and neither side notices."""
        self._inside('link', 'set', 'lan', 'down')

    def swallow(self):
        """Half-open: Indico hears the laptop, but the laptop does not hear Indico."""
        _ip('route', 'add', 'blackhole', f'{self._laptop}/32')

    def restore(self):
        """Undo `unplug` or `swallow`."""
        self._inside('link', 'set', 'lan', 'up')
        subprocess.run(['ip', 'route', 'del', 'blackhole', f'{self._laptop}/32'], capture_output=True, check=False)

    def _inside(self, *args):
        _ip('netns', 'exec', self.name, 'ip', *args)


def _ip(*args):
    subprocess.run(['ip', *args], check=True, capture_output=True, text=True)

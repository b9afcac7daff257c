"""What a bad network does to a link, where no network namespaces can be made: a proxy that can be cut or go silent."""

import contextlib
import socket
import threading


class Proxy:
    """Forwards connections to a port of this machine. Has the methods of `Cable` that scenarios need."""

    indico = '127.0.0.1'

    def __init__(self, server=None, target=None):
        #: Port to forward to; may be known later
        self.target = target
        self._flows = threading.Event()
        self._flows.set()
        #: Whether only what Indico says is held back
        self._half = False
        self._server = server or socket.create_server(('127.0.0.1', 0))
        self.port = self._server.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *args):
        self.restore()
        self._server.close()

    def put_in(self, service, ports):
        """Nothing to do: the laptop reaches Indico through this port, and everything else directly."""

    def unplug(self):
        """Hold back everything; connections stay open, and neither side notices."""
        self._half = False
        self._flows.clear()

    def swallow(self):
        """Hold back what Indico says."""
        self._half = True
        self._flows.clear()

    def restore(self):
        self._flows.set()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                here, __ = self._server.accept()
                there = socket.create_connection(('127.0.0.1', self.target))
                for source, sink, from_indico in ((here, there, False), (there, here, True)):
                    threading.Thread(target=self._forward, args=(source, sink, from_indico), daemon=True).start()

    def _forward(self, source, sink, from_indico):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if from_indico or not self._half:
                    self._flows.wait()
                sink.sendall(data)
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.close()

"""Starts services and makes sure that they end: by pid, with their children, also after a failure or Ctrl-C."""

import contextlib
import inspect
import os
import random
import reprlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.stack.say import say


#: How long a service may take until it answers, in seconds. Generous: a cold bare machine has much to load.
START_TIMEOUT = 90
#: How long a service may take to end after SIGTERM before it is killed, in seconds.
STOP_TIMEOUT = 8


class StartError(Exception):
    """A service did not start; the message ends with the last lines of its log."""


#: Below those that Linux gives to outgoing connections (ip_local_port_range): any of these may be taken by a connection
#: until the service listens that it was chosen for
PORTS = range(10240, 32768)
_chosen = set()


def free_port():
    """Return a TCP port of 127.0.0.1 that is free, each time another one."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(('127.0.0.1', port))
            if port not in _chosen:
                _chosen.add(port)
                return port


def accepts(port, host='127.0.0.1'):
    """Return whether something listens on a port."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


def poll(condition, timeout, *, interval=0.02):
    """Return the first true result of `condition`, or the last false one after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (result := condition()) and time.monotonic() < deadline:
        time.sleep(interval)
    return result


def wait_until(condition, timeout=START_TIMEOUT, *, interval=0.02):
    """Do the same, and say what was waited for in vain."""
    result = poll(condition, timeout, interval=interval)
    if not result:
        say(f'waited {timeout} s in vain: {describe(condition)}')
    return result


def wait_for(condition, timeout=START_TIMEOUT, *, interval=0.02):
    """Return the first true result of `condition`; fail after `timeout` seconds with what was waited for."""
    result = poll(condition, timeout, interval=interval)
    assert result, f'waited {timeout} s in vain: {describe(condition)}'
    return result


def describe(condition):
    """Return the source of a condition with the values that it uses."""
    values = inspect.getclosurevars(condition).nonlocals
    return ' '.join(inspect.getsource(condition).split()) + (f' with {reprlib.repr(values)}' if values else '')


#: What ends a run from outside, besides Ctrl-C.
DEADLY = (signal.SIGTERM, signal.SIGHUP)


def die_with_signals():
    """Turn SIGTERM and SIGHUP into an exit, so that a terminated run cleans up like an interrupted one."""
    for number in DEADLY:
        signal.signal(number, lambda num, frame: sys.exit(128 + num))


class Service:
    """One process (a group of its own, with its children) that writes to a log of its own.

    :param name: What people call it; the log is ``<name>.log``.
    :param args: The command line.
    :param folder: Where the log goes.
    :param ready: A callable that returns whether it answers; without one, it is ready at once.
    :param env: Variables on top of this process's environment; ``None`` as a value removes one.
    :param user: The user to run as (only root can choose).
    :param stop_signal: What asks it to end.
    """

    def __init__(self, name, args, folder, *, ready=None, env=None, user=None, cwd=None, stop_signal=signal.SIGTERM):
        self.name = name
        self.args = [str(arg) for arg in args]
        self.log = Path(folder) / f'{name}.log'
        self.ready = ready
        self.env = env or {}
        self.user = user
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.process = None

    @property
    def pid(self):
        return self.process.pid

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def spawn(self):
        """Start the process without waiting until it answers."""
        assert not self.is_running, f'{self.name} runs already'
        env = {key: value for key, value in {**os.environ, **self.env}.items() if value is not None}
        who = {'user': self.user, 'group': self.user, 'extra_groups': []} if self.user else {}
        with self.log.open('ab') as log:
            self.process = subprocess.Popen(self.args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                                            start_new_session=True, cwd=self.cwd, **who)
        return self

    def wait(self, timeout=START_TIMEOUT):
        """Wait until it answers. Raises `StartError` when it ended instead or took too long."""
        if self.ready is not None and not wait_until(lambda: not self.is_running or self.ready(), timeout):
            raise StartError(f'{self.name} did not answer within {timeout} s.\n{self.tail()}')
        if not self.is_running:
            raise StartError(f'{self.name} ended with {self.process.returncode}.\n{self.tail()}')
        return self

    def start(self):
        """Start it and wait until it answers."""
        return self.spawn().wait()

    def send(self, number):
        """Send a signal to the process and its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self):
        """Ask it to end, kill what is left of it, and return when it is gone."""
        if self.process is None:
            return
        if self.is_running:
            os.kill(self.pid, self.stop_signal)
            self.send(signal.SIGCONT)  # one that was frozen for a test could not end
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_TIMEOUT)
        self.kill()

    def kill(self):
        """Kill the process and its children at once."""
        if self.process is None:
            return
        self.send(signal.SIGKILL)
        self.process.wait()

    def restart(self):
        """Stop and start it."""
        self.stop()
        return self.start()

    def tail(self, lines=30):
        """Return the last lines of its log under a heading, for people."""
        text = self.log.read_text(errors='replace').splitlines() if self.log.exists() else []
        return '\n'.join([f'--- last lines of {self.log}', *text[-lines:]])

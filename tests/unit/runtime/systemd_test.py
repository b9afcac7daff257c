"""Words to the service manager, over a real datagram socket."""

import asyncio
import os
import signal
import socket

import pytest

from print_agent.runtime import systemd
from print_agent.runtime.systemd import Heartbeats, Notifier, Watchdog

from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.program import FOLDERS_ONLY, Running


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, address):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind('\0' + address[1:] if address.startswith('@') else address)
        self._socket.setblocking(False)
        self.address = address
        self.heard = []

    def listen(self):
        """Everything that was said so far."""
        while True:
            try:
                self.heard.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self.heard

    def close(self):
        self._socket.close()


@pytest.fixture(params=['path', 'abstract'])
def manager(request, tmp_path):
    manager = Manager(str(tmp_path / 'n') if request.param == 'path' else f'@print-agent-test-{os.getpid()}')
    yield manager
    manager.close()


def test_words_arrive(manager):
    Notifier(manager.address).say('READY=1', 'STATUS=Prints.')
    assert manager.listen() == ['READY=1\nSTATUS=Prints.']


def test_without_a_manager_nothing_happens(monkeypatch):
    monkeypatch.delenv('NOTIFY_SOCKET', raising=False)
    monkeypatch.delenv('WATCHDOG_USEC', raising=False)
    Notifier().say('READY=1')
    assert Watchdog(Notifier(), Heartbeats(), lambda: None).interval == 0


def test_a_manager_that_is_gone_does_no_harm(tmp_path, caplog):
    Notifier(str(tmp_path / 'gone')).say('READY=1')
    assert 'cannot be notified of "READY=1"' in caplog.text


@pytest.mark.parametrize(('environment', 'interval'), [
    ({'WATCHDOG_USEC': '90000000'}, 30), ({'WATCHDOG_USEC': '90000000', 'WATCHDOG_PID': str(os.getpid())}, 30),
    ({'WATCHDOG_USEC': '90000000', 'WATCHDOG_PID': '1'}, 0), ({'WATCHDOG_USEC': 'soon'}, 0), ({}, 0)])
def test_how_often(monkeypatch, environment, interval):
    for name in ('WATCHDOG_USEC', 'WATCHDOG_PID'):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Watchdog(Notifier(''), Heartbeats(), lambda: None).interval == interval


def test_a_loop_that_hangs_stops_the_heartbeat(manager, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(systemd.time, 'monotonic', lambda: now[0])
    pulse = Heartbeats(max_silence=10)
    dog = Watchdog(Notifier(manager.address), pulse, lambda: None)
    pulse.beat('the clock')
    pulse.beat('the printers')
    now[0] += 9
    pulse.beat('the clock')
    assert dog.notify()
    now[0] += 9
    assert not dog.notify()
    assert not dog.notify()
    assert manager.listen() == ['WATCHDOG=1', 'STATUS=Hangs: the printers']
    pulse.beat('the clock')
    pulse.beat('the printers')
    assert dog.notify()
    assert manager.listen()[-1] == 'WATCHDOG=1'


def test_a_spool_that_cannot_be_read_stops_it_too(manager):
    def broken():
        raise OSError('no disk')

    with pytest.raises(OSError, match='no disk'):
        Watchdog(Notifier(manager.address), Heartbeats(), broken).notify()
    assert manager.listen() == []


async def test_an_agent_says_that_it_is_up_alive_and_stopping(tmp_path):
    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    manager = Manager(str(tmp_path / 'n'))
    async with FakeServer() as server:
        pairing_file(tmp_path / 'pairings', server.url)
        with Running(tmp_path, NOTIFY_SOCKET=manager.address, WATCHDOG_USEC='300000') as agent:
            await server.until(lambda: manager.listen().count('WATCHDOG=1') >= 3, 60)
            assert any(word.startswith('READY=1') for word in manager.heard)
            # a process that hangs sends no heartbeat
            agent.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.2)
            count = len(manager.listen())
            await asyncio.sleep(0.5)
            assert len(manager.listen()) == count
            agent.process.send_signal(signal.SIGCONT)
            await server.until(lambda: len(manager.listen()) > count, 60)
            agent.process.send_signal(signal.SIGTERM)
            assert agent.process.wait(20) == 0
            assert any(word.startswith('STOPPING=1') for word in manager.listen())
    manager.close()

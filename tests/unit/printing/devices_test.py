"""What is behind a print queue, and whether it takes a connection."""

import socket

import pytest

from print_agent.printing.addresses import socket_address
from print_agent.printing.devices import Devices


class Client:
    def __init__(self, *, is_local=True):
        self.is_local = is_local


@pytest.mark.parametrize(('uri', 'address'), [
    ('socket://192.0.2.7', ('192.0.2.7', 9100)),
    ('socket://printer.example:9101/?contimeout=60', ('printer.example', 9101)),
    ('lpd://192.0.2.7/queue', ('192.0.2.7', 515)),
    ('socket://[2001:db8::1]:9100', ('2001:db8::1', 9100)),
    ('socket://[v1.fe80::1+eth0]', None),
    ('socket://192.0.2.7:port', None),
    ('socket://', None),
    ('ipp://192.0.2.7/ipp/print', None),
    ('usb://Zebra/ZD421?serial=1', None),
    ('', None),
])
def test_only_plain_connections_can_be_tried(uri, address):
    assert socket_address(uri) == address


async def test_a_device_is_dead_until_it_takes_a_connection():
    devices = Devices(Client())
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        uri = f'socket://127.0.0.1:{listener.getsockname()[1]}'
        devices.learn('p', uri)
        assert await devices.connects('p') is False  # it refuses
        assert devices.dead == {'p'}
        devices.learn('p', uri)
        assert devices.dead == {'p'}
        listener.listen()
        assert await devices.connects('p') is True
        assert not devices.dead


async def test_another_device_is_not_dead_because_the_one_before_was():
    devices = Devices(Client())
    devices.learn('p', 'socket://127.0.0.1:1')
    assert await devices.connects('p') is False
    devices.learn('p', 'usb://Zebra/ZD421')
    assert not devices.dead
    assert await devices.connects('p') is None


async def test_devices_of_another_computer():
    """The devices of another computer's CUPS are not asked from here."""
    devices = Devices(Client(is_local=False))
    devices.learn('p', 'socket://127.0.0.1:1')
    devices.learn('q', 'ipp://localhost/ipp/print?waitjob=false')
    assert await devices.connects('p') is None
    assert devices.ipp('q') is None
    assert not devices.dead

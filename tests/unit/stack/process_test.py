"""The ports of the services that tests start."""

from pathlib import Path

from tests.stack.process import free_port


def test_no_connection_takes_the_port_of_a_service():
    of_connections = int(Path('/proc/sys/net/ipv4/ip_local_port_range').read_text().split()[0])
    ports = [free_port() for __ in range(50)]
    assert len(set(ports)) == 50
    assert max(ports) < of_connections

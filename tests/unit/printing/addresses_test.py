"""Where the printer of a queue can be asked or reached, by its device URI."""

import pytest

from print_agent.printing.addresses import printer_uri, socket_address


@pytest.mark.parametrize(('device', 'uri'), [
    ('ipp://10.0.0.7/ipp/print?waitjob=false', 'ipp://10.0.0.7/ipp/print'),
    ('https://printer/ipp', 'ipps://printer:443/ipp'),
    ('ipps://HP%20OfficeJet%20%5B5B78A3%5D._ipps._tcp.local/', None), ('dnssd://Label._ipp._tcp.local/?uuid=1', None),
    ('ipp://Label%20(USB)._ipp._tcp.local:631/ipp/print', None), ('ipp://[v1.fe80::1+eth0]/ipp/print', None),
    ('ipps://desk:p%40ss@10.0.0.7/ipp/print', 'ipps://10.0.0.7/ipp/print'),
    ('ipp://[fe80::1', None), ('ipp://printer:port/', None), ('usb://Brother/QL-820NWB', None), ('', None)])
def test_where_a_queue_prints(device, uri):
    assert printer_uri(device) == uri


@pytest.mark.parametrize(('device', 'address'), [
    ('socket://10.0.0.7', ('10.0.0.7', 9100)), ('socket://label:9101/?waiteof=false', ('label', 9101)),
    ('lpd://10.0.0.7/queue', ('10.0.0.7', 515)), ('socket://[v1.fe80::1+eth0]', None), ('socket://label:port', None),
    ('ipp://10.0.0.7/ipp/print', None), ('usb://Brother/QL-820NWB', None), ('', None)])
def test_where_a_plain_connection_goes(device, address):
    assert socket_address(device) == address

"""Which IP addresses a webhook may go to: the table, its borders, and what nothing opens."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.delivery.addresses import judge_address
from indico_checkin_print.settings import parse_networks


@pytest.mark.parametrize(('address', 'reason'), [
    ('169.254.169.254', 'metadata'), ('::ffff:169.254.169.254', 'metadata'), ('168.63.129.16', 'metadata'),
    ('224.0.0.1', 'multicast'), ('0.0.0.0', 'unspecified'), ('::', 'unspecified'), ('ff02::1', 'multicast'),
    ('169.254.0.1', None), ('10.0.0.1', None), ('::1', None), ('255.255.255.255', None),
])
def test_never_even_if_everything_is_allowed(address, reason):
    everything = parse_networks(['0.0.0.0/0', '::/0'])
    assert judge_address(ip_address(address), everything) == reason


def test_nat64_for_servers_without_ipv4():
    allowed = parse_networks('64:ff9b::/96')
    assert judge_address(ip_address('64:ff9b::808:808'), allowed) is None
    assert judge_address(ip_address('64:ff9b::10.0.0.1'), allowed) == 'private'


@given(st.ip_addresses())
def test_never_more_open_than_the_standard_library(address):
    if judge_address(address) is None:
        assert address.is_global
        for name in ('private', 'loopback', 'link_local', 'multicast', 'reserved', 'unspecified'):
            assert not getattr(address, f'is_{name}')


@pytest.mark.parametrize(('prefix', 'address', 'reason'), [
    # RFC 6052, 2.4 has the forms
    ('64:ff9b:1::/48', '64:ff9b:1:808:8:800::', None),
    ('64:ff9b:1::/48', '64:ff9b:1:a00:0:100::', 'private'),
    ('64:ff9b:1:ab00::/56', '64:ff9b:1:ab0a:0:1::', 'private'),
    ('64:ff9b:1:abcd::/64', '64:ff9b:1:abcd:a:0:100:0', 'private'),
    ('64:ff9b:1:abcd::/64', '64:ff9b:1:abcd:8:808:800:0', None),
    ('64:ff9b:1::/48', '64:ff9b:1::8.8.8.8', None),
    ('64:ff9b:1::/48', '64:ff9b:1::127.0.0.1', 'loopback'),
    ('2606:4700::/32', '2606:4700::5efe:10.0.0.1', 'private'),
    ('2606:4700::/32', '2606:4700::5eff:10.0.0.1', None),
])
def test_a_way_to_carry_ipv4_opens_no_more_than_the_way(prefix, address, reason):
    assert judge_address(ip_address(address), parse_networks(prefix)) == reason


@pytest.mark.parametrize('network', ['192.0.0.0/16', '100.64.0.0/10', '2001::/16', '64:ff9b::/32'])
@given(data=st.data())
def test_around_the_borders(network, data):
    address = data.draw(st.ip_addresses(network=ip_network(network)))
    if judge_address(address) is None:
        assert address.is_global

"""Which IP addresses a webhook may go to: the table, its borders, and what nothing opens."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.delivery.addresses import judge_address
from indico_checkin_print.settings import parse_networks


HOSTILE = [
    # not a URL at all, or one that could be read in two ways
    ('', 'empty'),
    ('https://public.example.com/' + 'x' * 2000, 'too_long'),
    (' https://public.example.com/', 'characters'),
    ('https://public.example.com/\n', 'characters'),
    ('https://public.example.com/a b', 'characters'),
    ('https://public.example.com\t.evil.example/', 'characters'),
    ('https://public.example.com/\r\nHost: x', 'characters'),
    ('https://public.example.com\\@127.0.0.1/', 'characters'),
    ('https:\\\\127.0.0.1/', 'characters'),
    ('https://127.0.0.1\\.public.example.com/', 'characters'),
    ('https://public.example.com/\x00', 'characters'),
    ('https://public\u200b.example.com/', 'characters'),
    ('https://\u202emoc.example/', 'characters'),
    ('https://[::1', 'malformed'),
    ('https://[::1]]/', 'malformed'),
    ('https://[::1].public.example.com/', 'malformed'),
    ('https://public.example.com[::1]/', 'malformed'),
    ('https://[::1]8443/', 'malformed'),
    ('https://public.example.com℀@127.0.0.1/', 'malformed'),
    # schemes
    ('public.example.com', 'scheme'),
    ('//public.example.com/', 'scheme'),
    ('ftp://public.example.com/', 'scheme'),
    ('file:///etc/passwd', 'scheme'),
    ('gopher://public.example.com/_x', 'scheme'),
    ('javascript:alert(1)', 'scheme'),
    ('data:text/plain,x', 'scheme'),
    ('unix:///run/redis.sock', 'scheme'),
    ('http://public.example.com/', 'plain_http'),
    ('http://8.8.8.8/', 'plain_http'),
    # credentials and fragments
    ('https://user@public.example.com/', 'credentials'),
    ('https://user:pass@public.example.com/', 'credentials'),
    ('https://public.example.com@127.0.0.1/', 'credentials'),
    ('https://@public.example.com/', 'credentials'),
    ('https://public.example.com/#x', 'fragment'),
    ('https://public.example.com#@127.0.0.1/', 'fragment'),
    ('https://public.example.com/#', 'fragment'),
    # hosts
    ('https://', 'no_host'),
    ('https:///path', 'no_host'),
    ('https:public.example.com', 'no_host'),
    ('https://:443/', 'no_host'),
    ('https://?x', 'no_host'),
    ('https://./', 'bad_host'),
    ('https://.example.com/', 'bad_host'),
    ('https://a..example.com/', 'bad_host'),
    ('https://public.example.com../', 'bad_host'),
    ('https://-a.example.com/', 'bad_host'),
    ('https://a_b.example.com/', 'bad_host'),
    ('https://%31%32%37.0.0.1/', 'bad_host'),
    ('https://' + 'a' * 64 + '.example.com/', 'bad_host'),
    ('https://' + 'a.' * 127 + 'example.com/', 'bad_host'),
    ('https://*.example.com/', 'bad_host'),
    ('https://a;b.example.com/', 'bad_host'),
    ('https://[127.0.0.1]/', 'malformed'),
    ('https://[v1.x]/', 'bad_host'),
    ('https://[fe80::1%25eth0]/', 'zone'),
    ('https://[fe80::1%eth0]/', 'zone'),
    ('https://localhost/', 'local_name'),
    ('https://LOCALHOST/', 'local_name'),
    ('https://localhost./', 'local_name'),
    ('https://a.localhost/', 'local_name'),
    ('https://printer.local/', 'local_name'),
    ('https://metadata.google.internal/', 'local_name'),
    ('https://router.home.arpa/', 'local_name'),
    ('https://printserver/', 'local_name'),
    ('https://nowhere.example.com/', 'unresolvable'),
    # numbers in disguise
    ('https://2130706433/', 'numeric_host'),
    ('https://0x7f000001/', 'numeric_host'),
    ('https://0x7f.0.0.1/', 'numeric_host'),
    ('https://0177.0.0.1/', 'numeric_host'),
    ('https://017700000001/', 'numeric_host'),
    ('https://127.1/', 'numeric_host'),
    ('https://127.0.1/', 'numeric_host'),
    ('https://0/', 'numeric_host'),
    ('https://0x/', 'numeric_host'),
    ('https://192.168.257/', 'numeric_host'),
    ('https://0300.0250.1.1/', 'numeric_host'),
    ('https://0xc0.0xa8.0x1.0x1/', 'numeric_host'),
    ('https://00000000177.0.0.1/', 'numeric_host'),
    ('https://8.8.8.8.8/', 'numeric_host'),
    ('https://8.8.8.256/', 'numeric_host'),
    ('https://public.example.com.1/', 'numeric_host'),
    ('https://127.0.0.1./', 'loopback'),
    ('https://１２７.０.０.１/', 'loopback'),
    ('https://①②⑦.⓪.⓪.①/', 'loopback'),
    ('https://127。0。0。1/', 'loopback'),
    # ports
    ('https://public.example.com:0/', 'port'),
    ('https://public.example.com:65536/', 'port'),
    ('https://public.example.com:-1/', 'port'),
    ('https://public.example.com:80x/', 'port'),
    ('https://public.example.com:443:80/', 'port'),
    ('https://public.example.com:+443/', 'port'),
    ('https://public.example.com:４４３/', 'port'),
    ('https://[2606:4700::1111]:x/', 'port'),
    # addresses
    ('https://127.0.0.1/', 'loopback'),
    ('https://127.255.255.254/', 'loopback'),
    ('https://[::1]/', 'loopback'),
    ('https://10.0.0.1/', 'private'),
    ('https://172.16.0.1/', 'private'),
    ('https://172.31.255.255/', 'private'),
    ('https://192.168.1.1:8443/', 'private'),
    ('https://[fd12:3456::1]/', 'private'),
    ('https://[fec0::1]/', 'private'),
    ('https://169.254.0.1/', 'link_local'),
    ('https://[fe80::1]/', 'link_local'),
    ('https://169.254.169.254/latest/meta-data/', 'metadata'),
    ('https://[::ffff:169.254.169.254]/', 'metadata'),
    ('https://[64:ff9b::a9fe:a9fe]/', 'metadata'),
    ('https://[fd00:ec2::254]/', 'metadata'),
    ('https://168.63.129.16/', 'metadata'),
    ('https://100.100.100.200/', 'metadata'),
    ('https://192.0.0.192/', 'metadata'),
    ('https://100.64.0.1/', 'cgnat'),
    ('https://100.127.255.255/', 'cgnat'),
    ('https://224.0.0.1/', 'multicast'),
    ('https://239.255.255.250/', 'multicast'),
    ('https://[ff02::1]/', 'multicast'),
    ('https://[ff0e::db8:1]/', 'multicast'),
    ('https://0.0.0.0/', 'unspecified'),
    ('https://0.1.2.3/', 'unspecified'),
    ('https://[::]/', 'unspecified'),
    ('https://192.0.2.1/', 'documentation'),
    ('https://198.51.100.1/', 'documentation'),
    ('https://203.0.113.1/', 'documentation'),
    ('https://[2001:db8::1]/', 'documentation'),
    ('https://[3fff::1]/', 'documentation'),
    ('https://240.0.0.1/', 'reserved'),
    ('https://255.255.255.255/', 'reserved'),
    ('https://192.0.0.1/', 'reserved'),
    ('https://198.18.0.1/', 'reserved'),
    ('https://[2001:20::1]/', 'reserved'),
    ('https://[100::1]/', 'reserved'),
    ('https://[5f00::1]/', 'reserved'),
    ('https://[4000::1]/', 'reserved'),
    ('https://[::ffff:127.0.0.1]/', 'embedded'),
    ('https://[::ffff:7f00:1]/', 'embedded'),
    ('https://[0:0:0:0:0:ffff:a00:1]/', 'embedded'),
    ('https://[::ffff:8.8.8.8]/', 'embedded'),
    ('https://[::127.0.0.1]/', 'embedded'),
    ('https://[::ffff:0:127.0.0.1]/', 'embedded'),
    ('https://[2002:7f00:1::]/', 'embedded'),
    ('https://[2002:808:808::1]/', 'embedded'),
    ('https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/', 'embedded'),
    ('https://[64:ff9b::10.0.0.1]/', 'embedded'),
    ('https://[64:ff9b:1::1]/', 'embedded'),
    # ISATAP, with the bits for "universal" and "group" in every state
    ('https://[2606:4700::5efe:10.0.0.1]/', 'embedded'),
    ('https://[2606:4700::200:5efe:192.168.0.1]/', 'embedded'),
    ('https://[2606:4700::300:5efe:8.8.8.8]/', 'embedded'),
    ('https://[2606:4700::5efe:169.254.169.254]/', 'metadata'),
    ('https://[64:ff9b:1:a9fe:a9:fe00::]/', 'metadata'),
    ('https://[64:ff9b:1::169.254.169.254]/', 'metadata'),
    ('https://192.88.99.1/', 'embedded'),
    # names that lead there
    ('https://localtest.example.com/', 'loopback'),
    ('https://lan.example.com/', 'private'),
    ('https://mixed.example.com/', 'loopback'),
    ('https://mixed6.example.com/', 'loopback'),
    ('https://meta.example.com/', 'metadata'),
    ('https://mapped.example.com/', 'embedded'),
    ('https://nat64.example.com/', 'embedded'),
]

LAN = parse_networks('10.0.0.0/8, 192.168.7.0/24 fd12:3456::/32\n127.0.0.1')


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

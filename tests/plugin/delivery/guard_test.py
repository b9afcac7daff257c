"""The guard before every webhook: hostile URLs, each refused with its reason, and the plain ones that must pass."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.delivery.guard import SENTENCES, check_saved, check_url, parse_url
from indico_checkin_print.errors import RefusedURL
from indico_checkin_print.settings import parse_networks


#: What the pretended name service answers. Everything else does not exist.
NAMES = {
    'public.example.com': ['8.8.8.8'],
    'dual.example.com': ['2606:4700::1111', '1.1.1.1'],
    'lan.example.com': ['192.168.7.20'],
    'mixed.example.com': ['8.8.8.8', '127.0.0.1'],
    'mixed6.example.com': ['8.8.8.8', '::1'],
    'meta.example.com': ['169.254.169.254'],
    'mapped.example.com': ['::ffff:8.8.8.8'],
    'nat64.example.com': ['64:ff9b::808:808'],
    'localtest.example.com': ['127.0.0.1'],
    'printserver': ['10.1.2.3'],
    'xn--mnchen-3ya.example': ['8.8.4.4'],
}

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


@pytest.fixture(autouse=True)
def names(monkeypatch):
    def _getaddrinfo(host, port, *args, **kwargs):
        assert host not in {'127.0.0.1', '8.8.8.8'}, 'an address needs no name service'
        if host not in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, 'Name or service not known')
        return [(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_STREAM, 6, '', (address, port))
                for address in NAMES[host]]

    monkeypatch.setattr(socket, 'getaddrinfo', _getaddrinfo)


@pytest.mark.parametrize(('url', 'reason'), HOSTILE)
def test_refused(url, reason):
    with pytest.raises(RefusedURL) as excinfo:
        check_url(url)
    assert excinfo.value.reason == reason
    assert str(excinfo.value.detail)


def test_enough_of_them():
    assert len({url for url, _ in HOSTILE}) == len(HOSTILE) > 100
    # every reason has a sentence, and every sentence is needed
    assert {reason for _, reason in HOSTILE} == set(SENTENCES)


@pytest.mark.parametrize(('url', 'reason'), [x for x in HOSTILE if '.example.com' not in x[0]])
def test_refused_when_saved(url, reason):
    """What does not depend on the name service is refused in the form already."""
    with pytest.raises(RefusedURL) as excinfo:
        check_saved(url)
    assert excinfo.value.reason == reason


@pytest.mark.parametrize(('url', 'host', 'port', 'path', 'host_header', 'addresses'), [
    ('https://public.example.com', 'public.example.com', 443, '/', 'public.example.com', ['8.8.8.8']),
    ('HTTPS://Public.Example.COM.:443/Hook?a=b&c', 'public.example.com', 443, '/Hook?a=b&c', 'public.example.com',
     ['8.8.8.8']),
    ('https://public.example.com:8443/', 'public.example.com', 8443, '/', 'public.example.com:8443', ['8.8.8.8']),
    ('https://public.example.com:/', 'public.example.com', 443, '/', 'public.example.com', ['8.8.8.8']),
    ('https://public.example.com?x', 'public.example.com', 443, '/?x', 'public.example.com', ['8.8.8.8']),
    ('https://public.example.com/ä/%20?q=ü', 'public.example.com', 443, '/%C3%A4/%20?q=%C3%BC', 'public.example.com',
     ['8.8.8.8']),
    ('https://dual.example.com/', 'dual.example.com', 443, '/', 'dual.example.com', ['2606:4700::1111', '1.1.1.1']),
    ('https://8.8.8.8/', '8.8.8.8', 443, '/', '8.8.8.8', ['8.8.8.8']),
    ('https://[2606:4700::1111]:444/', '2606:4700::1111', 444, '/', '[2606:4700::1111]:444', ['2606:4700::1111']),
    ('https://münchen.example/', 'xn--mnchen-3ya.example', 443, '/', 'xn--mnchen-3ya.example', ['8.8.4.4']),
    ('https://MÜNCHEN.example/', 'xn--mnchen-3ya.example', 443, '/', 'xn--mnchen-3ya.example', ['8.8.4.4']),
    # an @ behind the host is an ordinary character
    ('https://public.example.com/@127.0.0.1?@x', 'public.example.com', 443, '/@127.0.0.1?@x', 'public.example.com',
     ['8.8.8.8']),
])
def test_accepted(url, host, port, path, host_header, addresses):
    assert check_saved(url).host == host
    target = check_url(url)
    assert (target.scheme, target.host, target.port, target.path) == ('https', host, port, path)
    assert target.host_header == host_header
    assert [str(address) for address in target.addresses] == addresses


@pytest.mark.parametrize('url', [
    'http://10.1.2.3:8080/print', 'https://192.168.7.20/', 'http://printserver/x', 'https://lan.example.com/',
    'http://lan.example.com/', 'http://[fd12:3456::9]/', 'http://127.0.0.1:9/', 'https://public.example.com/',
])
def test_networks_of_the_administrator(url):
    assert check_saved(url, LAN)
    assert check_url(url, LAN).addresses


@pytest.mark.parametrize(('url', 'reason'), [
    ('https://192.168.8.1/', 'private'),
    ('https://127.0.0.2/', 'loopback'),
    ('http://public.example.com/', 'plain_http'),
    ('http://8.8.8.8/', 'plain_http'),
    ('https://[::ffff:10.1.2.3]/', 'embedded'),
    ('https://169.254.169.254/', 'metadata'),
    ('https://localhost/', 'unresolvable'),
])
def test_the_list_opens_no_more_than_it_says(url, reason):
    with pytest.raises(RefusedURL) as excinfo:
        check_url(url, LAN)
    assert excinfo.value.reason == reason


@given(st.text(max_size=60).map(lambda text: f'https://{text}'))
def test_garbage_is_refused_or_parsed(url):
    try:
        target = parse_url(url)
    except RefusedURL:
        return
    assert target.host.isascii()
    assert target.path.isascii()
    assert not set(target.host) & set('/?#@\\ %')
    assert target.path.startswith('/')


def test_networks_are_read():
    assert [str(network) for network in LAN] == ['10.0.0.0/8', '192.168.7.0/24', 'fd12:3456::/32', '127.0.0.1/32']
    assert parse_networks('') == ()
    assert parse_networks([]) == ()
    assert parse_networks(LAN) == LAN
    # the way it stands in indico.conf
    assert check_url('https://lan.example.com/', ['192.168.7.0/24']).addresses
    assert check_url('http://192.168.7.20/', '192.168.7.20 10.0.0.0/8').addresses
    for bad in ('10.0.0.1/8', 'example.com', '10.0.0.0/33'):
        with pytest.raises(ValueError, match='is not a network'):
            parse_networks([bad])

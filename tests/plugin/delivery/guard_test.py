"""The guard before every webhook: hostile URLs, each refused with its reason, and the plain ones that must pass."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indico_checkin_print.delivery.guard import SENTENCES, check_saved, check_url, parse_url
from indico_checkin_print.errors import RefusedURL
from indico_checkin_print.settings import parse_networks
from tests.plugin.delivery.hostile_urls import HOSTILE, NAMES


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

"""Printers that answer with nonsense, or break off in the middle of a word, are printers that do not answer."""

import asyncio
import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyipp.enums import IppPrinterState, IppStatus
from pyipp.serializer import encode_dict

from print_agent.printing import ipp
from print_agent.printing.addresses import printer_uri
from print_agent.printing.backend import is_named, short_tag
from print_agent.printing.ipp import IppClient
from print_agent.errors import Unreachable
from print_agent.printing.ipp_reply import read
from print_agent.errors import Unreadable


@contextlib.asynccontextmanager
async def printer(answer):
    """A line to what gives one answer; a callable gets the body of the request."""
    async def talk(reader, writer):
        head = (await reader.readuntil(b'\r\n\r\n')).decode().lower()
        if callable(answer):
            length = int(head.partition('content-length:')[2].split()[0])
            body = answer(await reader.readexactly(length))
            writer.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(talk, '127.0.0.1', 0)
    client = IppClient(f'ipp://127.0.0.1:{server.sockets[0].getsockname()[1]}/ipp/print')
    try:
        yield client
    finally:
        await client.close()
        server.close()


@pytest.mark.parametrize('answer', [
    b'', b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n\x01\x01\x00\x00',
    b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope',
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<p>',
    b'HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n\xff', b'\x00\x00\x00',
    b'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'])
async def test_whatever_it_says_is_one_kind_of_error(answer):
    async with printer(answer) as client:
        # the page comes once, then the printer hangs up
        kinds = {'printer_unreachable', 'printer_unreadable'} if b'<p>' in answer else {'printer_unreachable'}
        for question in (client.printer, lambda: client.jobs('tag'), lambda: client.job(1, 'tag'),
                         lambda: client.cancel(1)):
            with pytest.raises(Unreachable) as caught:
                await question()
            assert caught.value.reason in kinds


async def test_a_printer_that_only_knows_ipp_1_1_is_asked_in_that():
    versions = []

    def old(request):
        versions.append(tuple(request[:2]))
        known = request[0] == 1
        return encode_dict({
            'version': (1, 1), 'operation': IppStatus.OK if known else IppStatus.ERROR_VERSION_NOT_SUPPORTED,
            'operation-attributes-tag': {'attributes-charset': 'utf-8', 'attributes-natural-language': 'en'},
            'printer-attributes-tag': {'printer-state': IppPrinterState.STOPPED} if known else None})

    async with printer(old) as client:
        for _ in range(2):
            assert (await client.printer()).state == 5
    assert versions == [(2, 0), (1, 1), (1, 1)]  # and not anew each time


def attribute(tag, name, value):
    return struct.pack('>BH', tag, len(name)) + name + struct.pack('>H', len(value)) + value


STRANGE = (b'\x02\x00\x00\x00\x00\x00\x00\x01\x01' + attribute(0x47, b'attributes-charset', b'utf-8') + b'\x04'
           + attribute(0x31, b'printer-current-time', bytes([7, 234, 0, 0, 0, 0, 0, 0]) + b'+\x00\x00')
           + attribute(0x23, b'operations-supported', struct.pack('>i', 0x4321)) + attribute(0x21, b'odd', b'\x01')
           + attribute(0x34, b'media-col-ready', b'') + attribute(0x4a, b'', b'printer-state')
           + attribute(0x23, b'', struct.pack('>i', 4)) + attribute(0x37, b'', b'')
           + attribute(0x23, b'printer-state', struct.pack('>i', 5))
           + attribute(0x44, b'printer-state-reasons', b'media-empty')
           + attribute(0x44, b'', b'cover-open\xff') + attribute(0x23, b'printer-state', struct.pack('>i', 3))
           + attribute(0x23, b'', struct.pack('>i', 3)) + b'\x03')


async def test_values_that_nobody_asked_for_and_nobody_understands_do_no_harm():
    async with printer(lambda _request: STRANGE) as client:
        view = await client.printer()
    assert (view.state, view.reasons[0]) == (5, 'media-empty')


async def test_a_printer_that_wants_tls_is_asked_over_it_from_then_on():
    begun = []

    async def talk(reader, writer):
        begun.append(await reader.read(1))
        if begun[-1] == b'P':
            await reader.readuntil(b'\r\n\r\n')
            writer.write(b'HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2\r\nConnection: close\r\n'
                         b'Content-Length: 0\r\n\r\n')
        writer.close()

    async with await asyncio.start_server(talk, '127.0.0.1', 0) as server:
        client = IppClient(f'ipp://127.0.0.1:{server.sockets[0].getsockname()[1]}/ipp/print')
        for _ in range(2):
            with pytest.raises(Unreachable):
                await client.printer()
        await client.close()
    assert begun[:2] == [b'P', b'\x16']  # that is how TLS begins
    assert b'P' not in begun[2:]


@pytest.mark.parametrize('end', [1, 7, 9, 40, len(STRANGE) - 1])
def test_what_breaks_off_is_no_answer(end):
    with pytest.raises(Unreadable):
        read(STRANGE[:end])


@given(st.binary(max_size=200))
def test_no_bytes_are_worse_than_unreadable(data):
    for each in (data, STRANGE[:9] + data):
        with contextlib.suppress(Unreadable):
            read(each)


@pytest.mark.parametrize(('status', 'reason'), [
    (401, 'printer_login'), (403, 'printer_login'), (400, 'printer_unreadable'), (404, 'printer_unreachable'),
    (503, 'printer_unreachable')])
async def test_a_refusal_is_not_unreachable(status, reason):
    async with printer(b'HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' % status) as client:
        with pytest.raises(Unreachable) as caught:
            await client.printer()
        assert caught.value.reason == reason


def test_a_job_is_known_by_what_a_printer_left_of_its_name():
    tag = '0b6e0d4e-9c3f-4c6e-8f5b-0123456789ab.1-0a1b2c3d'
    name = f'{short_tag(tag)} badge 7 [{tag}]'
    for left in (name, name[:40], name[:20], name[-60:]):
        assert is_named(left, tag)
    for other in ('', 'badge', name[:8], f'{short_tag("another")} badge'):
        assert not is_named(other, tag)


@pytest.mark.parametrize(('device', 'uri'), [
    ('ipp://10.0.0.7/ipp/print?waitjob=false', 'ipp://10.0.0.7/ipp/print'),
    ('https://printer/ipp', 'ipps://printer:443/ipp'),
    ('ipps://HP%20OfficeJet%20%5B5B78A3%5D._ipps._tcp.local/', None), ('dnssd://Label._ipp._tcp.local/?uuid=1', None),
    ('ipp://Label%20(USB)._ipp._tcp.local:631/ipp/print', None), ('ipp://[v1.fe80::1+eth0]/ipp/print', None),
    ('ipps://desk:p%40ss@10.0.0.7/ipp/print', 'ipps://10.0.0.7/ipp/print'),
    ('ipp://[fe80::1', None), ('ipp://printer:port/', None), ('usb://Brother/QL-820NWB', None), ('', None)])
def test_where_a_queue_prints(device, uri):
    assert printer_uri(device) == uri


@pytest.mark.parametrize(('counts', 'pages'), [
    ({}, None), ({'job-impressions-completed': 0}, 0), ({'job-media-sheets-completed': 2}, 2),
    ({'job-impressions-completed': 1, 'job-media-sheets-completed': 0}, 1), ({'job-impressions-completed': 'x'}, None)])
def test_a_printer_that_counts_no_pages_has_not_counted_zero(counts, pages):
    assert ipp._job({'job-id': 1, 'job-state': ipp.CANCELED, **counts}).pages == pages

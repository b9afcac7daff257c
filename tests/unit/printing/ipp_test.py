"""Printers that answer with nonsense, or break off in the middle of a word, are printers that do not answer."""

import asyncio
import contextlib

import pytest
from pyipp.enums import IppPrinterState, IppStatus
from pyipp.serializer import encode_dict

from print_agent.errors import Unreachable
from print_agent.printing import ipp
from print_agent.printing.ipp import IppClient

from tests.fakes.ipp_answers import STRANGE


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
            assert (await client.printer()).state == ipp.PRINTER_STOPPED
    assert versions == [(2, 0), (1, 1), (1, 1)]  # and not anew each time


async def test_values_that_nobody_understands():
    """Values that nobody asked for and nobody understands do no harm."""
    async with printer(lambda _request: STRANGE) as client:
        view = await client.printer()
    assert (view.state, view.reasons[0]) == (ipp.PRINTER_STOPPED, 'media-empty')


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


@pytest.mark.parametrize(('status', 'reason'), [
    (401, 'printer_login'), (403, 'printer_login'), (400, 'printer_unreadable'), (404, 'printer_unreachable'),
    (503, 'printer_unreachable')])
async def test_a_refusal_is_not_unreachable(status, reason):
    async with printer(b'HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' % status) as client:
        with pytest.raises(Unreachable) as caught:
            await client.printer()
        assert caught.value.reason == reason


@pytest.mark.parametrize(('counts', 'pages'), [
    ({}, None), ({'job-impressions-completed': 0}, 0), ({'job-media-sheets-completed': 2}, 2),
    ({'job-impressions-completed': 1, 'job-media-sheets-completed': 0}, 1), ({'job-impressions-completed': 'x'}, None)])
def test_a_printer_that_counts_no_pages_has_not_counted_zero(counts, pages):
    assert ipp._job({'job-id': 1, 'job-state': ipp.CANCELED, **counts}).pages == pages

"""Printers that answer with nonsense, or break off in the middle of a word, are printers that do not answer."""

import asyncio
import contextlib

import pytest
from pyipp.enums import IppPrinterState, IppStatus
from pyipp.serializer import encode_dict

from print_agent.printing.ipp import PrinterLine, Unreachable, printer_uri


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
    line = PrinterLine(f'ipp://127.0.0.1:{server.sockets[0].getsockname()[1]}/ipp/print')
    try:
        yield line
    finally:
        await line.close()
        server.close()


@pytest.mark.parametrize('answer', [
    b'', b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n\x01\x01\x00\x00',
    b'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope',
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<p>',
    b'HTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\n\xff', b'\x00\x00\x00',
    b'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'])
async def test_whatever_it_says_it_is_one_kind_of_trouble(answer):
    async with printer(answer) as line:
        for question in (line.printer, lambda: line.jobs('tag'), lambda: line.job(1, 'tag'), lambda: line.cancel(1)):
            with pytest.raises(Unreachable) as caught:
                await question()
            assert caught.value.reason == 'printer_unreachable'


async def test_a_printer_that_only_knows_ipp_1_1_is_asked_in_that():
    versions = []

    def old(request):
        versions.append(tuple(request[:2]))
        known = request[0] == 1
        return encode_dict({
            'version': (1, 1), 'operation': IppStatus.OK if known else IppStatus.ERROR_VERSION_NOT_SUPPORTED,
            'operation-attributes-tag': {'attributes-charset': 'utf-8', 'attributes-natural-language': 'en'},
            'printer-attributes-tag': {'printer-state': IppPrinterState.STOPPED} if known else None})

    async with printer(old) as line:
        for _ in range(2):
            assert (await line.printer()).state == 5
    assert versions == [(2, 0), (1, 1), (1, 1)]  # and not anew each time


@pytest.mark.parametrize(('device', 'uri'), [
    ('ipp://10.0.0.7/ipp/print?waitjob=false', 'ipp://10.0.0.7/ipp/print'),
    ('https://printer/ipp', 'ipps://printer:443/ipp'),
    ('ipps://HP%20OfficeJet%20%5B5B78A3%5D._ipps._tcp.local/', None), ('dnssd://Label._ipp._tcp.local/?uuid=1', None),
    ('ipp://Label%20(USB)._ipp._tcp.local:631/ipp/print', None), ('ipp://[v1.fe80::1+eth0]/ipp/print', None),
    ('ipp://[fe80::1', None), ('ipp://printer:port/', None), ('usb://Brother/QL-820NWB', None), ('', None)])
def test_where_a_queue_prints(device, uri):
    assert printer_uri(device) == uri

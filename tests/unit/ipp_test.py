"""Printers that answer with nonsense, or break off in the middle of a word, are printers that do not answer."""

import asyncio
import contextlib

import pytest

from print_agent.printing.ipp import PrinterLine, Unreachable, printer_uri


@contextlib.asynccontextmanager
async def printer(answer):
    async def talk(reader, writer):
        await reader.readuntil(b'\r\n\r\n')
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


@pytest.mark.parametrize(('device', 'uri'), [
    ('ipp://10.0.0.7/ipp/print?waitjob=false', 'ipp://10.0.0.7/ipp/print'),
    ('https://printer/ipp', 'ipps://printer:443/ipp'),
    ('ipp://[fe80::1', None), ('ipp://printer:port/', None), ('usb://Brother/QL-820NWB', None), ('', None)])
def test_where_a_queue_prints(device, uri):
    assert printer_uri(device) == uri

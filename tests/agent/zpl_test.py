"""Label printers that speak ZPL, through CUPS' own driver: what it makes of a badge, dot by dot."""

import asyncio

import pytest

from print_agent.printing.layout import Layout
from print_agent.protocol import messages as p

from tests.fakes.cups_desk import CupsDesk
from tests.fakes.drawings import with_rectangle
from tests.stack import received


@pytest.fixture
async def zebra(printing):
    """A queue for a label printer on the network, and what it gets."""
    taken = []

    async def listen(reader, writer):
        if data := await reader.read():  # before each badge the agent tries whether it takes a connection
            taken.append(data)
        writer.close()

    listener = await asyncio.start_server(listen, '127.0.0.1', 0)
    port = listener.sockets[0].getsockname()[1]
    printing.cups._lp('lpadmin', '-p', 'zebra', '-E', '-v', f'socket://127.0.0.1:{port}', '-m',
                      'drv:///sample.drv/zebra.ppd')
    yield taken
    printing.cups._lp('lpadmin', '-x', 'zebra')
    listener.close()


@pytest.mark.parametrize('dpi', [203, 300])
@pytest.mark.parametrize('size', [(96.0, 134.0), (62.0, 29.0), (102.0, 152.0)])
async def test_a_badge_is_where_it_should_be(tmp_path, printing, server, zebra, dpi, size):
    layouts = {'zebra': Layout(resolution_dpi=dpi, offset_x_mm=3.0, offset_y_mm=2.0)}
    desk = await CupsDesk(tmp_path, printing, server, layouts=layouts).start()
    try:
        job = await desk.print('zebra', document=with_rectangle(*size), width_mm=size[0], height_mm=size[1])
        assert isinstance(await desk.end(job), p.Sent)
        await desk.until(lambda: zebra)
    finally:
        await desk.stop()
    label = received.label(zebra[-1], dpi)
    # one of its own sizes is 4 x 6 inch
    sheet = (101.6, 152.4) if size == (102.0, 152.0) else size
    left, top = ((a - b) / 2 for a, b in zip(sheet, size, strict=True))
    assert label.size == pytest.approx(sheet, abs=0.2)
    assert label.box() == pytest.approx((left + 3, top + 2, left + 13, top + 7), abs=0.2)
    assert label.bits == 1

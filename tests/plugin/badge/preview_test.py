"""The picture of a badge: what a printer prints, dot by dot."""

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from indico_checkin_print.badge.preview import MAX_PIXELS, SMALL, Dots, as_url, pictures_of, small_pictures_of
from indico_checkin_print.badge.render import render
from tests.plugin.conftest import HEIGHT, WIDTH
from tests.stack.codes import texts_in


def document(width, height, draw=lambda canvas: None):
    content = BytesIO()
    canvas = Canvas(content, (width * mm, height * mm))
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return content.getvalue()


def grey(canvas):
    canvas.setFillGray(0.5)
    canvas.rect(0, 0, 100 * mm, 100 * mm, stroke=0, fill=1)


@pytest.mark.parametrize('dpi', [203, 300])
def test_a_badge_has_the_dots_of_its_printer(form, reg, dpi):
    pdf = render(reg, form)
    picture, = pictures_of(pdf.content, Dots(dpi))
    assert picture.mode == '1'
    for side, cm in zip(picture.size, (WIDTH, HEIGHT), strict=True):
        assert side == pytest.approx(cm / 2.54 * dpi, abs=1)
    # there is a code on it, and it reads
    assert len(texts_in(picture.convert('L'))) == 1


def test_grey_is_dithered_only_where_there_is_none():
    page = document(20, 20, grey)
    black, soft = (next(pictures_of(page, Dots(203, bits))) for bits in (1, 8))
    assert soft.getextrema() == (128, 128)
    shares = [number / (black.width * black.height) for number, __ in black.getcolors()]
    assert shares == pytest.approx([0.5, 0.5], abs=0.02)
    assert next(pictures_of(page, Dots(203, 24))).mode == 'RGB'


def test_a_page_that_is_too_large_is_coarser():
    picture, = pictures_of(document(450, 450), Dots(600))
    assert picture.width * picture.height <= MAX_PIXELS * 1.01


def test_pages_come_one_by_one(form, reg):
    pages = pictures_of(document(50, 50, lambda canvas: canvas.showPage()), Dots())
    first = next(pages)
    # nobody waits for those that are not asked for yet
    assert next(pictures_of(render(reg, form).content, Dots())).size != first.size
    assert [page.size for page in pages] == [first.size]


def test_small_pictures(form, reg):
    picture, = small_pictures_of(render(reg, form).content)
    assert max(picture.size) == SMALL


def test_a_picture_as_a_url():
    content = as_url(Image.new('1', (3, 2), 1)).removeprefix('data:image/png;base64,')
    assert Image.open(BytesIO(b64decode(content))).size == (3, 2)


def test_threads_wait_for_each_other():
    pages = [document(50, 50, grey), document(40, 60)] * 10
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda page: next(pictures_of(page, Dots())).size, pages))
    assert sizes == sizes[:2] * 10

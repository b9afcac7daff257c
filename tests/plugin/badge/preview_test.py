"""The picture of a badge: what a printer prints, dot by dot."""

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from PIL import Image
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from indico_checkin_print.badge.preview import (MAX_PIXELS, MAX_SHOWN_PIXELS, SMALL, Dots, as_url, pictures_of,
                                                shown_pages, small_pages)
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


def picture_in(url):
    return Image.open(BytesIO(b64decode(url.removeprefix('data:image/png;base64,'))))


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
    page, = small_pages(render(reg, form).content)
    assert (max(picture_in(page.url).size), page.times) == (SMALL, '')


def test_many_large_pages_are_coarser():
    def _pages(canvas):
        for width in range(3):
            canvas.rect(0, 0, 10 + width, 10)
            canvas.showPage()

    shown = [picture_in(page.url) for page in shown_pages(document(400, 400, _pages), Dots(600))]
    assert len(shown) == 4
    assert sum(picture.width * picture.height for picture in shown) <= MAX_SHOWN_PIXELS * 1.01


def test_a_picture_as_a_url():
    assert picture_in(as_url(Image.new('1', (3, 2), 1))).size == (3, 2)


def test_threads_wait_for_each_other():
    pages = [document(50, 50, grey), document(40, 60)] * 10
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda page: next(pictures_of(page, Dots())).size, pages))
    assert sizes == sizes[:2] * 10

"""What becomes of a file: the right colours, upright, no more dots than are printed, as PDF reads it."""

import zlib
from io import BytesIO

import pytest
from PIL import Image

from indico_checkin_print.badge.pictures.convert import DPI, MAX_PRINTED_PIXELS, Fit, convert
from tests.fakes import pictures


#: In points: a pixel is 300 dpi
BOX = (pictures.WIDTH / DPI * 72, pictures.HEIGHT / DPI * 72)


def made(content, box=BOX, fit=Fit.stretch, **kwargs):
    return convert(content, box, fit, **kwargs)


@pytest.mark.parametrize('name', [*pictures.in_colour(), *pictures.in_grey()])
def test_grey_stays_grey_and_art_is_kept_without_loss(name):
    picture = made((pictures.in_colour() | pictures.in_grey())[name])
    assert picture.space == ('DeviceGray' if name in pictures.in_grey() else 'DeviceRGB')
    assert (picture.encoding, picture.width, picture.height) == ('FlateDecode', pictures.WIDTH, pictures.HEIGHT)
    assert (picture.mask is not None) == ('transparent' in name)
    zlib.decompress(picture.data)


def test_what_is_transparent_is_white_where_nothing_is_behind_it():
    assert made(pictures.in_colour()['transparent'], on_white=True).mask is None


def test_a_photo_becomes_a_jpeg_of_as_many_dots_as_are_printed():
    picture = made(pictures.photo(1600, 1200, 'PNG'))
    assert (picture.encoding, picture.width, picture.height) == ('DCTDecode', pictures.WIDTH, pictures.HEIGHT)
    image = Image.open(BytesIO(picture.data))
    assert (image.size, image.mode) == ((pictures.WIDTH, pictures.HEIGHT), 'RGB')


def test_nothing_is_made_larger():
    picture = made(pictures.in_colour()['png'], (BOX[0] * 4, BOX[1] * 4))
    assert (picture.width, picture.height) == (pictures.WIDTH, pictures.HEIGHT)


def test_the_largest_page_has_a_limit():
    picture = made(pictures.saved(Image.new('L', (6000, 5000), 9), 'PNG'), (7200, 7200))
    assert 0.99 < picture.width * picture.height / MAX_PRINTED_PIXELS <= 1


def test_line_art_takes_one_bit():
    picture = made(pictures.saved(Image.new('1', (400, 300)), 'PNG'))
    assert (picture.bits, picture.space) == (1, 'DeviceGray')


def test_strips_follow_each_other():
    """A picture that is higher than a strip, and by no whole number of them."""
    tall = Image.linear_gradient('L').resize((30, 2999))
    picture = made(pictures.saved(tall, 'PNG'), (30 / DPI * 72, 300 / DPI * 72))
    rows = Image.frombytes('L', (30, 300), _unfiltered(picture))
    expected = tall.resize((30, 300), Image.Resampling.LANCZOS)
    assert max(abs(rows.getpixel((9, y)) - expected.getpixel((9, y))) for y in range(300)) <= 3


def _unfiltered(picture):
    """Return the bytes of a picture in grey, as a reader of PNG makes them of the same stream."""
    rows = zlib.decompress(picture.data)
    return Image.open(BytesIO(pictures.png(picture.width, picture.height, 8, 0, rows))).tobytes()


@pytest.mark.parametrize(('fit', 'box', 'drawn'), [
    (Fit.stretch, (100, 200), (100, 200)), (Fit.inside, (100, 200), (100, 75)), (Fit.inside, (1000, 900), (1000, 750)),
    # a pixel is a point
    (Fit.natural, (1000, 900), (400, 300)), (Fit.natural, (200, 300), (200, 150)), (Fit.natural, (900, 30), (40, 30)),
])
def test_fits(fit, box, drawn):
    picture = made(pictures.in_colour()['png'], box, fit)
    assert (picture.drawn_width, picture.drawn_height) == pytest.approx(drawn)


def test_a_picture_that_was_turned_has_other_sides():
    picture = made(pictures.turned(6), (1000, 300), Fit.inside)
    assert (picture.drawn_width, picture.drawn_height) == pytest.approx((400, 300))


def test_the_bytes_are_always_the_same():
    for content in (pictures.photo(900, 700), pictures.in_colour()['transparent']):
        assert made(content) == made(content)

"""Pictures stand in a PDF as they were made, each once."""

import zlib
from io import BytesIO

import pytest
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from indico_checkin_print.badge.pictures.convert import Fit, convert
from indico_checkin_print.badge.pictures.embed import place
from tests.fakes import pictures


@pytest.fixture
def placed():
    """Return a function that places files on pages, and returns the `PdfReader` of them."""
    def _placed(*pages):
        file = BytesIO()
        canvas = Canvas(file, pagesize=(400, 300))
        for contents in pages:
            for number, content in enumerate(contents):
                place(canvas, convert(content, (96, 72), Fit.stretch), 50 * number, 10)
            canvas.showPage()
        canvas.save()
        return PdfReader(file)
    return _placed


def images(page):
    return list(page['/Resources']['/XObject'].values())


def test_the_bytes_are_those_of_the_picture(placed):
    for content in (pictures.photo(900, 700), pictures.in_colour()['transparent'], pictures.in_grey()['grey']):
        picture = convert(content, (96, 72), Fit.stretch)
        image, = (reference.get_object() for reference in images(placed([content]).pages[0]))
        assert image._data == picture.data
        assert (image['/Filter'], image['/ColorSpace']) == (f'/{picture.encoding}', f'/{picture.space}')
        assert ('/SMask' in image) == (picture.mask is not None)
        if picture.mask is not None:
            assert zlib.decompress(image['/SMask']._data) == zlib.decompress(picture.mask)


def test_a_picture_that_comes_twice_is_written_once(placed):
    one, other = pictures.in_colour()['png'], pictures.in_grey()['grey']
    reader = placed([one, one, other], [one])
    first, second = (images(page) for page in reader.pages)
    assert len({reference.idnum for reference in (*first, *second)}) == 2
    assert reader.pages[0].get_contents().get_data().count(b' Do') == 3

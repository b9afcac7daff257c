"""Both sides of a folded badge adjoin at the fold, and each is read as it should be once it is folded."""

from io import BytesIO

import pytest
from pypdf import PdfReader
from reportlab.lib.units import mm

from indico_checkin_print.badge.render import render
from indico_checkin_print.badge.template_choice import form_choice
from indico_checkin_print.models.choices import Fold
from tests.plugin.conftest import text_item


@pytest.fixture
def fold(form, create_template):
    """Return a function that makes the form print a badge of a size with both sides on one page."""
    def _fold(how, width=480, height=670):
        items = [text_item('fixed', 40, text=text, x=20, width=200, text_align='left') for text in ('FRONT', 'BACK')]
        front, back = (create_template(title, items=[item]) for title, item in zip('ab', items, strict=True))
        for template in (front, back):
            template.data = {**template.data, 'width': width, 'height': height}
        front.backside_template = back
        form.template, form.backside, form.fold = front, True, how
        return form
    return _fold


def places(pdf):
    """Return the page, and where each text begins and how it is turned: mm from the left and the top, and degrees."""
    page, = PdfReader(BytesIO(pdf.content)).pages
    found = {}

    def _visit(text, matrix, text_matrix, *args):
        if text.strip():
            a = matrix[0] * text_matrix[0] + matrix[2] * text_matrix[1]
            x = matrix[0] * text_matrix[4] + matrix[2] * text_matrix[5] + matrix[4]
            y = matrix[1] * text_matrix[4] + matrix[3] * text_matrix[5] + matrix[5]
            found[text.strip()] = (x / mm, float(page.mediabox.height) / mm - y / mm, 0 if a > 0 else 180)
    page.extract_text(visitor_text=_visit)
    return found


@pytest.mark.parametrize(('width', 'height'), [(480, 670), (670, 480)])
def test_beside_the_front(fold, reg, width, height):
    """The right half turns behind about the line between both; its text is upright, like that of a book."""
    pdf = render(reg, fold(Fold.side, width, height))
    assert (pdf.pages, pdf.width_mm, pdf.height_mm) == (1, pytest.approx(width / 5 * 2), pytest.approx(height / 5))
    found = places(pdf)
    assert [turned for *__, turned in found.values()] == [0, 0]
    # the same place on its own half
    assert found['BACK'][0] - found['FRONT'][0] == pytest.approx(width / 5, abs=.1)
    assert found['BACK'][1] == pytest.approx(found['FRONT'][1], abs=.1)


@pytest.mark.parametrize(('width', 'height'), [(480, 670), (670, 480)])
def test_above_the_front(fold, reg, width, height):
    """The upper half turns behind about the line between both; its text is upside down, and upright once it is folded.
    """
    pdf = render(reg, fold(Fold.top, width, height))
    assert (pdf.pages, pdf.width_mm, pdf.height_mm) == (1, pytest.approx(width / 5), pytest.approx(height / 5 * 2))
    found = places(pdf)
    assert (found['FRONT'][2], found['BACK'][2]) == (0, 180)
    # as far from the fold, and as far from the edge at which it begins
    assert found['FRONT'][1] - height / 5 == pytest.approx(height / 5 - found['BACK'][1], abs=.1)
    assert found['FRONT'][0] == pytest.approx(width / 5 - found['BACK'][0], abs=.1)


@pytest.mark.parametrize('how', Fold)
def test_without_a_backside_nothing_is_folded(fold, reg, how):
    form = fold(how)
    form.backside = False
    pdf = render(reg, form)
    assert (pdf.pages, pdf.width_mm, pdf.height_mm) == (1, 96, 134)


def test_the_size_that_is_announced(fold):
    """Separator sheets have it, too."""
    assert form_choice(fold(Fold.none)).size == (480, 670)
    assert form_choice(fold(Fold.side)).size == (960, 670)
    assert form_choice(fold(Fold.top)).size == (480, 1340)


@pytest.mark.parametrize('how', Fold)
def test_the_bytes_are_always_the_same(fold, reg, how):
    form = fold(how)
    assert render(reg, form).content == render(reg, form).content

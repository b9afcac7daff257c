"""Badges on sheets: each is where the labels are, its back is behind it, and no cut line is on a badge."""

import re
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from indico_checkin_print.badge.label_sheet import MARGIN, PAPERS, SheetLayout, fitted, sheets_of


#: Labels as they are sold: 2 × 4 of 86 × 54 mm on A4, with gaps
LABELS = SheetLayout(210, 297, 2, 4, 17, 8.5, gap_x=4, gap_y=8)


def badge(number, *, pages=1, width=86, height=54):
    """Return a badge with its number in its lower left corner, and on its back as a negative one."""
    output = BytesIO()
    canvas = Canvas(output, pagesize=(width * mm, height * mm), invariant=1)
    for sign in ('F', 'B')[:pages]:
        canvas.drawString(0, 0, f'{sign}{number}')
        canvas.showPage()
    canvas.save()
    return SimpleNamespace(content=output.getvalue(), width_mm=width, height_mm=height)


def corners(content):
    """Return for each page where the lower left corner of each badge is, in mm from the upper left one of the sheet."""
    pages = []
    for page in PdfReader(BytesIO(content)).pages:
        found = {}

        def _visit(text, matrix, text_matrix, *args, found=found, page=page):
            if name := text.strip():
                found[name] = (matrix[4] / mm, (float(page.mediabox.height) - matrix[5]) / mm)
        page.extract_text(visitor_text=_visit)
        pages.append(found)
    return pages


def test_each_badge_is_on_its_label():
    first, second = corners(sheets_of([badge(n) for n in range(11)], LABELS))
    for n in range(8):
        # the same sum, written down anew: 86 + 4 and 54 + 8
        assert first[f'F{n}'] == pytest.approx((17 + n % 2 * 90, 8.5 + n // 2 * 62 + 54), abs=.05)
    assert list(second) == ['F8', 'F9', 'F10']
    assert second['F10'] == pytest.approx((17, 8.5 + 62 + 54), abs=.05)


def test_the_back_is_behind_its_front():
    """The sheet is turned at its vertical edge, so what is left is right."""
    pages = corners(sheets_of([badge(n, pages=2) for n in range(11)], LABELS))
    assert [sorted(page)[0][0] for page in pages] == ['F', 'B', 'F', 'B']
    for fronts, backs in (pages[:2], pages[2:]):
        assert len(fronts) == len(backs)
        for name, (x, y) in fronts.items():
            assert backs[f'B{name[1:]}'] == pytest.approx((210 - x - 86, y), abs=.05)


def test_one_without_a_back_among_others():
    fronts, backs = corners(sheets_of([badge(0, pages=2), badge(1), badge(2, pages=2)], LABELS))
    assert (sorted(fronts), sorted(backs)) == (['F0', 'F1', 'F2'], ['B0', 'B2'])


def lines_of(content):
    """Return the cut lines of each page as (x1, y1, x2, y2), in mm from the upper left corner."""
    pages = []
    for page in PdfReader(BytesIO(content)).pages:
        operators = page.get_contents().get_data().decode()
        found = re.findall(r'^([\d.-]+) ([\d.-]+) m ([\d.-]+) ([\d.-]+) l S', operators, re.MULTILINE)
        pages.append([(float(x1) / mm, 297 - float(y1) / mm, float(x2) / mm, 297 - float(y2) / mm)
                      for x1, y1, x2, y2 in found])
    return pages


@pytest.mark.parametrize('layout', [LABELS, replace(LABELS, gap_x=0, gap_y=0), replace(LABELS, gap_x=1, gap_y=2)])
def test_cut_lines_are_on_no_badge(layout):
    sheet = sheets_of([badge(n) for n in range(8)], replace(layout, cut_lines=True))
    # the badges are still there
    assert corners(sheet) == corners(sheets_of([badge(n) for n in range(8)], layout))
    here, = lines_of(sheet)
    assert here
    for x1, y1, x2, y2 in here:
        for x, y in layout.places(86, 54):
            inside_x = min(x1, x2) < x + 86 - .2 and max(x1, x2) > x + .2
            inside_y = min(y1, y2) < y + 54 - .2 and max(y1, y2) > y + .2
            assert not (inside_x and inside_y)
    # each line is at an edge of a badge
    edges_x = {x + side for x, __ in layout.places(86, 54) for side in (0, 86)}
    edges_y = {y + side for __, y in layout.places(86, 54) for side in (0, 54)}
    for x1, y1, x2, __ in here:
        edge, edges = (x1, edges_x) if x1 == pytest.approx(x2) else (y1, edges_y)
        assert min(abs(edge - other) for other in edges) < .05


def test_no_lines_unless_wanted():
    assert lines_of(sheets_of([badge(0)], LABELS)) == [[]]


@given(st.sampled_from(sorted(PAPERS)), st.floats(20, 190), st.floats(20, 190))
def test_what_is_proposed_is_on_the_sheet(paper, width, height):
    layout = fitted(paper, width, height)
    assert layout.problem(width, height) == ''
    assert {layout.width, layout.height} == set(PAPERS[paper])
    for x, y in layout.places(width, height):
        assert 0 <= x <= layout.width - width + .2
        assert 0 <= y <= layout.height - height + .2
    if layout.count > 1:
        assert min(x for x, __ in layout.places(width, height)) >= MARGIN - .1


def test_cards_on_a4():
    assert fitted('a4', 86, 54) == SheetLayout(210, 297, 2, 5, 19, 13.5)
    # and on its side, if there is room for more
    assert (fitted('a4', 54, 134).columns, fitted('a4', 54, 134).rows) == (3, 2)
    assert fitted('a4', 140, 96).width == 297


@pytest.mark.parametrize(('change', 'words'), [
    ({'columns': 3}, 'The columns need 283.0 mm, the sheet is 210 mm wide.'),
    ({'rows': 5}, 'The rows need 310.5 mm, the sheet is 297 mm high.'),
    ({'left': 34.3}, 'The columns need 210.3 mm, the sheet is 210 mm wide.'),
    ({'left': 34.1}, ''),
])
def test_what_is_not_on_the_sheet_is_said(change, words):
    assert replace(LABELS, **change).problem(86, 54) == words


def test_the_bytes_are_always_the_same():
    badges = [badge(n, pages=2) for n in range(3)]
    assert sheets_of(badges, LABELS) == sheets_of(badges, LABELS)


def test_what_badges_share_is_there_once():
    """A photo in the background of a hundred badges is in the file once."""
    def _with_photo(number):
        output = BytesIO()
        canvas = Canvas(output, pagesize=(86 * mm, 54 * mm), invariant=1)
        canvas.drawImage(photo, 0, 0, 86 * mm, 54 * mm)
        canvas.drawString(0, 0, str(number))
        canvas.save()
        return SimpleNamespace(content=output.getvalue(), width_mm=86, height_mm=54)
    from PIL import Image
    from reportlab.lib.utils import ImageReader
    photo = ImageReader(Image.effect_noise((300, 200), 80).convert('RGB'))
    one, many = (sheets_of([_with_photo(n) for n in range(count)], LABELS) for count in (1, 8))
    assert len(one) > 50_000
    assert len(many) < 1.2 * len(one)


def test_what_is_beyond_a_badge_is_not_on_its_neighbour():
    page, = PdfReader(BytesIO(sheets_of([badge(0), badge(1)], LABELS))).pages
    operators = page.get_contents().get_data().decode()
    # each is moved to its place, and what follows is clipped to its own size
    clipped = re.findall(r'([\d.]+) ([\d.]+) cm\s+0(?:\.0)? 0(?:\.0)? ([\d.]+) ([\d.]+) re\s+W\s+n', operators)
    assert [tuple(float(x) / mm for x in each) for each in clipped] == [
        pytest.approx((x, 297 - 8.5 - 54, 86, 54), abs=.05) for x in (17, 107)]


@pytest.mark.parametrize('cut_lines', [False, True])
def test_equal_badges_are_all_there(cut_lines):
    """What they share is stored once, and is on each sheet."""
    content = sheets_of([badge(0, pages=2)] * 11, replace(LABELS, cut_lines=cut_lines))
    texts = [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
    counts = [(text.count('F0'), text.count('B0')) for text in texts]
    assert counts == [(8, 0), (0, 8), (3, 0), (0, 3)]

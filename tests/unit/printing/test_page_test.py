"""The test page: as large as what is loaded, readable, and a PDF that the agent itself would accept."""

import hashlib
import io
import time

import pytest
from pypdf import PdfReader

from print_agent.printing import pdf_check, test_page
from print_agent.printing.layout import Layout
from print_agent.protocol import messages as p


@pytest.mark.parametrize(('media', 'last', 'size'), [
    ((), None, test_page.DEFAULT),
    ((), (90.0, 55.0), (90.0, 55.0)),
    # what is loaded, and of that what badges are printed on
    (('oe_badge_90x55mm',), None, (90.0, 55.0)),
    (('oe_badge_90x55mm',), (96.0, 134.0), (90.0, 55.0)),
    (('iso_a4_210x297mm', 'oe_badge_96x134mm'), (96.0, 134.0), (96.0, 134.0)),
    (('oe_badge_96.4x134mm',), (96.0, 134.0), (96.0, 134.0)),
    (('na_letter_8.5x11in',), None, (8.5 * 25.4, 11 * 25.4)),
    (('Custom.62x29mm',), None, (62.0, 29.0)),
    # a range is no size, and a list of all that could be loaded says nothing
    (('custom_min_25.4x25.4mm', 'custom_max_330x482mm'), None, test_page.DEFAULT),
    (tuple(f'iso_x_{n}x{n}mm' for n in range(20, 40)), None, test_page.DEFAULT),
    (tuple(f'iso_x_{n}x{n}mm' for n in range(20, 40)), (90.0, 55.0), (90.0, 55.0)),
    # what no badge could be
    (('oe_x_1x1mm', 'oe_x_9999x10mm', 'A4', '', 'x' * 200), None, test_page.DEFAULT),
])
def test_the_page_is_as_large_as_what_is_loaded(media, last, size):
    assert test_page.size(media, last, Layout()) == pytest.approx(size)


@pytest.mark.parametrize(('layout', 'size'), [
    (Layout(media_mm=(140, 100)), (140, 100)), (Layout(media_mm=(140, 100), orientation=90), (100, 140)),
    (Layout(orientation=270), (55, 90)), (Layout(orientation=180), (90, 55)),
])
def test_it_is_turned_like_a_badge(layout, size):
    assert test_page.size(('oe_badge_90x55mm',), None, layout) == size


@pytest.mark.parametrize(('width', 'height'), [(96, 134), (90, 55), (62, 29), (29, 90), (210, 297), (10, 10),
                                               (450, 450)])
def test_every_size_makes_a_pdf_that_the_agent_itself_accepts(width, height):
    document = test_page.make('desk1 (Zoë\\ 机)', width, height, time.localtime(0))
    pdf_check.check(p.Job(job='t', dispatch=1, title='t', kind='test', width_mm=width, height_mm=height,
                          length=len(document), sha256=hashlib.sha256(document).hexdigest(), expires_in=1), document)
    text = PdfReader(io.BytesIO(document)).pages[0].extract_text()
    assert 'Test page' in text
    assert 'desk1 (Zoë\\ ?)' in text
    assert f'{width} x {height} mm' in text

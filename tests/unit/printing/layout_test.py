"""The settings of a printer: what may stand in agent.toml, and where the badge lies on the label then."""

import io

import msgspec
import pytest
from pypdf import PdfReader

from print_agent import config
from print_agent.errors import CannotLayOut, ConfigError, LabelsTooSmall
from print_agent.printing.backend import PrintRequest
from print_agent.printing.layout import Layout, turned_besides
from print_agent.printing.sheet import Sheet, Sheets

from tests.fakes.badges import pdf
from tests.fakes.drawings import place, with_rectangle


def request(document, width_mm=96.0, height_mm=134.0, copies=1):
    return PrintRequest(tag='t', title='t', document=document, copies=copies, width_mm=width_mm, height_mm=height_mm,
                 expires=4e9)


@pytest.mark.parametrize(('settings', 'size', 'rectangle'), [
    ({'orientation': 90}, [134, 96], [129, 0, 5, 10]),
    ({'orientation': 180}, [96, 134], [86, 129, 10, 5]),
    ({'orientation': 270}, [134, 96], [0, 86, 5, 10]),
    ({'media_mm': [100, 150]}, [100, 150], [2, 8, 10, 5]),
    ({'offset_x_mm': 3, 'offset_y_mm': 2}, [96, 134], [3, 2, 10, 5]),
    ({'offset_x_mm': -3, 'offset_y_mm': -1}, [96, 134], [0, 0, 7, 4]),
    ({'media_mm': [140, 100], 'orientation': 90, 'offset_x_mm': 1}, [140, 100], [133, 2, 5, 10]),
    ({'media_mm': [94, 132]}, [94, 132], [0, 0, 9, 4]),
])
def test_the_badge_lies_where_it_should(settings, size, rectangle):
    laid = msgspec.convert(settings, Layout).apply(request(with_rectangle()))
    assert place(laid.document) == (size, rectangle)
    assert [laid.width_mm, laid.height_mm] == size


def test_a_page_that_is_turned_in_the_pdf():
    """A page that is turned in the PDF counts as people see it."""
    laid = Layout(media_mm=(134.0, 96.0)).apply(request(with_rectangle(turned=90), 134.0, 96.0))
    assert place(laid.document) == ([134, 96], [129, 0, 5, 10])


@pytest.mark.parametrize(('orientation', 'sideways'), [(0, False), (90, True), (180, False), (270, True)])
def test_a_turned_badge_lies_on_its_side(orientation, sideways):
    layout = Layout(orientation=orientation)
    assert layout.apply(request(with_rectangle())).sideways is sideways
    # on a sheet that the printer has only the other way round
    turned = Sheet(96, 134, is_turned=True)
    assert layout.apply(request(with_rectangle(turned=90), 134.0, 96.0), turned).sideways is not sideways


def test_all_pages_are_kept():
    laid = Layout(orientation=90).apply(request(pdf(pages=3)))
    assert len(PdfReader(io.BytesIO(laid.document)).pages) == 3


def test_without_settings_the_document_is_not_touched():
    document = with_rectangle()
    assert Layout().apply(request(document)).document is document
    laid = Layout(copies=2, resolution_dpi=300).apply(request(document, copies=2))
    assert (laid.document, laid.copies, laid.resolution_dpi) == (document, 4, 300)


def test_a_badge_that_does_not_fit_is_not_printed():
    with pytest.raises(CannotLayOut) as caught:
        Layout(media_mm=(90.0, 55.0)).apply(request(with_rectangle()))
    assert caught.value.reason == 'does_not_fit'
    assert '96 x 134 mm' in caught.value.detail
    # turned it would fit, but not as it is
    with pytest.raises(CannotLayOut):
        Layout(media_mm=(134.0, 96.0)).apply(request(with_rectangle()))


def test_a_pdf_that_cannot_be_changed_is_not_printed():
    with pytest.raises(CannotLayOut) as caught:
        Layout(orientation=90).apply(request(b'%PDF-1.7 nonsense'))
    assert caught.value.reason == 'layout_failed'


@pytest.mark.parametrize(('key', 'value', 'words'), [
    ('media_mm', '96x134', r'such as \[96, 134\]'),
    ('media_mm', [96], 'width and height'),
    ('media_mm', [96, 9000], 'from 10 to'),
    ('media_mm', [96, True], 'width and height'),
    ('orientation', 45, '0, 90, 180 or 270'),
    ('orientation', 'landscape', '0, 90, 180 or 270'),
    ('offset_x_mm', 200, 'from -100 to 100'),
    ('offset_y_mm', '1', 'millimetres'),
    ('offset_y_mm', float('nan'), 'millimetres'),
    ('scale', 2, 'from 0.8 to 1.25'),
    ('resolution_dpi', 1, 'from 72 to 2400'),
    ('copies', 0, 'from 1 to 9'),
    ('copies', 1.5, 'whole number'),
    ('rotate', 90, 'allowed here are copies, login_file, media_mm'),
])
def test_bad_settings_are_answered_with_a_sentence(tmp_path, key, value, words):
    toml = repr(value).replace('True', 'true')
    (tmp_path / 'agent.toml').write_text(f'[printers.desk1]\n{key} = {toml}\n')
    with pytest.raises(ConfigError, match=rf'"printers\.desk1\.{key}" .*{words}'):
        config.load(tmp_path)


def test_sections_are_read_by_name(tmp_path):
    (tmp_path / 'agent.toml').write_text("[printers.desk1]\ncopies = 2\n[printers.'Front desk']\norientation = 180\n")
    assert config.load(tmp_path).layouts == {'desk1': Layout(copies=2), 'Front desk': Layout(orientation=180)}
    (tmp_path / 'agent.toml').write_text('[printers]\ndesk1 = 3\n')
    with pytest.raises(ConfigError, match=r'must be a section \[printers.desk1\]'):
        config.load(tmp_path)


@pytest.mark.parametrize(('layout', 'media', 'sheet'), [
    (Layout(media_mm=(134, 96), orientation=90), ('oe_badge_96x134mm',), (96, 134)),
    (Layout(media_mm=(135, 96)), ('oe_badge_96x134mm', 'custom_min_20x20mm', 'custom_max_300x450mm'), (96, 134)),
    (Layout(media_mm=(137, 96)), ('oe_badge_96x134mm',), None),
    (Layout(media_mm=(134, 96)), ('oe_badge_96x134mm', 'oe_across_134x96mm'), None),
    (Layout(media_mm=(96, 134), orientation=90), ('oe_badge_96x134mm',), None),
    (Layout(media_mm=(152.4, 101.6)), ('na_index-4x6_4x6in',), (101.6, 152.4)),
    (Layout(orientation=270), ('oe_badge_96x134mm',), (96, 134)),
    (Layout(orientation=180), ('oe_badge_96x134mm',), None),
    (Layout(orientation=90), ('oe_square_80x80mm', 'photo', 'custom_min_20x30mm'), None),
    (Layout(), ('oe_badge_96x134mm',), None)])
def test_which_badges_are_turned_by_another_90_degrees(layout, media, sheet):
    found = turned_besides(layout, media, takes_pdf=False)
    assert (None if found is None else pytest.approx(found.size)) == sheet


def test_sheets_that_are_not_loaded_do_not_matter():
    offered = ('oe_badge_96x134mm', 'oe_across_134x96mm', 'oe_label_62x29mm')
    assert turned_besides(Layout(orientation=90), offered, takes_pdf=False).size == (62, 29)
    assert turned_besides(Layout(orientation=90), offered, ('oe_badge_96x134mm',), takes_pdf=False) is None


def test_a_badge_larger_than_what_is_loaded_is_not_printed():
    sheets = Sheets(('oe_badge_96x134mm',), ('oe_badge_93x131mm', 'oe_label_62x29mm'))
    with pytest.raises(LabelsTooSmall) as caught:
        Layout().sheet_for(request(b''), sheets)
    assert caught.value.reason == 'does_not_fit'
    assert '96 x 134 mm' in caught.value.detail
    assert '93 x 131 mm' in caught.value.detail
    # what a tech set says more than the printer
    assert Layout(media_mm=(96.0, 134.0)).sheet_for(request(b''), sheets).name == 'oe_badge_96x134mm'


def test_the_size_of_a_badge_makes_up_for_a_printer():
    laid = Layout(scale=1.05).apply(request(with_rectangle()))
    # in the middle of the sheet, so its corner is outside
    assert place(laid.document) == ([96, 134], [0, 0, 8, 2])


def test_the_sheet_that_a_printer_has_is_taken(tmp_path):
    layout, sheets = Layout(offset_x_mm=1.0), Sheets(('oe_badge_96x134mm',), takes_pdf=False)
    laid = layout.apply(request(with_rectangle(134.0, 96.0), 134.0, 96.0),
                        layout.sheet_for(request(b'', 134.0, 96.0), sheets))
    assert (laid.media, laid.width_mm, laid.height_mm) == ('oe_badge_96x134mm', 96, 134)
    assert place(laid.document) == ([96, 134], [91, 1, 5, 10])  # to the right as the badge is read

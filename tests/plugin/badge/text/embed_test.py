"""Fonts in a PDF: what another program reads in them."""

from io import BytesIO
from types import SimpleNamespace

import pytest
from pypdf import PdfReader
from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from indico_checkin_print.badge.text import fonts
from indico_checkin_print.badge.text.embed import Fonts
from indico_checkin_print.badge.text.shaping import Style, Text
from tests.fakes.texts import SANS, text_in


def written(*texts):
    """Return a PDF with texts, one below the other, as bytes."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(500, 40 * len(texts)), invariant=1)
    embedded = Fonts(canvas._doc)
    for i, text in enumerate(texts):
        x = 10
        for cluster in Text(text, Style(fonts.at(SANS))).clusters():
            codes = ''.join(f'<{code:04X}>' for code, __ in embedded[cluster.font].codes(cluster))
            y = canvas._pagesize[1] - 30 - 40 * i
            canvas._code.append(f'BT /{embedded[cluster.font].name} 20 Tf {x:.2f} {y} Td [{codes}] TJ ET')
            x += cluster.advance / 50
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize('text', [
    'Zoë Müller', 'Nguye\u0302\u0303n', 'office AVAT', 'محمد لا إله', 'דָוִד בן־גוריון', 'क्षितिज शर्मा हिन्दी',
    'கோபாலகிருஷ்ணன்',
    'ผู้ใหญ่ น้ำ', 'អោយ ព្រះ', 'အောင်ဆန်းစုကြည်', 'བསྟན་འཛིན', '王小明𠮷', 'ᠮᠣᠩᠭᠣᠯ', '👩\u200d👧 Zoë'])
def test_text_is_read_as_it_was_written(text):
    assert text_in(written(text)).split() == text.split()


def test_many_glyphs():
    """More than a block of a character map and a byte can hold."""
    text = ''.join(map(chr, range(0x4e00, 0x4f40)))
    assert ''.join(text_in(written(*(text[i:i + 20] for i in range(0, len(text), 20)))).split()) == text


def test_each_font_once_and_only_what_is_shown():
    reader = PdfReader(BytesIO(written('Zoë', 'ëoZ', '王')))
    found = reader.pages[0]['/Resources']['/Font']
    assert len([name for name in found if name.startswith('/Badge')]) == 2
    program = found['/Badge1']['/DescendantFonts'][0]['/FontDescriptor']['/FontFile3'].get_data()
    assert len(program) < 1500
    assert found['/Badge1']['/DescendantFonts'][0]['/W'][1] == [611, 556, 556]


def test_the_same_bytes(mocker):
    mocker.patch.object(rl_config, 'invariant', 1)
    assert written('Zoë 王 אב') == written('Zoë 王 אב')


def test_what_is_read_backwards_has_a_glyph_for_each_character():
    lam_alef, = Text('لا', Style(fonts.at(SANS))).clusters()
    document = SimpleNamespace(fontMapping={}, delayedFonts=[])
    codes = Fonts(document)[lam_alef.font].codes(lam_alef)
    assert len(codes) == 2
    assert sum(width for __, width in codes) == lam_alef.advance

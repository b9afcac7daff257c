"""The font programs: read by another library, glyph by glyph."""

from io import BytesIO

import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.recordingPen import RecordingPen

from indico_checkin_print.badge.text.cff import Charstring, write


def read(program):
    fonts = CFFFontSet()
    fonts.decompile(BytesIO(program), None)
    return fonts.fontNames[0], fonts[0]


def outline(font, glyph):
    pen = RecordingPen()
    glyph = font.CharStrings[glyph]
    glyph.draw(pen)
    return pen.value, glyph.width


def test_outlines():
    pen = Charstring(640)
    pen.moveTo((10, -20))
    pen.lineTo((10, 700))
    pen.curveTo((100, 800), (2000, 900.4), (-1500, 1200))
    pen.qCurveTo((0, 0), (30, 60))
    pen.closePath()
    name, font = read(write('Test', [Charstring(250).getvalue(), pen.getvalue()]))
    assert (name, font.ROS, font.CIDCount) == ('Test', ('Adobe', 'Identity', 0), 3)
    assert font.charset == ['.notdef', 'cid00001', 'cid00002']
    assert outline(font, 'cid00001') == ([], 250)
    assert outline(font, 'cid00002') == ([
        ('moveTo', ((10, -20),)), ('lineTo', ((10, 700),)), ('curveTo', ((100, 800), (2000, 900), (-1500, 1200))),
        ('curveTo', ((-500, 400), (10, 20), (30, 60))), ('closePath', ())], 640)


@pytest.mark.parametrize('number', [0, 107, -107, 108, 1131, -108, -1131, 1132, -1132, 32767, -32768])
def test_numbers(number):
    pen = Charstring(number)
    pen.moveTo((number, 0))
    pen.lineTo((number, 1))
    __, font = read(write('N', [pen.getvalue()]))
    value, width = outline(font, 'cid00001')
    assert (value[0], width) == (('moveTo', ((number, 0),)), number)


@pytest.mark.parametrize('count', [0, 1, 2, 300, 5000])
def test_any_number_of_glyphs(count):
    __, font = read(write('Many', [Charstring(i).getvalue() for i in range(count)]))
    assert font.CIDCount == len(font.charset) == count + 1
    if count:
        assert outline(font, f'cid{count:05}') == ([], count - 1)

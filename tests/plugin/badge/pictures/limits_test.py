"""Hostile files are refused with a reason, before they take time or memory."""

import resource
from io import BytesIO

import pytest
from PIL import Image

from indico_checkin_print.badge.pictures import limits
from indico_checkin_print.badge.pictures.convert import Fit, convert
from indico_checkin_print.badge.pictures.limits import MAX_SCANS, PictureFault, describe, read
from indico_checkin_print.errors import PictureRefused
from tests.fakes import pictures


@pytest.mark.parametrize('name', pictures.hostile())
def test_hostile_files(name):
    fault, content = pictures.hostile()[name]
    with pytest.raises(PictureRefused) as excinfo:
        convert(content, (200, 150), Fit.stretch)
    assert excinfo.value.reason == fault
    assert describe(fault)


def test_a_bomb_takes_no_memory():
    bombs = [content for fault, content in pictures.hostile().values() if fault.startswith('too_many')]
    before = _peak()
    for content in bombs:
        with pytest.raises(PictureRefused):
            convert(content, (200, 150), Fit.stretch)
    assert bombs
    assert _peak() - before < 20_000


def _peak():
    """Return the most memory that this process ever had, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.parametrize('kind', ['PNG', 'JPEG', 'GIF'])
def test_whatever_is_cut_off_has_a_reason(kind):
    content = pictures.saved(pictures.drawn().effect_spread(20), kind)
    for end in range(0, len(content) * 9 // 10, 97):
        with pytest.raises(PictureRefused) as excinfo:
            convert(content[:end], (200, 150), Fit.stretch)
        assert excinfo.value.reason in {PictureFault.cut_off, PictureFault.unreadable, PictureFault.unknown_kind}


def test_a_film_behind_a_picture_has_no_scans():
    content = pictures.in_colour()['progressive-jpeg'] + b'\xff\xda' * 1000
    assert convert(content, (200, 150), Fit.stretch).width


def test_as_many_layers_as_programs_write():
    image = Image.new('CMYK', (64, 64), (9, 99, 199, 20)).effect_spread(5)
    content = pictures.saved(image, 'JPEG', progressive=True)
    assert 10 < limits._count_scans(content) < MAX_SCANS
    assert convert(content, (200, 150), Fit.stretch).width == 64


def test_too_many_bytes(mocker):
    mocker.patch.object(limits, 'MAX_BYTES', 10)
    assert read(BytesIO(b'x' * 10)) == b'x' * 10
    with pytest.raises(PictureRefused) as excinfo:
        read(BytesIO(b'x' * 11))
    assert excinfo.value.reason == PictureFault.too_many_bytes


def test_each_fault_has_its_words():
    assert len({str(describe(fault)) for fault in PictureFault}) == len(PictureFault)
    assert describe('of a newer version') == ''

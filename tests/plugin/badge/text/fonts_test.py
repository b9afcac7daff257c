"""The fonts of this machine."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indico_checkin_print.badge.text import folders, fonts
from tests.fakes.texts import SANS


@pytest.fixture
def folder(tmp_path, mocker):
    """A folder of fonts; the machine has no others."""
    mocker.patch.object(folders, 'MACHINE', (str(tmp_path),))
    fonts._families.cache_clear()
    yield tmp_path
    fonts._families.cache_clear()


def test_what_there_is():
    families = fonts.families()
    assert {'liberation sans', 'dejavu sans', 'noto sans hebrew', 'noto sans cjk jp', 'ar pl uming tw'} <= set(families)
    assert list(families) == sorted(families)
    assert not any(file.italic for files in families.values() for file in files)
    # one of a collection
    assert {file.index for file in families['ar pl uming tw']} == {1} or families['ar pl uming tw'][0].index > 0


@pytest.mark.parametrize(('family', 'bold', 'weight'), [
    ('Liberation Sans', False, 400), ('LIBERATION SANS', True, 700), ('Noto Sans Mongolian', True, 400)])
def test_weights(family, bold, weight):
    assert fonts.of_family(family, bold=bold).file.weight == weight


def test_a_variable_font_has_the_weight_that_is_wanted():
    """Its own is so thin that it would hardly print."""
    regular, bold = (fonts.of_family('Noto Sans CJK JP', bold=bold) for bold in (False, True))
    assert regular is not bold
    thin = fonts.Font(regular.file, 100)
    inks = [font.ink(font.shape('一', 'Hani')[0].id) for font in (thin, regular, bold)]
    strokes = [top - bottom for __, bottom, __, top in inks]
    assert strokes == sorted(set(strokes))


def test_no_such_family():
    assert fonts.of_family('No Such Font') is None


def test_what_is_no_font(folder):
    (folder / 'broken.ttf').write_bytes(b'no font')
    (folder / 'empty.otf').write_bytes(b'')
    (folder / 'half.ttf').write_bytes(Path(SANS).read_bytes()[:5000])
    (folder / 'gone.ttf').symlink_to(folder / 'nowhere')
    (folder / 'notes.txt').write_text('Liberation')
    assert 'liberation sans' in fonts.families()
    assert all(str(folder) not in file.path for files in fonts.families().values() for file in files)


def test_what_was_installed_is_found(folder):
    (folder / 'deeper').mkdir()
    (folder / 'deeper' / 'A.TTF').write_bytes(Path(SANS).read_bytes())
    assert str(folder / 'deeper' / 'A.TTF') in {file.path for file in fonts.families()['liberation sans (2)']}


def test_two_threads_read_once(folder, mocker):
    read = mocker.patch.object(fonts.folders, 'places', side_effect=fonts.folders.places)
    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(lambda _: fonts.families(), range(4))
    assert all(other is first for other in others)
    read.assert_called_once_with()


def test_shapes():
    font = fonts.at(SANS)
    plain, kerned = font.shape('AA', 'Latn'), font.shape('AV', 'Latn')
    assert [glyph.cluster for glyph in plain] == [0, 1]
    assert kerned[0].advance < plain[0].advance == font.advance(plain[0].id)
    assert font.has('Zoë')
    assert not font.has('Z名')
    assert font.shape('名', 'Hani')[0].id == 0
    # it composes what is written in two characters
    assert [glyph.id for glyph in font.shape('e\u0301', 'Latn')] == [glyph.id for glyph in font.shape('é', 'Latn')]
    assert font.ink(font.shape(' ', 'Latn')[0].id) is None
    left, bottom, right, top = font.ink(plain[0].id)
    assert 0 <= left < right <= plain[0].advance
    assert 0 == bottom < 600 < top < 800
    assert not font.picture(plain[0].id)


def test_emoji_have_pictures():
    font = fonts.of_family('Noto Color Emoji')
    glyph, = font.shape('👩\u200d👩\u200d👧', 'Zsye')
    assert font.picture(glyph.id).startswith(b'\x89PNG')

"""The font wheel: always the same bytes, with all fonts and their licences, and nothing else."""

import os
import subprocess
import sys
from dataclasses import replace
from zipfile import ZipFile

import pytest

from font_wheel.build import BuildError, build
from tests.fakes import debs


INFO = 'indico_plugin_checkin_print_fonts-20201225.1.dist-info'


@pytest.fixture
def made(tmp_path):
    """Two packages, and their files; one of them has a font that is not wanted."""
    core, core_deb = debs.make(tmp_path, 'fonts-core', {'A-Regular.ttf': b'A' * 5000, 'A-Bold.ttf': b'B' * 5000,
                                                        'A-Italic.ttf': b'C'})
    emoji, emoji_deb = debs.make(tmp_path, 'fonts-emoji', {'Emoji.ttf': b'E'})
    return [replace(core, fonts=('A-Bold.ttf', 'A-Regular.ttf')), emoji], [core_deb, emoji_deb]


def test_what_is_in_it(tmp_path, made):
    path = build(*made, tmp_path / 'dist')
    with ZipFile(path) as wheel:
        contents = {'__init__.py', 'A-Bold.ttf', 'A-Regular.ttf', 'Emoji.ttf'}
        assert {name for name in wheel.namelist() if 'dist-info' not in name} == {
            f'indico_checkin_print_fonts/{name}' for name in contents}
        assert wheel.read('indico_checkin_print_fonts/A-Bold.ttf') == b'B' * 5000
        licences = f'{INFO}/licenses/licences'
        assert wheel.read(f'{licences}/fonts-core.txt') == b'The licence of fonts-core'
        assert wheel.read(f'{licences}/fonts-emoji.txt') == b'The licence of fonts-emoji'
        assert b'MIT' in wheel.read(f'{licences}/LICENSE')
        assert b'License-Expression: OFL-1.1 AND MIT' in wheel.read(f'{INFO}/METADATA')


def test_it_says_where_its_fonts_are(tmp_path, made):
    with ZipFile(build(*made, tmp_path / 'dist')) as wheel:
        wheel.extractall(tmp_path / 'installed')
    said = subprocess.run([sys.executable, '-c', 'import indico_checkin_print_fonts as x; print(x.folder())'],
                          cwd=tmp_path / 'installed', check=True, capture_output=True, text=True).stdout
    assert said.strip() == str(tmp_path / 'installed' / 'indico_checkin_print_fonts')


def test_the_same_bytes_each_time(tmp_path, made, monkeypatch):
    """Whatever the day, the folder, the user's settings and the order of the files in the package."""
    first = build(*made, tmp_path / 'dist').read_bytes()
    monkeypatch.setenv('SOURCE_DATE_EPOCH', '1')
    monkeypatch.setenv('TZ', 'Pacific/Kiritimati')
    monkeypatch.setenv('LC_ALL', 'C')
    monkeypatch.setenv('PYTHONHASHSEED', '7')
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0o077)
    try:
        packages, files = made
        second = build([replace(packages[0], fonts=packages[0].fonts[::-1]), packages[1]], files, 'elsewhere')
    finally:
        os.umask(mask)
    assert second.read_bytes() == first
    # what would not be noticed otherwise
    assert build([replace(packages[0], fonts=('A-Bold.ttf',)), packages[1]], files, 'other').read_bytes() != first


def test_a_font_is_not_there(tmp_path, made):
    (core, emoji), files = made
    with pytest.raises(BuildError, match=r'fonts-core_1_all.deb has no .*/A-Thin.ttf$'):
        build([replace(core, fonts=('A-Thin.ttf', 'A-Bold.ttf')), emoji], files, tmp_path / 'dist')
    assert not (tmp_path / 'dist').exists()


def test_half_a_package(tmp_path, made):
    packages, (core, emoji) = made
    core.write_bytes(core.read_bytes()[:-4000])
    with pytest.raises(BuildError, match=r'fonts-core_1_all\.deb cannot be read: .*unexpected end of file'):
        build(packages, [core, emoji], tmp_path / 'dist')

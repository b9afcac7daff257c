"""The lock file of the font wheel."""

import re

import pytest

from font_wheel.lock import LOCK, LockError, read


GOOD = f"""[[package]]
name = 'fonts-noto-core'
version = '20201225-1'
size = 5
sha1 = '{'a' * 40}'
sha256 = '{'b' * 64}'
folder = 'usr/share/fonts'
fonts = ['A-Regular.ttf', 'A-Bold.ttf']
"""


@pytest.fixture
def lock(tmp_path):
    """Return a function that writes a lock file and returns its path."""
    def _lock(text):
        path = tmp_path / 'debian.toml'
        path.write_text(text)
        return path
    return _lock


def test_a_package(lock):
    package, = read(lock(GOOD))
    assert package.fonts == ('A-Regular.ttf', 'A-Bold.ttf')
    assert package.copyright == 'usr/share/doc/fonts-noto-core/copyright'


def test_ours():
    """Each family that has bold letters is there with both weights, none is italic, and none is there twice."""
    fonts = [font for package in read(LOCK) for font in package.fonts]
    names = {font.partition('.')[0] for font in fonts}
    assert len(fonts) > 150
    assert {name.removesuffix('-Bold') + '-Regular' for name in names if name.endswith('-Bold')} <= names
    assert not [name for name in names if re.search('-(Bold)?Italic', name)]


@pytest.mark.parametrize(('old', 'new', 'words'), [
    ("name = 'fonts-noto-core'", "name = '../core'", 'name'), ("'20201225-1'", "'1 -o x'", 'version'),
    ("'20201225-1'", "'-o'", 'version'), ('size = 5', 'size = 0', 'size'), ('size = 5', "size = '5'", 'size'),
    ('a' * 40, 'a' * 39, 'sha1'), ('b' * 64, 'B' * 64, 'sha256'), ("'usr/share/fonts'", "'usr/../..'", 'folder'),
    ("['A-Regular.ttf', 'A-Bold.ttf']", '[]', 'fonts'), ("'A-Bold.ttf'", "'../A-Bold.ttf'", 'fonts'),
    ("'A-Bold.ttf'", "'copyright'", 'fonts'), ("'A-Bold.ttf'", '5', 'fonts'),
    ("'A-Bold.ttf'", "'A-Regular.ttf'", 'two fonts'), ('sha1', 'md5', 'instead of'), ('size = 5', '', 'instead of'),
    ('[[package]]', '[[packages]]', 'package'), ('size = 5', 'size =', 'Invalid value')])
def test_what_cannot_be_right(lock, old, new, words):
    assert old in GOOD
    with pytest.raises(LockError, match=words):
        read(lock(GOOD.replace(old, new)))

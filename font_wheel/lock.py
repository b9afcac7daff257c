"""Which packages of the distribution the fonts come from, and which fonts of them are taken. Reads ``debian.toml``."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


LOCK = Path(__file__).with_name('debian.toml')
_HASHES = {'sha1': 40, 'sha256': 64}
_NAME = re.compile(r'[a-z0-9][a-z0-9.+-]+')
_VERSION = re.compile(r'[0-9][A-Za-z0-9.+:~-]*')
_FONT = re.compile(r'[A-Za-z0-9_-]+\.(?:ttf|otf)')


class LockError(ValueError):
    """The lock file cannot be used."""


@dataclass(frozen=True)
class Package:
    """A package of Debian."""

    name: str
    version: str
    #: Of the package, in bytes
    size: int
    #: Of the package: what Debian's archive of old packages knows it by
    sha1: str
    #: Of the package: what decides whether it is the right one
    sha256: str
    #: Where in it the fonts are
    folder: str
    #: The names of their files
    fonts: tuple[str, ...]

    @property
    def copyright(self):
        """Return the path of its licences within it."""
        return f'usr/share/doc/{self.name}/copyright'


def read(path=LOCK):
    """Return the `Package`s of a lock file.

    Raises `LockError` if one of them is not complete, or has a value that could not be right.
    """
    try:
        tables = tomllib.loads(path.read_text())['package']
    except (tomllib.TOMLDecodeError, KeyError) as exc:
        raise LockError(f'{path}: {exc!r}')
    packages = [_package(table, path) for table in tables]
    fonts = [font for package in packages for font in package.fonts]
    if len(set(fonts)) < len(fonts):
        raise LockError(f'{path}: two fonts have one name')
    return packages


def _package(table, path):
    wanted = {field.name for field in fields(Package)}
    if table.keys() != wanted:
        raise LockError(f'{path}: a package has {sorted(table)} instead of {sorted(wanted)}')
    good = {
        'name': _matches(_NAME, table['name']),
        'version': _matches(_VERSION, table['version']),
        'size': isinstance(table['size'], int) and table['size'] > 0,
        'folder': isinstance(table['folder'], str) and '..' not in table['folder'].split('/'),
        'fonts': bool(table['fonts']) and all(_matches(_FONT, font) for font in table['fonts']),
        **{name: _matches(re.compile(f'[0-9a-f]{{{length}}}'), table[name]) for name, length in _HASHES.items()}}
    if wrong := [name for name, is_good in good.items() if not is_good]:
        raise LockError(f'{path}: {table["name"]}: {", ".join(wrong)}')
    return Package(**{**table, 'fonts': tuple(table['fonts'])})


def _matches(pattern, value):
    return isinstance(value, str) and pattern.fullmatch(value) is not None

"""Packages of Debian, made by its own program, with files that a test chooses."""

import hashlib
import subprocess
from pathlib import Path

from font_wheel.lock import Package


FOLDER = 'usr/share/fonts/truetype/noto'
#: Where the same fonts are on this machine
INSTALLED = Path('/', FOLDER)


def make(folder, name, fonts, *, version='1'):
    """Make a package in a folder; return its `Package`, as a lock file has it, and its path.

    :param fonts: Their contents by the names of their files.
    """
    files = {f'{FOLDER}/{font}': content for font, content in fonts.items()}
    files[f'usr/share/doc/{name}/copyright'] = f'The licence of {name}'.encode()
    files['DEBIAN/control'] = (f'Package: {name}\nVersion: {version}\nArchitecture: all\n'
                               'Maintainer: Nobody <nobody@example.com>\nDescription: fonts\n').encode()
    for path, content in files.items():
        target = Path(folder, name, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    deb = Path(folder, f'{name}_{version}_all.deb')
    subprocess.run(['dpkg-deb', '--root-owner-group', '-Znone', '--build', Path(folder, name), deb], check=True,
                   capture_output=True)
    content = deb.read_bytes()
    return Package(name, version, len(content), hashlib.sha1(content).hexdigest(),
                   hashlib.sha256(content).hexdigest(), FOLDER, tuple(fonts)), deb

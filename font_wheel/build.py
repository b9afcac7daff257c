"""Builds the wheel from packages of Debian: the project beside this file, with fonts and their licences put into it.

The same packages make the same bytes: nothing of the time, the folder or the user gets into the wheel.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path


PROJECT = Path(__file__).with_name('project')
PACKAGE = 'indico_checkin_print_fonts'
_LICENCE = Path(__file__).parents[1] / 'LICENSE'
#: What the wheel says for the time of its files: the date of its fonts in Debian
_EPOCH = 1608854400


class BuildError(Exception):
    """The packages do not have what the lock file says, or no wheel can be made of it."""


def build(packages, debs, target):
    """Build the wheel in a folder and return its path.

    :param packages: Which `Package`s it is made of.
    :param debs: The files of these packages, in the same order.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, 'project')
        shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns('__pycache__'))
        (project / 'licences').mkdir()
        shutil.copy(_LICENCE, project / 'licences')
        for package, deb in zip(packages, debs, strict=True):
            wanted = {f'{package.folder}/{font}': project / PACKAGE / font for font in package.fonts}
            wanted[package.copyright] = project / 'licences' / f'{package.name}.txt'
            _extract(deb, wanted)
        command = [sys.executable, '-m', 'hatchling', 'build', '-t', 'wheel', '-d', Path(target).absolute()]
        made = subprocess.run(command, cwd=project, env={**os.environ, 'SOURCE_DATE_EPOCH': str(_EPOCH)}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        raise BuildError(made.stdout)
    version = tomllib.loads((PROJECT / 'pyproject.toml').read_text())['project']['version']
    return Path(target, f'indico_plugin_checkin_print_fonts-{version}-py3-none-any.whl')


def _extract(deb, wanted):
    """Write files of a package where they are wanted, by their paths within it."""
    missing = dict(wanted)
    with tempfile.TemporaryFile() as content:
        read = subprocess.run(['dpkg-deb', '--fsys-tarfile', deb], stdout=content, stderr=subprocess.PIPE, text=True)
        if read.returncode:
            raise BuildError(f'{deb} cannot be read: {read.stderr.strip()}')
        content.seek(0)
        with tarfile.open(fileobj=content) as files:
            for file in files:
                target = missing.pop(file.name.removeprefix('./'), None) if file.isfile() else None
                if target:
                    target.write_bytes(files.extractfile(file).read())
    if missing:
        raise BuildError(f'{deb} has no {", ".join(sorted(missing))}')

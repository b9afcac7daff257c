"""Gets a package of Debian: by apt where it has this version, else from Debian's archive of all that ever was.

Wherever it comes from, its SHA-256 decides whether it is the right one.
"""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import requests


#: Has each file that was ever in Debian, by its SHA-1
ARCHIVE = 'https://snapshot.debian.org/file'
#: How long the archive may be silent
_TIMEOUT = 60  # seconds
_CHUNK = 1 << 16


class FetchError(Exception):
    """A package cannot be had; says what was tried."""


def fetch(package, folder, *, archive=ARCHIVE):
    """Return the path of a package in a folder, after getting it if it is not there.

    Raises `FetchError` if none of the places has the right one.
    """
    target = Path(folder, f'{package.name}_{package.sha256[:16]}.deb')
    if target.exists() and _is(target, package):
        return target
    tried = []
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as fresh:
        for get in (_by_apt, _from_archive):
            try:
                path = get(package, Path(fresh), archive)
            except (OSError, FetchError) as exc:
                tried.append(f'{get.__name__.strip("_").replace("_", " ")}: {exc}')
                continue
            if _is(path, package):
                # another build at the same time finds all of it or nothing
                return path.replace(target)
            tried.append(f'{get.__name__.strip("_").replace("_", " ")}: another file, of {path.stat().st_size} bytes')
    raise FetchError(f'{package.name} {package.version} cannot be had. {"; ".join(tried)}')


def _by_apt(package, folder, archive):
    if not shutil.which('apt-get'):
        raise FetchError('not on this machine')
    try:
        subprocess.run(['apt-get', 'download', '-q', f'{package.name}={package.version}'], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except subprocess.CalledProcessError as exc:
        raise FetchError(exc.stderr.strip().splitlines()[-1] if exc.stderr.strip() else f'exit code {exc.returncode}')
    path, = folder.glob(f'{package.name}_*.deb')
    return path


def _from_archive(package, folder, archive):
    path, size = folder / 'archive', 0
    # errors of requests are OSErrors
    with requests.get(f'{archive}/{package.sha1}', stream=True, timeout=_TIMEOUT) as answer, path.open('wb') as file:
        answer.raise_for_status()
        for chunk in answer.iter_content(_CHUNK):
            size += len(chunk)
            if size > package.size:
                raise FetchError(f'more than the {package.size} bytes of the package')
            file.write(chunk)
    return path


def _is(path, package):
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest() == package.sha256

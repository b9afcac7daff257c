"""Packages of Debian: from apt, from the archive, and never another one than the lock file names."""

import os
import subprocess
import threading
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from font_wheel.fetch import FetchError, fetch
from tests.fakes import debs


FONTS = {'A-Regular.ttf': b'a font' * 1000}


@pytest.fixture(autouse=True)
def apt(tmp_path, monkeypatch):
    """A configuration of apt with a repository of its own, which is empty until `publish` is called."""
    root, repository = tmp_path / 'apt', tmp_path / 'repository'
    for folder in ('lists/partial', 'cache/archives/partial'):
        (root / folder).mkdir(parents=True)
    repository.mkdir()
    (root / 'sources').write_text(f'deb [trusted=yes] file:{repository} ./\n')
    (root / 'conf').write_text(f'Dir::State::lists "{root}/lists"; Dir::Cache "{root}/cache"; '
                               f'Dir::Etc::sourcelist "{root}/sources"; Dir::Etc::sourceparts "-"; '
                               'APT::Sandbox::User ""; Acquire::Languages "none";')
    monkeypatch.setenv('APT_CONFIG', str(root / 'conf'))
    return repository


@pytest.fixture
def publish(apt):
    """Return a function that puts a package into apt's repository."""
    def _publish(package, deb):
        path = apt / deb.name
        os.link(deb, path)
        control = subprocess.run(['dpkg-deb', '-f', deb], check=True, capture_output=True, text=True).stdout
        (apt / 'Packages').write_text(f'{control}Filename: ./{deb.name}\nSize: {package.size}\n'
                                      f'SHA256: {package.sha256}\n')
        subprocess.run(['apt-get', 'update', '-qq'], check=True, capture_output=True)
    return _publish


@pytest.fixture
def archive(tmp_path):
    """A web server whose folder is `tmp_path / 'archive'`: its address."""
    folder = tmp_path / 'archive'
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=folder)

        def log_message(self, *args):
            pass
    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f'http://127.0.0.1:{server.server_port}'
        server.shutdown()
        thread.join()


@pytest.fixture
def made(tmp_path):
    return debs.make(tmp_path, 'fonts-of-a-test', FONTS)


def test_by_apt(tmp_path, made, publish):
    publish(*made)
    path = fetch(made[0], tmp_path / 'new' / 'kept', archive='http://127.0.0.1:9')
    assert path.read_bytes() == made[1].read_bytes()
    # nothing else is left
    assert list(path.parent.iterdir()) == [path]


def test_apt_has_another_version(tmp_path, made, publish, archive):
    package, deb = made
    publish(*debs.make(tmp_path / 'other', package.name, FONTS, version='2'))
    os.link(deb, tmp_path / 'archive' / package.sha1)
    assert fetch(package, tmp_path / 'kept', archive=archive).read_bytes() == deb.read_bytes()


def test_apt_has_another_file_of_this_version(tmp_path, made, publish, archive):
    package, deb = made
    publish(*debs.make(tmp_path / 'other', package.name, {'B.ttf': b''}))
    os.link(deb, tmp_path / 'archive' / package.sha1)
    assert fetch(package, tmp_path / 'kept', archive=archive).read_bytes() == deb.read_bytes()


def test_without_apt(tmp_path, made, archive, monkeypatch):
    package, deb = made
    monkeypatch.setenv('PATH', str(tmp_path))
    os.link(deb, tmp_path / 'archive' / package.sha1)
    assert fetch(package, tmp_path / 'kept', archive=archive).read_bytes() == deb.read_bytes()


def test_what_was_fetched_is_kept(tmp_path, made, archive):
    package, deb = made
    os.link(deb, tmp_path / 'archive' / package.sha1)
    path = fetch(package, tmp_path / 'kept', archive=archive)
    (tmp_path / 'archive' / package.sha1).unlink()
    assert fetch(package, tmp_path / 'kept', archive=archive) == path
    # unless it was changed
    path.write_bytes(b'broken')
    with pytest.raises(FetchError):
        fetch(package, tmp_path / 'kept', archive=archive)


@pytest.mark.parametrize(('content', 'words'), [
    (None, '404'), (b'', 'another file, of 0 bytes'), (b'x' * 1_000_000, 'more than the'), (b'x', 'of 1 bytes')],
                         ids=['nothing', 'empty', 'large', 'small'])
def test_the_archive_has_it_not(tmp_path, made, archive, content, words):
    package, __ = made
    if content is not None:
        (tmp_path / 'archive' / package.sha1).write_bytes(content)
    with pytest.raises(FetchError, match=rf'fonts-of-a-test 1 cannot be had\. by apt: .*; from archive: .*{words}'):
        fetch(package, tmp_path / 'kept', archive=archive)
    assert list((tmp_path / 'kept').iterdir()) == []


def test_nobody_answers(tmp_path, made):
    with pytest.raises(FetchError, match=r'from archive: .*refused'):
        fetch(replace(made[0], name='fonts-nowhere'), tmp_path / 'kept', archive='http://127.0.0.1:9')

"""Folders as printers: complete badges or none, also when a folder is full, gone, or on a server that hangs."""

import errno
import os
import threading

import pytest

from print_agent.errors import NotReady, SubmitFailed
from print_agent.printing import folder as folder_module
from print_agent.printing.backend import PrintRequest
from print_agent.printing.folder import FolderBackend


SHEET = PrintRequest(tag='j1.1-abc', title='badge j1', document=b'%PDF-x', copies=1, width_mm=96, height_mm=134,
                     expires=0)


@pytest.fixture
async def backend(tmp_path):
    for name in ('good', 'bad'):
        (tmp_path / name).mkdir()
    backend = FolderBackend({'good': tmp_path / 'good', 'bad': tmp_path / 'bad', 'gone': tmp_path / 'gone'})
    yield backend
    await backend.close()


@pytest.fixture
def hanging(monkeypatch):
    """The folder ``bad`` is on a server that is away. Gives the event that brings it back."""
    back, real = threading.Event(), os.access
    monkeypatch.setattr(folder_module, 'STATE_TIMEOUT', 0.05)
    monkeypatch.setattr(folder_module, 'WRITE_TIMEOUT', 0.05)
    monkeypatch.setattr(os, 'access', lambda path, mode: (path.name != 'bad' or back.wait()) and real(path, mode))
    yield back
    back.set()


async def test_a_badge_goes_into_its_folder(backend, tmp_path):
    assert [(each.name, each.state) for each in await backend.printers()] == [
        ('good', 'idle'), ('bad', 'idle'), ('gone', 'stopped')]
    await backend.check('good')
    handle = await backend.submit('good', SHEET)
    assert [(path.name, path.read_bytes()) for path in (tmp_path / 'good').iterdir()] == [(handle, SHEET.document)]
    assert await backend.find('good', SHEET.tag, '') == handle
    with pytest.raises(NotReady, match='does not exist'):
        await backend.check('gone')


async def test_a_folder_that_hangs_stops_no_other(backend, hanging):
    for _ in range(3):
        assert [(each.name, each.state) for each in await backend.printers()] == [
            ('good', 'idle'), ('bad', 'stopped'), ('gone', 'stopped')]
    with pytest.raises(NotReady, match='does not answer'):
        await backend.check('bad')
    await backend.check('good')
    # what stands in line behind it may be written later, so nobody may say that it never will
    with pytest.raises(SubmitFailed) as caught:
        await backend.submit('bad', SHEET)
    assert not caught.value.certain
    with pytest.raises(SubmitFailed) as caught:
        await backend.find('bad', SHEET.tag, '')
    assert (caught.value.certain, caught.value.retry) == (False, True)
    assert sum(thread.name.startswith('folder') for thread in threading.enumerate()) <= 3


async def test_it_is_back_when_its_server_is(backend, hanging):
    with pytest.raises(NotReady):
        await backend.check('bad')
    hanging.set()
    folder_module.STATE_TIMEOUT = 10
    await backend.check('bad')


async def test_a_folder_that_cannot_even_be_looked_at_stops_no_other(tmp_path):
    # as on a server that is down: an error of another kind than "not there"
    backend = FolderBackend({'good': tmp_path, 'odd': tmp_path / ('x' * 300)})
    try:
        assert [(each.name, each.state) for each in await backend.printers()] == [('good', 'idle'), ('odd', 'stopped')]
        with pytest.raises(NotReady, match='cannot be looked at'):
            await backend.check('odd')
        with pytest.raises(SubmitFailed) as caught:
            await backend.submit('odd', SHEET)
        assert not caught.value.certain
    finally:
        await backend.close()


async def test_a_disk_without_room_keeps_no_half_badge(backend, tmp_path, monkeypatch):
    def full(_fd):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(SubmitFailed, match='No space left') as caught:
        await backend.submit('good', SHEET)
    assert (caught.value.certain, caught.value.retry) == (True, True)
    assert list((tmp_path / 'good').iterdir()) == []


async def test_half_a_badge_of_an_agent_that_died_does_not_lie_about(backend, tmp_path):
    half = tmp_path / 'good' / f'.{SHEET.tag}.pdf.part'
    half.write_bytes(b'%PDF-')
    assert await backend.find('good', SHEET.tag, '') is None
    assert not half.exists()

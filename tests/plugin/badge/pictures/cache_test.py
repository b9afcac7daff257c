"""Pictures are made once, for all processes of a machine, and nothing depends on that."""

import os
import threading

import pytest

from indico_checkin_print.badge.pictures.cache import Cache, key_of, pictures
from indico_checkin_print.badge.pictures.convert import Picture
from indico_checkin_print.badge.pictures.limits import PictureFault
from indico_checkin_print.errors import PictureRefused


class Maker:
    """Makes pictures and counts how many."""

    def __init__(self, size=1000, fault=None):
        self.size, self.fault, self.count = size, fault, 0

    def __call__(self):
        self.count += 1
        if self.fault:
            raise PictureRefused(self.fault)
        return Picture(width=1, height=1, drawn_width=1.5, drawn_height=2.5, space='DeviceGray', bits=8,
                       encoding='FlateDecode', data=bytes([self.count]) * self.size, digest='')


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'pictures'


@pytest.fixture
def process(folder):
    """Return a function that makes the cache of a process."""
    return lambda **limits: Cache(lambda: folder, **limits)


@pytest.fixture
def make():
    return Maker()


def test_made_once_for_all_processes(process, make):
    one, other = process(), process()
    assert one.get('a', make) == one.get('a', make) == other.get('a', make)
    assert make.count == 1
    assert one.get('b', make) != one.get('a', make)


def test_a_refusal_is_kept_as_well(process):
    make = Maker(fault=PictureFault.cut_off)
    for cache in (process(), process()):
        for __ in range(2):
            with pytest.raises(PictureRefused) as excinfo:
                cache.get('a', make)
            assert excinfo.value.reason == PictureFault.cut_off
    assert make.count == 1


def test_a_storage_that_is_away(process):
    make, cache = Maker(fault=PictureFault.gone), process()
    for __ in range(2):
        with pytest.raises(PictureRefused):
            cache.get('a', make)
    assert make.count == 2


@pytest.mark.parametrize('damage', [lambda path: path.write_bytes(b''), lambda path: path.unlink(),
                                    lambda path: path.write_bytes(path.read_bytes()[:-1]),
                                    lambda path: path.write_bytes(b'x' * 500)])
def test_what_is_damaged_is_made_anew(process, make, folder, damage):
    process().get('a', make)
    damage(folder / 'a')
    assert process().get('a', make).data[0] == 2
    assert process().get('a', make).data[0] == 2


def test_a_folder_that_cannot_be_written(tmp_path, make, mocker):
    log = mocker.patch('indico_checkin_print.badge.pictures.cache.logger')
    (tmp_path / 'file').write_text('')
    cache = Cache(lambda: tmp_path / 'file' / 'pictures')
    assert cache.get('a', make) == cache.get('a', make)
    assert make.count == 1
    log.warning.assert_called_once()


def test_the_folder_has_a_limit(process, make, folder):
    cache = process(max_folder=4000)
    for name in 'abc':
        cache.get(name, make)
        os.utime(folder / name, (1, 1))
    os.utime(folder / 'a')
    for name in 'de':
        cache.get(name, make)
    assert sorted(path.name for path in folder.iterdir()) == ['a', 'd', 'e']
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 4000


def test_the_memory_has_a_limit(process, make, folder):
    cache = process(max_memory=2800)
    for name in 'abc':
        cache.get(name, make)
    for path in folder.iterdir():
        path.unlink()
    # the two that were used last
    cache.get('b', make)
    cache.get('c', make)
    assert make.count == 3
    cache.get('a', make)
    assert make.count == 4


def test_what_is_used_is_not_old(process, make, folder):
    process().get('a', make)
    os.utime(folder / 'a', (1, 1))
    process().get('a', make)
    assert (folder / 'a').stat().st_mtime > 1_000_000


def test_many_threads_make_it_once(process, make):
    cache, found = process(), []
    threads = [threading.Thread(target=lambda: found.append(cache.get('a', make))) for __ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), make.count) == (8, 1)


def test_only_its_own_user_reads_it(process, make, folder):
    process().get('a', make)
    assert folder.stat().st_mode & 0o77 == 0


def test_keys():
    assert key_of('x', (1.0, 2.0)) == key_of('x', (1.0, 2.0))
    assert len({key_of('x', (1.0, 2.0)), key_of('x', (2.0, 1.0)), key_of('y', (1.0, 2.0))}) == 3


def test_it_is_where_indico_cleans_up(app, make):
    from indico.core.config import config
    key = key_of('test_it_is_where_indico_cleans_up')
    with app.app_context():
        pictures.get(key, make)
        assert os.path.exists(os.path.join(config.CACHE_DIR, 'checkin_print_pictures', key))

"""Keeps what `convert` made, so that a background of 20 megapixels costs each badge what a small one costs.

In the memory of a process, and on disk in Indico's ``CACHE_DIR``, where other processes of the machine find it, and
this one after a restart. Indico itself deletes there what was not used for a day; in between the folder has a limit of
its own. Nothing depends on it: what is gone, damaged or cannot be written is made anew, in the same bytes. A refusal is
kept as well, so that a picture that takes a second until it proves to be broken does so once.

Only what belongs to an event is kept. Pictures of people are not.
"""

import hashlib
import os
import secrets
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from time import time

import msgspec
import PIL

from indico.core.config import config

from indico_checkin_print.badge.pictures.convert import Picture
from indico_checkin_print.badge.pictures.limits import PictureFault
from indico_checkin_print.errors import PictureRefused
from indico_checkin_print.logs import logger


#: Bytes of pictures in the memory of one process
MAX_MEMORY = 16 * 1024 * 1024
#: Bytes of pictures in the folder; a photo of a badge has half a million
MAX_FOLDER = 256 * 1024 * 1024
#: What is used is marked so again after so many seconds; Indico deletes what was not for a day
_TOUCH_INTERVAL = 3600
#: Changes when `convert` makes something else of the same file, as Pillow's version does
_VERSION = f'2 {PIL.__version__}'
#: So begins a file: the digest of what follows
_DIGEST = hashlib.sha256
_DIGEST_SIZE = _DIGEST().digest_size


class _Refusal(msgspec.Struct, frozen=True, tag=True):
    fault: PictureFault


class _Kept(msgspec.Struct, frozen=True, tag=True):
    picture: Picture


def key_of(*parts):
    """Return the key for what identifies a file, and all else on which the conversion depends."""
    return _DIGEST(repr((_VERSION, parts)).encode()).hexdigest()


class Cache:
    """The pictures of a process and those in a folder."""

    def __init__(self, folder, *, max_memory=MAX_MEMORY, max_folder=MAX_FOLDER):
        self._folder = folder
        self._max_memory, self._max_folder = max_memory, max_folder
        self._lock, self._converting = threading.Lock(), threading.Lock()
        self._memory = OrderedDict()
        self._size = 0

    def get(self, key, make):
        """Return the `Picture` of a key.

        :param make: Makes it if it is not there.
        :raises PictureRefused: if it could not be made, now or before.
        """
        kept = self._remembered(key)
        if kept is None:
            # one at a time: two large pictures would take their memory at once
            with self._converting:
                kept = self._load(key) or self._make(key, make)
        if isinstance(kept, _Refusal):
            raise PictureRefused(kept.fault)
        return kept.picture

    def _remembered(self, key):
        with self._lock:
            if key not in self._memory:
                return None
            self._memory.move_to_end(key)
            return self._memory[key][0]

    def _remember(self, key, kept, size):
        with self._lock:
            self._size += size - self._memory.pop(key, (None, 0))[1]
            self._memory[key] = kept, size
            while self._size > self._max_memory and len(self._memory) > 1:
                __, (__, size) = self._memory.popitem(last=False)
                self._size -= size

    def _load(self, key):
        path = self._folder() / key
        try:
            content = path.read_bytes()
        except OSError:
            # it was never made, or deleted, or belongs to another user of the machine
            return None
        body = content[_DIGEST_SIZE:]
        if _DIGEST(body).digest() != content[:_DIGEST_SIZE]:
            # the machine went down while it was written
            return None
        kept = msgspec.msgpack.decode(body, type=_Kept | _Refusal)
        with suppress(OSError):
            # as above: then it is made anew once a day
            if time() - path.stat().st_mtime > _TOUCH_INTERVAL:
                os.utime(path)
        self._remember(key, kept, len(content))
        return kept

    def _make(self, key, make):
        try:
            kept = _Kept(make())
        except PictureRefused as exc:
            if exc.reason == PictureFault.gone:
                # the storage may be away for a moment
                raise
            kept = _Refusal(exc.reason)
        body = msgspec.msgpack.encode(kept)
        content = _DIGEST(body).digest() + body
        try:
            self._store(key, content)
        except OSError as exc:
            # a full disk, or somebody else's folder: the picture is made, and the next process makes it again
            logger.warning('A converted picture could not be stored: %s', exc.strerror)
        self._remember(key, kept, len(content))
        return kept

    def _store(self, key, content):
        folder = self._folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        self._make_room(folder, len(content))
        # others see all of it or nothing
        temporary = folder / f'{key}.{secrets.token_hex(4)}'
        try:
            temporary.write_bytes(content)
            temporary.replace(folder / key)
        finally:
            temporary.unlink(missing_ok=True)

    def _make_room(self, folder, size):
        files = []
        for path in folder.iterdir():
            with suppress(FileNotFoundError):
                # another process, or Indico, has deleted it
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        total = size + sum(length for __, length, __ in files)
        for __, length, path in sorted(files):
            if total <= self._max_folder:
                break
            path.unlink(missing_ok=True)
            total -= length


def _folder():
    return Path(config.CACHE_DIR, 'checkin_print_pictures')


#: The one of this process
pictures = Cache(_folder)

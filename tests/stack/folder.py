"""The temporary folder of a run. Services that give up root's rights must still find their files in it."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path


@contextlib.contextmanager
def run_folder(keep=None):
    """Make the folder and remove it afterwards, unless it shall be kept (``STACK_KEEP=1``) to look at its logs.

    Its path is short, because sockets live in it and the path of a socket has 107 bytes at most.
    """
    path = Path(tempfile.mkdtemp(prefix='icp-'))
    # PostgreSQL runs as `postgres` and the filters of CUPS as `lp` when root starts them
    path.chmod(0o755)
    try:
        yield path
    finally:
        if keep if keep is not None else os.environ.get('STACK_KEEP'):
            print(f'The files of this run are kept in {path}', flush=True)
        else:
            shutil.rmtree(path, ignore_errors=True)


def subfolder(parent, name, *, owner=None, mode=0o755):
    """Make a folder for one service, owned by the user that the service runs as."""
    path = Path(parent) / name
    path.mkdir(exist_ok=True)
    if owner:
        shutil.chown(path, owner, owner)
    path.chmod(mode)
    return path

"""What draws badges on this machine, as one fingerprint: with another one the same badge may look different."""

import hashlib
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from indico.core.config import config

from indico_checkin_print.badge.text import fonts


@cache
def drawing_version():
    """Return the fingerprint of the fonts and the software of this process.

    Besides this package any plugin of Indico may take part in drawing, so all that is installed counts. New fonts and
    new software count from the next start of a process, as everywhere.
    """
    digest = hashlib.sha256()
    for part in (*_software(), *_config(), *_fonts()):
        digest.update(f'{part}\0'.encode())
    return digest.hexdigest()[:32]


def _software():
    # one that is installed from a working copy keeps its version while its files change
    yield from (hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(__file__).parent.rglob('*.py')))
    yield from sorted(f'{dist.name} {dist.version}' for dist in distributions())


def _config():
    # the addresses in QR codes, and the language of events that name none
    return config.BASE_URL, config.DEFAULT_LOCALE


def _fonts():
    """Return each font in words: what is installed elsewhere under the same name is the same font."""
    return (f'{family} {file.weight} {file.is_variable} {fonts.checksum(file)}'
            for family, files in fonts.families().items() for file in files)

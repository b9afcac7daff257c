"""Where fonts are, the best place first: the font wheel, Indico, the machine.

The wheel and Indico have the same files on each machine, the distribution of a machine has others; so a badge looks the
same wherever it is made. A machine needs the wheel only if its own fonts do not do.
"""

import os
from pathlib import Path

import indico_fonts


#: Where Debian, Ubuntu and the RHEL family keep fonts, and where administrators and users put theirs
MACHINE = ('/usr/share/fonts', '/usr/local/share/fonts', '~/.local/share/fonts', '~/.fonts')
_SUFFIXES = ('.ttf', '.otf', '.ttc', '.otc')


def places():
    """Return the paths of the fonts in each place, in an order that is always the same."""
    folders = ((wheel(),), (Path(indico_fonts.__file__).parent,), MACHINE)
    return [sorted(path for folder in filter(None, group) for path in _paths(folder)) for group in folders]


def wheel():
    """Return the folder of the font wheel; nothing where it is not installed."""
    try:
        import indico_checkin_print_fonts
    except ModuleNotFoundError:
        # it is for machines that want it
        return None
    return indico_checkin_print_fonts.folder()


def _paths(folder):
    for parent, __, names in os.walk(Path(folder).expanduser()):
        yield from (str(Path(parent, name)) for name in names if name.lower().endswith(_SUFFIXES))

"""Which package has the fonts of a script, and the command that installs it. Pure."""

from fontTools.unicodedata import script_name

from indico_checkin_print.badge.text.chain import chain_of
from indico_checkin_print.badge.text.runs import COMMON, EMOJI


#: Packages of Debian and Ubuntu for scripts that are not in `fonts-noto-core`. Indico brings along the usual Chinese
#: characters, so one that is missing is a rare one
_DEBIAN = {**dict.fromkeys(('Hani', 'Hira', 'Kana', 'Hang', 'Bopo'), 'fonts-hanazono'), EMOJI: 'fonts-noto-color-emoji'}
_DEBIAN_USUAL = 'fonts-noto-core'
_FAMILIES = {**dict.fromkeys(('Hani', 'Hira', 'Kana', 'Hang', 'Bopo'), 'HanaMinB'), EMOJI: 'Noto Color Emoji'}


def title_of(script):
    """Return what a script is called, in English."""
    return {COMMON: 'Signs', EMOJI: 'Emoji'}.get(script) or script_name(script).replace('_', ' ')


def command_for(scripts, system):
    """Return the command that installs fonts for some scripts.

    :param system: What ``ID`` and ``ID_LIKE`` in ``/etc/os-release`` say.
    """
    if {'rhel', 'fedora', 'centos'} & set(system.split()):
        # what packages of fonts provide by the name of the family, whatever they are called themselves
        families = {_FAMILIES.get(script, chain_of(script)[0]) for script in scripts}
        return ' '.join(('dnf install', *sorted(f"'font({family.replace(' ', '').lower()})'" for family in families)))
    return ' '.join(('apt install', *sorted({_DEBIAN.get(script, _DEBIAN_USUAL) for script in scripts})))

"""What gives a machine the fonts of a script: a package of its distribution, or the font wheel. Pure."""

from fontTools.unicodedata import script_name

from indico_checkin_print.badge.text.chain import chain_of
from indico_checkin_print.badge.text.runs import COMMON, EMOJI


#: What writes with Chinese characters. Indico brings along the usual ones, so one that is missing is a rare one
_CHINESE = ('Hani', 'Hira', 'Kana', 'Hang', 'Bopo')
#: Packages of Debian and Ubuntu for scripts that are not in `fonts-noto-core`
_DEBIAN = {**dict.fromkeys(_CHINESE, 'fonts-hanazono'), EMOJI: 'fonts-noto-color-emoji'}
_DEBIAN_USUAL = 'fonts-noto-core'
#: Families for scripts of which the first of the chain is not the one. Emoji in colours are paints on newer Fedoras,
#: which a badge does not draw; in black and white there are few on older ones
_FAMILIES = {**dict.fromkeys(_CHINESE, ('HanaMinB',)), EMOJI: ('Noto Emoji', 'Noto Color Emoji')}
#: Rare characters, and two scripts that would be a third of it and are in no name
NOT_IN_WHEEL = frozenset({*_CHINESE, 'Sgnw', 'Tang'})
_PIP = 'pip install indico_plugin_checkin_print_fonts-*.whl'


def title_of(script):
    """Return what a script is called, in English."""
    return {COMMON: 'Signs', EMOJI: 'Emoji'}.get(script) or script_name(script).replace('_', ' ')


def cure_for(scripts, system, *, is_root, has_wheel):
    """Return what gives a machine fonts for some scripts, in words with the command.

    :param system: What ``ID`` and ``ID_LIKE`` in ``/etc/os-release`` say.
    :param is_root: Whether the user who asks may install packages.
    :param has_wheel: Whether the font wheel is installed: then it does not have what is missing.
    """
    command = _command_for(scripts, system)
    if command and is_root:
        return f'"{command}"'
    from_wheel = set() if has_wheel else scripts - NOT_IN_WHEEL
    ways = [f'the font wheel for {_titles(from_wheel)} ("{_PIP}" in Indico\'s environment)'] if from_wheel else []
    if command:
        return ', or without root '.join((f'"{command}" as root', *ways))
    if others := scripts - from_wheel:
        ways.append(f'{", ".join(sorted({_families_of(script)[0] for script in others}))} for {_titles(others)} '
                    '(in ~/.local/share/fonts)')
    return ', and '.join(ways)


def _command_for(scripts, system):
    """Return the command that installs fonts for some scripts; nothing where its name is not known."""
    names = set(system.split())
    if names & {'rhel', 'fedora', 'centos'}:
        # what packages of fonts provide by the name of the family, whatever they are called themselves
        names = {f"'font({family.replace(' ', '').lower()})'" for script in scripts for family in _families_of(script)}
        return ' '.join(('dnf install', *sorted(names)))
    if names & {'debian', 'ubuntu'}:
        return ' '.join(('apt install', *sorted({_DEBIAN.get(script, _DEBIAN_USUAL) for script in scripts})))
    return ''


def _families_of(script):
    return _FAMILIES.get(script) or chain_of(script)[:1]


def _titles(scripts):
    return ', '.join(sorted(map(title_of, scripts)))

"""What gives a machine the fonts of a script."""

import pytest

from indico_checkin_print.badge.text.packages import cure_for, title_of


PIP = '("pip install indico_plugin_checkin_print_fonts-*.whl" in Indico\'s environment)'


@pytest.mark.parametrize(('scripts', 'system', 'command'), [
    ({'Thaa', 'Arab'}, 'debian ', 'apt install fonts-noto-core'),
    ({'Hani', 'Zsye'}, 'ubuntu debian', 'apt install fonts-hanazono fonts-noto-color-emoji'),
    ({'Thaa', 'Arab'}, 'almalinux rhel centos fedora', "dnf install 'font(notosansarabic)' 'font(notosansthaana)'"),
    ({'Hira', 'Hani'}, 'fedora ', "dnf install 'font(hanaminb)'"),
    ({'Zsye', 'Zyyy', 'Tibt'}, 'fedora ',
     "dnf install 'font(notocoloremoji)' 'font(notoemoji)' 'font(notosans)' 'font(notoseriftibetan)'")])
def test_root_needs_one_command(scripts, system, command):
    for has_wheel in (False, True):
        assert cure_for(scripts, system, is_root=True, has_wheel=has_wheel) == f'"{command}"'


@pytest.mark.parametrize(('scripts', 'cure'), [
    ({'Thaa', 'Laoo'}, f'"apt install fonts-noto-core" as root, or without root the font wheel for Lao, Thaana {PIP}'),
    ({'Deva', 'Sgnw'}, f'"apt install fonts-noto-core" as root, or without root the font wheel for Devanagari {PIP}'),
    ({'Hani'}, '"apt install fonts-hanazono" as root')])
def test_others_may_take_the_wheel(scripts, cure):
    assert cure_for(scripts, 'debian', is_root=False, has_wheel=False) == cure


@pytest.mark.parametrize('system', ['', 'arch', 'opensuse-leap suse opensuse'])
@pytest.mark.parametrize('is_root', [True, False])
def test_no_package_manager_that_is_known(system, is_root):
    assert cure_for({'Arab', 'Hani', 'Hira'}, system, is_root=is_root, has_wheel=False) == (
        f'the font wheel for Arabic {PIP}, and HanaMinB for Han, Hiragana (in ~/.local/share/fonts)')


def test_the_wheel_lacks_it():
    """A script of which the wheel lacks a character needs a newer font."""
    assert cure_for({'Arab'}, 'debian', is_root=False, has_wheel=True) == '"apt install fonts-noto-core" as root'
    assert (cure_for({'Arab'}, '', is_root=True, has_wheel=True)
            == 'Noto Sans Arabic for Arabic (in ~/.local/share/fonts)')


@pytest.mark.parametrize(('script', 'title'), [('Deva', 'Devanagari'), ('Zyyy', 'Signs'), ('Zsye', 'Emoji'),
                                               ('Cans', 'Canadian Aboriginal')])
def test_titles(script, title):
    assert title_of(script) == title

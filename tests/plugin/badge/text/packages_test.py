"""What installs the fonts of a script."""

import pytest

from indico_checkin_print.badge.text.packages import command_for, title_of


@pytest.mark.parametrize(('scripts', 'system', 'command'), [
    ({'Thaa', 'Arab'}, 'debian ', 'apt install fonts-noto-core'),
    ({'Hani', 'Zsye'}, 'ubuntu debian', 'apt install fonts-hanazono fonts-noto-color-emoji'),
    ({'Thaa', 'Arab'}, 'almalinux rhel centos fedora', "dnf install 'font(notosansarabic)' 'font(notosansthaana)'"),
    ({'Zsye', 'Zyyy', 'Tibt'}, 'fedora ',
     "dnf install 'font(notocoloremoji)' 'font(notosans)' 'font(notoseriftibetan)'"),
    ({'Deva'}, '', 'apt install fonts-noto-core')])
def test_commands(scripts, system, command):
    assert command_for(scripts, system) == command


@pytest.mark.parametrize(('script', 'title'), [('Deva', 'Devanagari'), ('Zyyy', 'Signs'), ('Zsye', 'Emoji'),
                                               ('Cans', 'Canadian Aboriginal')])
def test_titles(script, title):
    assert title_of(script) == title

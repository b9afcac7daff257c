"""The places of fonts, and what the font wheel alone can write."""

import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest
from fontTools.unicodedata import Scripts

from font_wheel.build import build
from font_wheel.lock import read
from indico_checkin_print.badge.losses import LossKind
from indico_checkin_print.badge.render import render
from indico_checkin_print.badge.text import chain, folders, fonts
from indico_checkin_print.badge.text.draw import scripts_without_font
from indico_checkin_print.badge.text.packages import NOT_IN_WHEEL
from indico_checkin_print.badge.text.runs import COMMON, EMOJI
from tests.fakes import debs
from tests.fakes.texts import SANS
from tests.plugin.conftest import text_item
from tests.stack.scripts import names


#: Not the names: what is no script of its own
NO_SCRIPTS = {'Zinh', 'Zyyy', 'Zzzz'}


def _forget():
    fonts._families.cache_clear()
    chain._fallback.cache_clear()


@pytest.fixture
def fresh():
    """No font is known yet, nor afterwards."""
    _forget()
    yield
    _forget()


@pytest.fixture(scope='module')
def unpacked(tmp_path_factory):
    """The font wheel, unpacked, made of the same fonts as this machine has them."""
    folder = tmp_path_factory.mktemp('wheel')
    made = [debs.make(folder, package.name, {font: (debs.INSTALLED / font).read_bytes() for font in package.fonts})
            for package in read()]
    with ZipFile(build(*zip(*made, strict=True), folder)) as wheel:
        wheel.extractall(folder / 'unpacked')
    return folder / 'unpacked'


@pytest.fixture
def bare(fresh, mocker):
    """The machine has no fonts."""
    mocker.patch.object(folders, 'MACHINE', ())


@pytest.fixture
def wheel(unpacked, monkeypatch):
    """The wheel is installed."""
    monkeypatch.syspath_prepend(unpacked)
    yield str(unpacked / 'indico_checkin_print_fonts')
    sys.modules.pop('indico_checkin_print_fonts', None)


def test_the_wheel_writes_all_names(bare, wheel, form, reg, create_template):
    """A badge with all names of the scenario `scripts`, on a machine without fonts."""
    text = ' '.join(f'{given} {family}' for __, given, family in names())
    assert scripts_without_font(text) == {}
    form.template = create_template('Text', items=[text_item('first_name', 50), text_item('last_name', 90, bold=True)])
    for script, given, family in names():
        reg.first_name, reg.last_name = given, family
        # with boxes it would be held
        assert LossKind.missing_glyphs not in {loss.kind for loss in render(reg, form).losses}, script


def test_without_it_such_names_have_boxes(bare):
    missing = scripts_without_font('Zoë王محمदी😀')
    assert missing == {'Arab': 'محم', 'Deva': 'दी', 'Zsye': '😀'}


def test_the_wheel_has_what_the_chain_names(bare, wheel):
    """Each script of which the distribution has a font is in the wheel, but those that take much room for few names."""
    there = {family for path in folders._paths(debs.INSTALLED) for file in fonts._read(path)
             if not file.italic for family in [file.family.casefold()]}
    scripts = [script for script in Scripts.NAMES if script not in NO_SCRIPTS] + [COMMON, EMOJI]
    lacking = {script for script in scripts
               if (first := next((f.casefold() for f in chain.chain_of(script) if f.casefold() in there), None))
               and first not in fonts.families()}
    assert lacking == {'Sgnw', 'Tang'}
    assert lacking <= NOT_IN_WHEEL


def test_the_wheel_goes_first(fresh, wheel):
    """The machine has the same family, and maybe with other letters in it."""
    for bold in (False, True):
        assert fonts.of_family('Noto Sans Arabic', bold=bold).file.path.startswith(wheel)
    families = fonts.families()
    assert all(file.path.startswith(wheel) for file in families['noto sans arabic'])
    assert all(file.path.startswith(str(debs.INSTALLED)) for file in families['noto sans arabic (2)'])
    # what only the machine has
    assert families['dejavu sans'][0].path.startswith('/usr/share/fonts')


def test_a_newer_font_of_the_machine_helps(fresh, tmp_path, mocker):
    """Its family is that of a font of a better place, which lacks the letter."""
    old = debs.INSTALLED / 'NotoSansThaana-Regular.ttf'
    better = tmp_path / 'A.ttf'
    better.write_bytes(Path(SANS).read_bytes())
    mocker.patch.object(folders, 'places', return_value=[[str(better)], [str(old)]])
    sans, read_file = fonts.at(SANS), fonts._read
    mocker.patch.object(fonts, '_read',
                        lambda path: [replace(file, family='Noto Sans Thaana') for file in read_file(path)])
    assert chain.choose('ހ', 'Thaa', sans).file.path == str(old)


def test_indico_goes_before_the_machine(fresh, tmp_path, mocker):
    (tmp_path / 'A.ttf').write_bytes(Path(SANS).read_bytes())
    mocker.patch.object(folders, 'MACHINE', (str(tmp_path),))
    families = fonts.families()
    assert [Path(file.path).name for file in families['liberation sans (2)']] == ['A.ttf']
    assert str(tmp_path) not in families['liberation sans'][0].path


def test_no_wheel():
    assert folders.wheel() is None


def test_always_in_one_order(tmp_path, mocker):
    for name in ('b.ttf', 'a.OTF', 'c.ttc', 'notes.txt'):
        (tmp_path / name).touch()
    mocker.patch.object(folders, 'MACHINE', (str(tmp_path), str(tmp_path / 'nowhere')))
    assert folders.places()[2] == [str(tmp_path / name) for name in ('a.OTF', 'b.ttf', 'c.ttc')]

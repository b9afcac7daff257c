"""What draws badges, as one fingerprint: other fonts and other software have another one."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from indico_checkin_print.badge import drawing_version as module
from indico_checkin_print.badge.text import fonts


@pytest.fixture
def version():
    """Return a function that takes it as a new process does."""
    yield lambda: module.drawing_version.__wrapped__()
    module.drawing_version.cache_clear()


def _one_font_less(mocker):
    families = dict(fonts.families())
    families.pop(next(iter(families)))
    mocker.patch.object(fonts, 'families', return_value=families)


def _another_file(mocker):
    mocker.patch.object(fonts, 'checksum', return_value='other')


def _a_bolder_one(mocker):
    families = {name: tuple(replace(file, weight=900) for file in files) for name, files in fonts.families().items()}
    mocker.patch.object(fonts, 'families', return_value=families)


def _another_plugin(mocker):
    installed = [*module.distributions(), SimpleNamespace(name='indico-plugin-placeholders', version='1.0')]
    mocker.patch.object(module, 'distributions', return_value=installed)


def _another_address(mocker):
    mocker.patch.object(module, 'config', SimpleNamespace(BASE_URL='https://other.example', DEFAULT_LOCALE='en_GB'))


def test_the_same_machine_draws_the_same(version):
    assert version() == version()


@pytest.mark.parametrize('change', [_one_font_less, _another_file, _a_bolder_one, _another_plugin, _another_address])
def test_another_one_does_not(version, mocker, change):
    before = version()
    change(mocker)
    assert version() != before


def test_a_font_elsewhere_is_the_same_font(version, mocker, tmp_path):
    before = version()
    families = {name: tuple(replace(file, path=f'{tmp_path}/x.ttf') for file in files)
                for name, files in fonts.families().items()}
    checksums = {name: [fonts.checksum(file) for file in files] for name, files in fonts.families().items()}
    mocker.patch.object(fonts, 'families', return_value=families)
    mocker.patch.object(fonts, 'checksum', side_effect=[x for values in checksums.values() for x in values])
    assert version() == before

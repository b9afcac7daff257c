"""What `pip install` gets: everything that the plugin and the agent need while they run, and nothing else."""

import configparser
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest


ROOT = Path(__file__).parents[2]
PACKAGES = ('indico_checkin_print', 'print_agent')


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp('wheel')
    subprocess.run([sys.executable, '-m', 'hatchling', 'build', '-t', 'wheel', '-d', folder], cwd=ROOT, check=True,
                   capture_output=True)
    path, = folder.glob('indico_plugin_checkin_print-*.whl')
    with ZipFile(path) as file:
        yield file


def test_every_file_of_both_packages_is_in_it_and_nothing_else(wheel):
    wanted = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob('*')
              if path.is_file() and path.parent.name != '__pycache__' and path.suffix not in {'.po', '.pot'}}
    # what a wrong look at the folder would not notice: one of each kind that is no module
    assert wanted >= {'indico_checkin_print/templates/_jobs.html', 'print_agent/py.typed'}
    assert {name for name in wheel.namelist() if '.dist-info/' not in name} == wanted


def test_it_has_the_licence_and_both_ways_in(wheel):
    info, = {name.partition('/')[0] for name in wheel.namelist() if '.dist-info/' in name}
    assert wheel.read(f'{info}/licenses/LICENSE').decode() == (ROOT / 'LICENSE').read_text()
    entries = configparser.ConfigParser()
    entries.read_string(wheel.read(f'{info}/entry_points.txt').decode())
    assert dict(entries['indico.plugins']) == {'checkin_print': 'indico_checkin_print.plugin:CheckinPrintPlugin'}
    assert dict(entries['console_scripts']) == {'print-agent': 'print_agent.__main__:main'}

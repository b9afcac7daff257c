"""``print-agent calibrate``: what it asks, and what it sends to the agent."""

import pytest
from click.testing import CliRunner

from print_agent.cli import calibrate as command
from print_agent.cli import main
from print_agent.errors import Declined
from print_agent.protocol import calibration
from print_agent.web.status import Badge


CODE = calibration.code('desk1', (96.0, 134.0))
SMALL = calibration.code('desk1', (62.0, 29.0))
SHEET = Badge(entry=1, job='calibrate-1', dispatch=1, printer='desk1', kind='test', name='', state='go', words='Next',
              reason='', detail='', received=0.0, ended=None, local=True, origin='', acknowledged=False,
              repeatable=False, gone=True)


@pytest.fixture
def asked(monkeypatch):
    """What the agent is asked, by path."""
    asked = {}

    def ask(_config, kind, path, body=None):
        asked[path] = body
        return SHEET if kind is Badge else {'found': '2 mm to the right'}

    monkeypatch.setattr(command.local_client, 'ask', ask)
    return asked


def run(tmp_path, *args, lines=()):
    return CliRunner().invoke(main.main, ['--config', str(tmp_path), 'calibrate', *args],
                              input=''.join(f'{line}\n' for line in lines))


def test_from_the_sheet_to_the_calibration(tmp_path, asked):
    done = run(tmp_path, 'desk1', lines=(CODE, 'c', '0,5', '', '-0.5', '2', '86'))
    assert done.exit_code == 0, done.output
    assert asked == {'api/calibration_sheet': {'printer': 'desk1'}, 'api/calibrate': {
        'printer': 'desk1', 'code': CODE, 'answers': {'up': 'C', 'a': 0.5, 'c': -0.5, 'd': 2.0, 'card': 86.0}}}
    assert 'desk1 is calibrated: 2 mm to the right.' in done.output
    assert 'long side of a bank card' in done.output


def test_what_is_no_code_and_no_number_is_asked_once_more(tmp_path, asked):
    done = run(tmp_path, 'desk1', '--no-sheet', lines=('nonsense', SMALL, 'A', 'two', '2', '', '', ''))
    assert done.exit_code == 0, done.output
    assert list(asked) == ['api/calibrate']
    assert asked['api/calibrate']['answers'] == {'up': 'A', 'a': 2.0}
    assert 'not the code' in done.output
    assert 'not a number' in done.output
    assert 'bank card' not in done.output  # the sheet is too small for one


def test_what_the_agent_refuses(tmp_path, monkeypatch):
    def ask(*_args):
        raise Declined('There is no printer "desk9" here.')

    monkeypatch.setattr(command.local_client, 'ask', ask)
    done = run(tmp_path, 'desk9')
    assert (done.exit_code, done.output) == (1, 'There is no printer "desk9" here.\n')


def test_forget(tmp_path, asked):
    done = run(tmp_path, 'desk1', '--forget')
    assert asked == {'api/forget_calibration': {'printer': 'desk1'}}
    assert 'never been calibrated' in done.output

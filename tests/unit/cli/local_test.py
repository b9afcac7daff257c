"""The commands that ask a running agent, against one that really runs."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from print_agent.cli import local, main
from print_agent.protocol.calibration import code
from print_agent.spool import lock
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import PDF, make_job
from tests.fakes.indico import pairing_file


SETTINGS = """
mode = 'poll'
[cups]
enabled = false
[[folder]]
name = 'desk1'
path = 'desk1'
[[folder]]
name = 'desk2'
path = 'desk2'
[spool]
path = 'state'
[page]
port = 0
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'agent.toml').write_text(SETTINGS)
    for name in ('desk1', 'desk2'):
        (tmp_path / name).mkdir()
    pairing_file(tmp_path / 'pairings', 'ws://127.0.0.1:9/ws')
    spool = Spool(tmp_path / 'state' / 'spool.sqlite3', keep=3600)
    for job, state in (('b1c7-printed', State.completed), ('b1c7-unknown', State.unknown)):
        spool.end(spool.store('test-1', make_job(job), PDF, state=State.go), state, 'x')
    spool.close()
    return tmp_path


@pytest.fixture
def running(folder):
    with (folder / 'log').open('wb') as log:
        process = subprocess.Popen([sys.executable, '-m', 'print_agent', '--config', str(folder), 'run'], stdout=log,
                                   stderr=log, cwd=Path(main.__file__).parents[2], env={**os.environ})
    deadline = time.monotonic() + 60
    while b'print-agent ' not in (folder / 'log').read_bytes():
        assert process.poll() is None, (folder / 'log').read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield folder
    process.terminate()
    process.wait(30)


def invoke(folder, *args):
    return CliRunner().invoke(main.main, ['--config', str(folder), *args])


def test_a_running_agent_obeys(running, monkeypatch):
    def ask(*args, code=0):
        done = invoke(running, *args)
        assert done.exit_code == code, done.output
        # names are for people: in the list of badges, and when one is printed again
        assert 'Zoë' not in done.output or (args[0] in ('status', 'reprint') and '--json' not in args)
        return done.output

    assert ask('pause', 'desk1') == 'desk1: Paused\n'
    assert ask('pause') == 'desk1: Paused\ndesk2: Paused\n'
    assert ask('resume', 'desk2') == 'desk2: Ready\n'
    shown = ask('status')
    assert 'Printer desk1: Paused.' in shown
    assert 'Nobody knows whether these came out: b1c7-unk.' in shown
    assert 'Paired with http://localhost: "Desk" for "Conference".' in shown
    shown = json.loads(ask('status', '--json'))
    assert (shown['running'], shown['all_paused'], shown['unknown']) == (True, False, ['b1c7-unknown'])
    assert [printer['paused'] for printer in shown['printers']] == [True, False]
    assert [each['id'] for each in shown['connections']] == ['test-1']

    assert 'A test page goes to desk1' in ask('test', 'desk1')
    assert 'badge of Zoë Ångström is printed again on desk2' in ask('reprint', 'b1c7-pr', '--printer', 'desk2')
    assert 'Test page' in ask('status')
    for args, words in ((('test', 'desk9'), 'There is no printer "desk9" here. Printers here: desk1, desk2.'),
                        (('pause', 'desk9'), 'There is no printer "desk9"'),
                        (('reprint', 'b1c7'), 'Several badges begin with "b1c7"'),
                        (('reprint', 'nope'), 'There is no badge "nope" here'),
                        (('reprint', 'b1c7-unknown'), 'Answer that first'),
                        (('reprint', 'b1'), 'too short'), (('reprint', ''), 'too short')):
        assert words in ask(*args, code=1)

    done = CliRunner().invoke(main.main, ['--config', str(running), 'calibrate', 'desk1', '--no-sheet'],
                              input='\n'.join((code('desk1', (96.0, 134.0)), 'C', '1', '', '', '', '', '')))
    assert 'desk1 is calibrated: turned by 180°, 1 mm down.' in done.output
    assert next(each['calibration'] for each in json.loads(ask('status', '--json'))['printers']
                if each['name'] == 'desk1') == 'turned by 180°, 1 mm down'
    assert 'A calibration sheet goes to' in CliRunner().invoke(
        main.main, ['--config', str(running), 'calibrate', 'desk1'], input=f'{code("desk1", (96.0, 134.0))}\n').output
    assert 'never been calibrated' in ask('calibrate', 'desk1', '--forget')

    (running / 'desk2').rename(running / 'away')
    deadline = time.monotonic() + 60
    while 'Printer desk2: Not printing.' not in ask('status'):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert 'But desk2: Not printing. The folder' in ask('test', 'desk2')

    opened = []
    monkeypatch.setattr(local.webbrowser, 'open', lambda url: bool(opened.append(url)))
    url = ask('page').strip()
    assert url.startswith('http://127.0.0.1:')
    assert '/enter?ticket=' in url
    assert 'No browser could be started' in ask('page', '--open')
    assert opened[0] not in ('', url)
    log = (running / 'log').read_text()
    assert 'ticket' not in log
    assert 'Zoë' not in log


@pytest.mark.parametrize('args', [('page',), ('test', 'desk1'), ('reprint', 'b1c7'), ('pause',), ('resume', 'desk1')])
def test_without_an_agent_it_says_so(folder, args):
    done = invoke(folder, *args)
    assert (done.exit_code, done.output) == (4, 'The print agent is not running. Start it with: print-agent run\n')


def test_what_a_killed_agent_left_behind_is_not_trusted(folder):
    (folder / 'state' / 'page.json').write_text('{"url": "http://127.0.0.1:9/", "token": "old"}')
    assert invoke(folder, 'pause').exit_code == 4


@pytest.mark.parametrize(('file', 'code', 'words'), [
    (None, 4, 'starting or stopping'),
    ('{"url": "http://127.0.0.1:9/", "token": "x"}', 4, 'does not answer'),
    ('nonsense', 1, 'cannot be understood'),
])
def test_an_agent_that_cannot_be_asked(folder, file, code, words):
    if file is not None:
        path = folder / 'state' / 'page.json'
        path.write_text(file)
        path.chmod(0o600)
    with lock.lock(folder / 'state'):
        done = invoke(folder, 'pause')
        assert (done.exit_code, words in done.output) == (code, True)
        if code == 4:
            assert 'The print agent is running.' in invoke(folder, 'status').output


def test_a_page_that_is_switched_off_says_how_to_switch_it_on(folder):
    (folder / 'agent.toml').write_text(SETTINGS.replace('port = 0', 'enabled = false'))
    with lock.lock(folder / 'state'):
        done = invoke(folder, 'page')
        assert done.exit_code == 4
        assert 'enabled = true' in done.output


def test_reprint_takes_what_status_shows(folder):
    """Status lists badges for people and reprint takes what it shows."""
    spool = Spool(folder / 'state' / 'spool.sqlite3', keep=3600)
    for job, state in (('b1c7e00a-1111', State.completed), ('b1c7e00a-2222', State.failed)):
        spool.end(spool.store('test-1', make_job(job, name=f'Ada {job[-1]}'), PDF, state=State.go), state, 'media-jam')
    spool.store('test-1', make_job('ffff0000-waits', name='Grace'), PDF, state=State.go)
    assert spool.last_printed().job == 'b1c7e00a-2222'
    spool.close()
    lines = invoke(folder, 'status').output.partition('prints one again:\n')[2].splitlines()
    assert [re.split(r'  +', line)[1:3] for line in lines] == [
        ['ffff0000', 'Next'], ['b1c7e00a-2', 'Failed'], ['b1c7e00a-1', 'Printed'], ['b1c7-unk', 'Unknown'],
        ['b1c7-pri', 'Printed']]
    assert all(re.match(r'\d\d:\d\d:\d\d  ', line) for line in lines)
    assert 'Ada 2' in lines[1]
    assert 'jammed' in lines[1]
    shown = invoke(folder, 'status', '--json').output
    assert 'Ada' not in shown
    assert [each['short'] for each in json.loads(shown)['jobs']][:2] == ['ffff0000', 'b1c7e00a-2']


def test_doctor_asks_the_running_agent(running):
    def findings():
        checks = json.loads(invoke(running, 'doctor', '--json').output)['checks']
        return {each['check']: each for each in checks if each['check'].startswith(('agent', 'questions'))}

    found = findings()
    assert (found['agent']['ok'], found['agent with desk1']['ok']) == (True, True)
    assert not found['agent to test-1']['ok']
    assert 'gets no badges for "Conference"' in found['agent to test-1']['text']
    assert 'b1c7-unk' in found['questions']['text']
    invoke(running, 'pause', 'desk1')
    assert 'print-agent resume desk1' in findings()['agent with desk1']['text']

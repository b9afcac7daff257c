"""The command line: sentences, exit codes, and an agent that starts and stops."""

import json
import re
import signal
import sys

import pytest

from print_agent import agent as agent_module
from print_agent.config import Config
from print_agent.connection import pairing
from print_agent.errors import CupsMissing
from print_agent.printing import cups_client
from print_agent.protocol import messages as p
from print_agent.protocol import signing
from print_agent.spool import lock
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import J1, J2, PDF, make_job
from tests.fakes.indico import FakeServer, pairing_file
from tests.fakes.program import FOLDERS_ONLY, Running, invoke


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    (tmp_path / 'out').mkdir()
    return tmp_path


def test_a_pairing_is_kept(folder, monkeypatch):
    async def pair(url, code, hostname, *, allow_http, network):
        assert (url, code, allow_http) == ('https://x.org', 'ABCD', False)
        return pairing.Pairing(id='x-1', url=url, token='icpa_secret', stream='wss://x', poll='https://x',
                               document='https://x', agent_id=1, agent_name='Desk', event_id=1,
                               event_title='Conference')

    monkeypatch.setattr(pairing, 'pair', pair)
    done = invoke(folder, 'pair', 'https://x.org', 'ABCD')
    assert done.exit_code == 0
    assert 'Paired as "Desk" with "Conference"' in done.output
    assert 'icpa_secret' not in done.output
    assert pairing.load_all(folder / 'pairings')[0].token == 'icpa_secret'


def test_no_code_is_used_up_for_a_pairing_that_cannot_be_kept(folder, monkeypatch):
    async def pair(*_args, **_kwargs):
        raise AssertionError('the code was sent')

    monkeypatch.setattr(pairing, 'pair', pair)
    (folder / 'pairings').touch()  # a file: not even root can make a folder of it
    done = invoke(folder, 'pair', 'https://x.org', 'ABCD')
    assert done.exit_code == 1
    assert 'cannot be written to' in done.output


def test_an_agent_that_runs_takes_a_new_pairing_over(folder, monkeypatch):
    async def pair(url, *_args, **_kwargs):
        return pairing.Pairing(id='x-1', url=url, token='t', stream='wss://x', poll='https://x', document='https://x',
                               agent_id=1, agent_name='Desk', event_id=1, event_title='Conference')

    monkeypatch.setattr(pairing, 'pair', pair)
    with lock.lock(folder / 'state'):
        assert 'takes it over within seconds' in invoke(folder, 'pair', 'https://x.org', 'ABCD').output
    assert 'print-agent run' in invoke(folder, 'pair', 'https://x.org', 'ABCD').output


def test_status_with_a_broken_spool_shows_the_rest(folder):
    pairing_file(folder / 'pairings', 'ws://localhost/ws')
    (folder / 'state').mkdir()
    (folder / 'state' / 'spool.sqlite3').write_bytes(b'garbage' * 1000)
    done = invoke(folder, 'status')
    assert done.exit_code == 1
    assert 'Paired with http://localhost' in done.output
    assert 'is damaged' in done.output
    assert 'print-agent doctor' in done.output


@pytest.mark.parametrize(('args', 'code', 'words'), [
    (['pair', 'http://indico.example.org', 'X'], 1, 'not encrypted'),
    (['run'], 1, 'not paired with an event'),
    (['status'], 0, 'not paired with an event'),
    (['pair'], 2, 'Missing argument'),
    (['fax'], 2, 'No such command'),
    (['status', '--limit', '0'], 2, 'limit'),
])
def test_mistakes_are_answered_in_words(folder, args, code, words):
    done = invoke(folder, *args)
    assert done.exit_code == code
    assert words in done.output
    assert 'Traceback' not in done.output


def test_a_wrong_setting_stops_every_command(folder):
    (folder / 'agent.toml').write_text("mode = 'fax'")
    done = invoke(folder, 'status')
    assert done.exit_code == 1
    assert '"mode" must be one of' in done.output


def test_printers_are_listed(folder):
    done = invoke(folder, 'printers')
    assert done.exit_code == 0
    assert re.search(r'^desk1 +idle +Folder$', done.output, re.MULTILINE)
    (printer,) = json.loads(invoke(folder, 'printers', '--json').output)
    assert (printer['name'], printer['state'], printer['reports']) == ('desk1', 'idle', False)
    (folder / 'out').rmdir()
    assert 'folder-not-writable: The folder for badges cannot be written to.' in invoke(folder, 'printers').output


def test_status_shows_pairings_and_jobs_but_no_secrets(folder):
    pairing_file(folder / 'pairings', 'ws://localhost/ws')
    spool = Spool(folder / 'state' / 'spool.sqlite3')
    spool.end(spool.store('a', make_job(), PDF, state=State.go), State.failed, 'media-jam', 'Jam.')
    spool.close()
    done = invoke(folder, 'status')
    assert done.exit_code == 0
    assert 'not running' in done.output
    assert 'Jam.' in done.output
    shown = json.loads(invoke(folder, 'status', '--json').output)
    assert shown['running'] is False
    assert shown['jobs'][0]['state'] == 'failed'
    assert shown['pairings'] == [{'id': 'test-1', 'url': 'http://localhost', 'agent': 'Desk', 'event': 'Conference'}]
    assert 'icpa_' not in done.output + json.dumps(shown)


def test_two_agents_cannot_share_a_spool(folder):
    pairing_file(folder / 'pairings', 'ws://localhost/ws')
    with lock.lock(folder / 'state'):
        done = invoke(folder, 'run')
        assert done.exit_code == 3
        assert 'Another print agent' in done.output
        assert 'is running' in invoke(folder, 'status').output


def test_without_pycups_it_says_how_to_get_it(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, 'cups', None)
    with pytest.raises(CupsMissing, match='pip install'):
        cups_client.CupsClient()
    (folder / 'agent.toml').write_text('')
    done = invoke(folder, 'printers')
    assert done.exit_code == 1
    assert 'pip install' in done.output
    # with folders there is still something to do
    assert len(agent_module.backends(Config(folder=folder, folders={'x': folder}))) == 1


async def test_an_agent_prints_and_stops_gracefully(folder):
    async with FakeServer() as server:
        pairing_file(folder / 'pairings', server.url)
        with Running(folder, PRINT_AGENT_TRACE=str(folder / 'trace')) as agent:
            await server.until(lambda: server.now, 30)
            await server.send(make_job(J1, go=True), PDF)
            await server.until(lambda: server.said(p.Sent))
            assert [path.read_bytes() for path in (folder / 'out').iterdir()] == [PDF]
            await server.send(make_job(J2), PDF)
            await server.until(lambda: len(server.said(p.Accepted)) == 2)
            agent.process.send_signal(signal.SIGTERM)
            await server.until(lambda: server.said(p.Drain) and server.said(p.Returned))
            assert server.said(p.Returned)[0].job == J2
            assert agent.process.wait(20) == 0
    assert 'Desk' in agent.said
    assert 'printer desk1' in agent.said
    assert f'job {J1}.1 desk1: sent' in agent.said
    assert 'Zoë' not in agent.said
    assert 'icpa_' not in agent.said
    assert (folder / 'trace').read_text().count('\n') >= 9


async def test_a_receiver_is_closed_gracefully(folder):
    """The web server of the receiver must not take the signals away from the agent."""
    secret = folder / 'desk1.secret'
    secret.write_text(signing.new_secret())
    secret.chmod(0o600)
    (folder / 'agent.toml').write_text(FOLDERS_ONLY + """
        [receiver]
        port = 0
        [[receiver.endpoint]]
        printer = 'desk1'
        secret_file = 'desk1.secret'
    """)
    async with FakeServer() as server:
        pairing_file(folder / 'pairings', server.url)
        with Running(folder) as agent:
            await server.until(lambda: server.now and 'receiver listens' in agent.said, 30)
            agent.process.send_signal(signal.SIGTERM)
            await server.until(lambda: server.said(p.Drain))
            assert agent.process.wait(20) == 0


async def test_a_killed_agent_returns_what_it_did_not_print(folder):
    (folder / 'out').rmdir()
    async with FakeServer() as server:
        pairing_file(folder / 'pairings', server.url)
        with Running(folder) as agent:
            await server.until(lambda: server.now, 30)
            await server.send(make_job(J1, go=True), PDF)
            await server.until(lambda: server.said(p.Accepted))
            agent.process.kill()
            agent.process.wait()
        (folder / 'out').mkdir()
        with Running(folder):
            await server.until(lambda: server.said(p.Returned), 30)
        assert server.hellos[1].holding == (p.Held(job=J1, dispatch=1, state='returned'),)
        assert server.said(p.Returned)[0].reason == 'restarted'
        assert list((folder / 'out').iterdir()) == []


async def test_a_second_signal_ends_at_once(folder):
    server = FakeServer()
    server.auto_ack = False
    async with server:
        pairing_file(folder / 'pairings', server.url)
        with Running(folder) as agent:
            await server.until(lambda: server.now, 30)
            await server.send(make_job(J1, go=True), PDF)
            await server.until(lambda: server.said(p.Sent))
            agent.process.send_signal(signal.SIGTERM)  # waits for an acknowledgement that does not come
            await server.until(lambda: server.said(p.Drain))
            agent.process.send_signal(signal.SIGTERM)
            assert agent.process.wait(20) in {0, 128 + signal.SIGTERM}


def test_a_silent_cups_is_not_without_printers(folder):
    """A CUPS that does not answer is not taken for no printers."""
    (folder / 'agent.toml').write_text("[cups]\nserver = '127.0.0.1:9'")
    done = invoke(folder, 'printers')
    assert done.exit_code == 1
    assert 'The print service (CUPS)' in done.output
    assert 'No printers' not in done.output


def test_no_line_of_the_help_is_cut_off(folder):
    lines = invoke(folder, '--help').output.splitlines()
    assert len(lines) > 15
    assert [line for line in lines[1:] if line.endswith('...')] == []

"""The doctor: each thing that can be wrong is named with what to do, and nothing is changed."""

import asyncio
import email.utils
import json
import shutil
import sys
import time
from dataclasses import replace

import pytest

from print_agent import config
from print_agent.cli import doctor
from print_agent.spool import lock
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.fakes.badges import PDF, make_job
from tests.fakes.indico import TOKEN, FakeServer, pairing_file
from tests.fakes.program import FOLDERS_ONLY, invoke


# -- looking ----------------------------------------------------------------------------------------------------------

class Site:
    """What a web server says to a question about a document, over a real socket."""

    def __init__(self):
        self.status = '404 Not Found'
        self.body = {'error': 'not_found', 'message': 'x'}
        self.date = None
        self.asked = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._answer, '127.0.0.1', 0)
        self.url = f'http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}'
        return self

    async def __aexit__(self, *_):
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader, writer):
        self.asked.append((await reader.readuntil(b'\r\n\r\n')).decode())
        body = json.dumps(self.body).encode()
        date = email.utils.formatdate(time.time() if self.date is None else self.date, usegmt=True)
        writer.write(f'HTTP/1.1 {self.status}\r\nDate: {date}\r\nContent-Length: {len(body)}\r\n'
                     f'Connection: close\r\n\r\n'.encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def site():
    async with Site() as site:
        yield site


@pytest.fixture
async def server():
    async with FakeServer() as server:
        yield server


@pytest.fixture
def folder(tmp_path, site, server):
    """A computer on which everything is fine."""
    (tmp_path / 'agent.toml').write_text(FOLDERS_ONLY)
    (tmp_path / 'out').mkdir()
    path = pairing_file(tmp_path / 'pairings', server.url)
    path.write_text(json.dumps({**json.loads(path.read_text()), 'document': site.url + '/document', 'url': site.url}))
    (tmp_path / 'pairings').chmod(0o700)
    spool = Spool(tmp_path / 'state' / 'spool.sqlite3')
    spool.store('a', make_job(), PDF, state=State.waiting)
    spool.close()
    return tmp_path


async def look(folder, *, running=True):
    loaded = config.load(folder)
    if not running:
        return await doctor.examine(loaded)
    with lock.lock(loaded.spool):
        # what holds the lock is no agent that could be asked
        return await doctor.examine(replace(loaded, page=False))


def wrongs(found):
    return [finding.text for finding in found if not finding.ok]


async def test_a_healthy_computer(folder, site, server):
    found = await look(folder)
    assert wrongs(found) == []
    texts = {finding.check: finding.text for finding in found}
    assert set(texts) == {'pairings', 'token test-1', 'agent', 'spool', 'disk', 'printer desk1', 'Indico test-1',
                         'clock', 'websocket test-1'}
    assert texts['spool'] == 'healthy; 1 badge waits'
    # it knocks, but does not speak for the agent
    assert server.connections == 1
    assert server.hellos == []
    assert server.polls == []
    assert site.asked[0].startswith('GET /document/00000000-0000-0000-0000-000000000000/0 ')
    assert TOKEN not in json.dumps([finding.text for finding in found])


async def test_an_agent_that_does_not_run(folder):
    (text,) = wrongs(await look(folder, running=False))
    assert 'print-agent service install' in text


async def test_secrets_that_others_can_read(folder):
    (folder / 'pairings' / 'test-1.json').chmod(0o644)
    (folder / 'pairings').chmod(0o755)
    one, two = wrongs(await look(folder))
    assert one == f'{folder}/pairings is open to other users of this computer. Run: chmod 700 {folder}/pairings'
    assert two.endswith(f'Run: chmod 600 {folder}/pairings/test-1.json')


async def test_a_pairing_that_makes_no_sense(folder):
    (folder / 'pairings' / 'test-1.json').write_text('{}')
    assert any('pair again' in text for text in wrongs(await look(folder)))


async def test_no_pairing(folder):
    (folder / 'pairings' / 'test-1.json').unlink()
    assert any('print-agent pair URL CODE' in text for text in wrongs(await look(folder)))


@pytest.mark.parametrize(('status', 'body', 'words'), [
    ('401 Unauthorized', {'error': 'unknown_token'}, 'pair again'), ('404 Not Found', [], 'no check-in print plugin'),
    ('302 Found', {}, 'login page'), ('503 Service Unavailable', None, 'HTTP 503')])
async def test_indico_that_answers_oddly(folder, site, status, body, words):
    site.status, site.body = status, body
    (text,) = wrongs(await look(folder))
    assert words in text


async def test_indico_that_does_not_answer(folder, site, server):
    await site.__aexit__()
    (text,) = wrongs(await look(folder))
    assert 'does not answer' in text
    site._server = await asyncio.start_server(site._answer, '127.0.0.1', 0)


async def test_polling_that_does_not_work_is_no_comfort(folder, site, server):
    site.status = '502 Bad Gateway'
    server.refuse_upgrade = 502
    polling, websocket = wrongs(await look(folder))
    assert 'HTTP 502' in polling
    assert 'by polling' not in websocket


async def test_a_login_page_of_the_house(folder, site):
    site.status = '302 Found\r\nLocation: http://login.example.org/'
    path = next((folder / 'pairings').iterdir())
    path.write_text(json.dumps({**json.loads(path.read_text()), 'stream': site.url.replace('http', 'ws')}))
    polling, websocket = wrongs(await look(folder))
    assert 'login page' in polling
    assert 'no websocket' in websocket.lower()


async def test_a_wrong_clock(folder, site):
    site.date = time.time() - 3 * 3600
    (text,) = wrongs(await look(folder))
    assert "180 minutes ahead of Indico's" in text


@pytest.mark.parametrize(('mode', 'status', 'ok'), [
    ('auto', 404, True), ('stream', 404, False), ('poll', 404, True), ('auto', 401, False)])
async def test_a_websocket_that_is_not_let_in(folder, server, mode, status, ok):
    server.refuse_upgrade = status
    (folder / 'agent.toml').write_text(f"mode = '{mode}'\n" + FOLDERS_ONLY)
    found = await look(folder)
    assert (wrongs(found) == []) == ok
    said = [finding.text for finding in found if finding.check == 'websocket test-1']
    assert bool(said) == (mode != 'poll')
    if mode == 'auto' and ok:
        assert 'badges come by polling' in said[0]


async def test_a_folder_that_is_not_there(folder):
    (folder / 'out').rmdir()
    (text,) = wrongs(await look(folder))
    assert f'mkdir -p {folder}/out' in text


async def test_what_cannot_even_be_looked_at(folder):
    odd = 'x' * 300  # an error of another kind than "not there", also for root
    (folder / 'agent.toml').write_text(FOLDERS_ONLY.replace("'out'", f"'{odd}'").replace("'state'", f"'{odd}'"))
    shutil.rmtree(folder / 'pairings')
    (folder / 'pairings').touch()
    found = (await asyncio.to_thread(invoke, folder, 'doctor')).output
    assert found.count('WRONG') == 3
    assert all(words in found for words in ('pairings cannot be read', f'{odd} cannot be used', f'mkdir -p {folder}/x'))


async def test_broken_spools(folder):
    path = folder / 'state' / 'spool.sqlite3'
    path.write_bytes(b'garbage' * 1000)
    path.with_name(path.name + '.corrupt-20261121T090000').write_bytes(b'')
    one, two = wrongs(await look(folder))
    assert 'Restart the print agent' in one
    assert 'then delete' in two
    assert path.read_bytes() == b'garbage' * 1000  # it only looks


async def test_the_command(folder):
    done = await asyncio.to_thread(invoke, folder, 'doctor')
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert all(line.startswith(('OK    ', 'WRONG ')) for line in lines[:-2])
    assert lines[-1].endswith('found.')
    found = json.loads((await asyncio.to_thread(invoke, folder, 'doctor', '--json')).output)
    assert found['ok'] is False
    assert {'check', 'ok', 'text'} == set(found['checks'][0])


async def test_without_pycups(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, 'cups', None)
    (folder / 'agent.toml').write_text("[spool]\npath = 'state'")
    assert 'pip install' in (await asyncio.to_thread(invoke, folder, 'doctor')).output


async def test_an_agent_that_cannot_be_asked(folder):
    loaded = config.load(folder)
    with lock.lock(loaded.spool):
        (text,) = wrongs(await doctor.examine(loaded))
    assert text.startswith('It runs, but its state cannot be read.')

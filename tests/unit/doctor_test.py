"""The doctor: each thing that can be wrong is told with what to do, and looking harms nothing."""

import asyncio
import email.utils
import json
import shutil
import sys
import time
from dataclasses import replace

import pytest
from tests.fakes.badges import PDF, make_job
from tests.fakes.indico import TOKEN, FakeServer, pairing_file
from tests.fakes.program import FOLDERS_ONLY, invoke

from print_agent import config
from print_agent.cli import doctor
from print_agent.spool import lock
from print_agent.protocol import reasons
from print_agent.cli import doctor_checks as checks
from print_agent.printing.ipp import PrinterView
from print_agent.printing.layout import Layout
from print_agent.spool.job import State
from print_agent.web.status import PrinterStatus, Snapshot
from print_agent.spool.store import Spool


NOW = 1_800_000_000.0


# -- judgements -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(('mode', 'owner', 'me', 'folder', 'words'), [
    (0o600, 1, 1, False, None), (0o700, 1, 1, True, None), (0o600, 1, 0, False, None),
    (0o640, 1, 1, False, 'chmod 600 /x'), (0o604, 1, 1, False, 'chmod 600 /x'), (0o755, 1, 1, True, 'chmod 700 /x'),
    (0o600, 1, 2, False, 'belongs to another user')])
def test_permissions(mode, owner, me, folder, words):
    found = checks.permissions('token', '/x', 0o100000 | mode, owner, me, folder=folder)
    assert found.ok == (words is None)
    assert (words or '') in found.text


@pytest.mark.parametrize(('free', 'ok'), [(checks.MIN_FREE_DISK, True), (checks.MIN_FREE_DISK - 1, False), (0, False)])
def test_disk(free, ok):
    assert checks.disk(free).ok == ok


@pytest.mark.parametrize(('off', 'words'), [
    (0, None), (0.9, None), (59, None), (-60, None), (-63, 'seconds behind'), (3600, '60 minutes ahead of'),
    (-3600, '60 minutes behind'), (90, 'seconds ahead of')])
def test_clock(off, words):
    found = checks.clock('clock', email.utils.formatdate(NOW, usegmt=True), NOW + off, NOW + off + 0.2)
    assert found.ok == (words is None)
    if words:
        assert words in found.text
        assert 'timedatectl' in found.text


def test_a_slow_answer_is_no_wrong_clock():
    assert checks.clock('clock', email.utils.formatdate(NOW + 70, usegmt=True), NOW, NOW + 140).ok
    assert checks.clock('clock', 'half past nine', NOW, NOW).ok


GOOD = {'printer-state': 3, 'printer-is-accepting-jobs': True, 'device-uri': 'ipp://10.0.0.9/ipp/print?waitjob=false',
        'printer-make-and-model': 'Badge 2000 - IPP Everywhere', 'media-supported': ['iso_a6_105x148mm'],
        'printer-error-policy': 'retry-job'}
WELL = PrinterView(state=3, media=('oe_badge_96x134mm',))


@pytest.mark.parametrize(('attrs', 'printer', 'words'), [
    ({}, WELL, None),
    ({'device-uri': 'usb://Badge/2000', 'media-supported': []}, None, None),
    ({'printer-is-accepting-jobs': False}, WELL, 'cupsaccept desk1'),
    ({'printer-state': 5}, WELL, 'cupsenable desk1'),
    ({'device-uri': 'ipp://10.0.0.9/ipp/print'}, WELL, 'lpadmin -p desk1 -v "ipp://10.0.0.9/ipp/print?waitjob=false"'),
    ({'printer-make-and-model': 'Local Raw Printer'}, WELL, '-m everywhere'),
    ({'media-supported': []}, WELL, 'no label or paper size'),
    ({'printer-error-policy': 'stop-printer'}, WELL, 'printer-error-policy=retry-job'),
    ({}, 'printer_unreachable', 'Check that it is switched on'),
    ({}, 'printer_unreadable', None),
    ({}, 'printer_login', '[printers.desk1] login_file'),
    ({'device-uri': 'ipp://10.0.0.9/ipp/print'}, 'printer_login', '"ipp://USER:PASSWORD@10.0.0.9/ipp/print?waitjob'),
    ({}, 'printer_frozen', reasons.sentence('printer_frozen')),
    ({}, PrinterView(state=5, reasons=('media-empty-error',)), reasons.sentence('media-empty')),
    ({}, PrinterView(state=3, reasons=('cover-open-error',)), reasons.sentence('cover-open')),
    ({}, PrinterView(state=3, accepting=False), reasons.sentence('printer_rejecting'))])
def test_queues(attrs, printer, words):
    found = checks.queue('desk1', {**GOOD, **attrs}, printer)
    assert all(finding.check == 'printer desk1' for finding in found)
    if words is None:
        assert [finding.ok for finding in found] == [True]
    else:
        assert not any(finding.ok for finding in found)
        assert any(words in finding.text for finding in found)


@pytest.mark.parametrize(('way', 'words'), [
    ('name', 'says when a badge is done'), ('new', 'only one that prints there as this user'),
    ('none', 'badges are "sent"'), (None, 'run this again')])
def test_how_badges_are_known_at_a_printer(way, words):
    (finding,) = checks.queue('desk1', GOOD, WELL, way=way)
    assert finding.ok
    assert words in finding.text


@pytest.mark.parametrize(('attrs', 'words'), [
    ({}, None), ({'printer-is-accepting-jobs': False}, 'Run on print.example: sudo cupsaccept desk1'),
    ({'printer-state': 5}, 'Run on print.example: sudo cupsenable desk1'),
    # what is behind it cannot be judged from here
    ({'printer-make-and-model': 'Local Raw Printer', 'media-supported': []}, None)])
def test_queues_of_another_computer(attrs, words):
    (finding,) = checks.remote_queue('desk1', {**GOOD, **attrs}, 'print.example', Layout())
    assert finding.ok == (words is None)
    assert (words or 'badges are "sent"') in finding.text


@pytest.mark.parametrize(('status', 'code', 'words'), [
    (404, 'not_found', None), (401, 'unknown_token', 'pair again'), (404, '', 'no check-in print plugin'),
    (407, '', 'proxy wants a login'), (429, 'too_often', 'Too many unknown tokens'),
    (500, '', 'has a problem (HTTP 500)'), (200, '', 'not Indico'),
    (302, '', 'login page')])
def test_polling(status, code, words):
    found = checks.polling('Indico', status, code)
    assert found.ok == (words is None)
    assert (words or '') in found.text


@pytest.mark.parametrize(('problem', 'mode', 'rejected', 'ok'), [
    ('', 'auto', False, True), ('', 'stream', False, True), ('closed', 'auto', False, True),
    ('closed', 'stream', False, False), ('revoked', 'auto', True, False)])
def test_websocket(problem, mode, rejected, ok):
    found = checks.websocket('websocket', problem, mode, rejected=rejected)
    assert found.ok == ok
    assert problem in found.text.lower()


def test_certificate():
    assert checks.certificate('TLS', 'Jan 20 08:00:00 2027 GMT', NOW - 30 * 86400).ok
    found = checks.certificate('TLS', 'Jan 20 08:00:00 2027 GMT', NOW)
    assert not found.ok
    assert '2027-01-20' in found.text


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
    told = {finding.check: finding.text for finding in found}
    assert set(told) == {'pairings', 'token test-1', 'agent', 'spool', 'disk', 'printer desk1', 'Indico test-1',
                         'clock', 'websocket test-1'}
    assert told['spool'] == 'healthy; 1 badge waits'
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
    told = (await asyncio.to_thread(invoke, folder, 'doctor')).output
    assert told.count('WRONG') == 3
    assert all(words in told for words in ('pairings cannot be read', f'{odd} cannot be used', f'mkdir -p {folder}/x'))


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
    told = json.loads((await asyncio.to_thread(invoke, folder, 'doctor', '--json')).output)
    assert told['ok'] is False
    assert {'check', 'ok', 'text'} == set(told['checks'][0])


async def test_without_pycups(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, 'cups', None)
    (folder / 'agent.toml').write_text("[spool]\npath = 'state'")
    assert 'pip install' in (await asyncio.to_thread(invoke, folder, 'doctor')).output


@pytest.mark.parametrize(('reason', 'ok'), [
    ('media-empty', False), ('media-empty-error', False), ('cover-open', False), ('media-low-warning', True),
    ('media-empty-warning', True), ('none', True)])
def test_what_stops_a_printer_is_wrong_with_or_without_a_severity(reason, ok):
    found = checks.queue('desk1', GOOD, PrinterView(state=3, media=('x',), reasons=(reason,)))[0]
    assert found.ok == ok
    # what the printer warns of is said, although badges come out
    assert reason == 'none' or reasons.sentence(reasons.first([reason], '')) in found.text


@pytest.mark.parametrize(('printer', 'words'), [
    ({}, None), ({'paused': True, 'level': 'paused'}, 'print-agent resume desk1'),
    ({'reasons': ('media-empty',), 'level': 'warn', 'sentences': ('Out of labels.',), 'depth': 3}, 'labels. Badges'),
    ({'reasons': ('media-low',), 'level': 'warn'}, None),
    ({'reasons': ('rejected',), 'level': 'bad', 'words': 'Not printing'}, 'Not printing.')])
def test_what_the_running_agent_thinks_of_a_printer(printer, words):
    seen = PrinterStatus(**{'name': 'desk1', 'state': 'idle', 'level': 'ok', 'words': 'Ready', 'reasons': (),
                            'sentences': (), 'paused': False, 'model': '', 'reports': True, 'depth': 0, **printer})
    (__, found) = checks.agent(Snapshot(version='1', started=0.0, stopping=False, all_paused=False, printers=(seen,),
                                        questions=(), queue=(), queued=0, latest=(), connections=(), history=()))
    assert found.ok == (words is None)
    assert (words or '') in found.text


async def test_an_agent_that_cannot_be_asked(folder):
    loaded = config.load(folder)
    with lock.lock(loaded.spool):
        (text,) = wrongs(await doctor.examine(loaded))
    assert text.startswith('It runs, but its state cannot be read.')

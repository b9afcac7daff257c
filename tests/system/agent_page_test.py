"""The agent's local page in Chromium: an agent of its own, with folders as printers and no Indico that answers."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from print_agent.protocol import messages as p
from print_agent.spool.job import State
from print_agent.spool.store import Spool

from tests.stack.agent import COMMAND
from tests.stack.papers import read
from tests.stack.pictures import save_sheet
from tests.stack.process import Service, accepts, free_port
from tests.system.conftest import EXPECT_TIMEOUT, PICTURES, makes_a_picture


PEOPLE = ('Ada Lovelace', 'Grace Hopper', 'Zoë Ångström', 'Chien-Shiung Wu', 'Emmy Noether')


class LocalAgent:
    """An agent with two folders to print into, and a spool in which something happened already."""

    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        for name in ('desk1', 'desk2', 'pairings'):
            (folder / name).mkdir()
        (folder / 'agent.toml').write_text(f"""
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
            path = 'spool'
            [page]
            port = {self.port}
        """)
        nobody = f'http://127.0.0.1:{free_port()}'
        pairing = folder / 'pairings' / 'test-1.json'
        pairing.write_text(json.dumps({
            'id': 'test-1', 'url': nobody, 'token': 'icpa_test', 'stream': nobody, 'poll': nobody, 'document': nobody,
            'agent_id': 1, 'agent_name': 'Desk laptop', 'event_id': 1, 'event_title': 'Conference 2026'}))
        pairing.chmod(0o600)
        self.fill()
        self.service = Service('agent-page', [COMMAND, '--config', folder, 'run'], folder,
                               env={'INDICO_CONFIG': None}, ready=lambda: (folder / 'spool' / 'page.json').exists())

    def fill(self):
        spool = Spool(self.folder / 'spool' / 'spool.sqlite3', keep=3600)
        ends = [(State.sent, ''), (State.completed, ''), (State.returned, 'media-empty'), (State.failed, 'media-jam'),
                (State.unknown, 'printer_lost_job')]
        for number, (name, (state, reason)) in enumerate(zip(PEOPLE, ends, strict=True)):
            document = (Path(__file__).parents[2] / 'docs' / 'agent.md').read_bytes()  # any bytes do in a folder
            job = p.Job(job=f'b1c7e0{number}a-77d2', dispatch=1, printer='desk1', title='t', name=name, kind='badge',
                        width_mm=96, height_mm=134, length=len(document), sha256='0' * 64, expires_in=1800, go=True)
            entry = spool.store('test-1', job, document, state=State.go)
            ended = spool.end(entry, state, reason)
            if state is not State.returned:
                spool.ack(ended)
        spool.close()

    def command(self, *args, code=0):
        done = subprocess.run([COMMAND, '--config', self.folder, *args], capture_output=True, text=True, check=False,
                              timeout=60)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def job(self, number):
        """The job of one of the people, as the spool has it."""
        spool = Spool(self.folder / 'spool' / 'spool.sqlite3')
        try:
            return spool.find('test-1', f'b1c7e0{number}a-77d2')
        finally:
            spool.close()


@pytest.fixture
def agent(tmp_path):
    agent = LocalAgent(tmp_path)
    agent.service.start()
    yield agent
    agent.service.stop()


@pytest.fixture
def page(agent, chromium):
    """The page as the command opens it. Fails if the browser complains about a script, a style or the policy."""
    context = chromium.new_context(viewport={'width': 1180, 'height': 900}, locale='en-GB')
    context.set_default_timeout(EXPECT_TIMEOUT)
    page = context.new_page()
    complaints = []
    page.on('pageerror', lambda error: complaints.append(str(error)))
    page.on('console', lambda message: complaints.append(message.text) if message.type == 'error' else None)
    page.goto(agent.command('page').strip())
    expect(printer(page, 'desk1')).to_be_visible()
    yield page
    # that an agent is away is said by the browser as well
    assert not [text for text in complaints if 'ERR_CONNECTION_REFUSED' not in text]
    context.close()


def printer(page, name):
    return page.locator('#printer-list > li').filter(has=page.get_by_role('heading', name=name, exact=True))


def row(page, title):
    """The latest badge with this title."""
    return page.locator('#latest-list > li').filter(has_text=title).first


def tab_to(page, name):
    """Go by keyboard to the button of this name, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press('Tab')
        if page.evaluate('document.activeElement.getAttribute("aria-label") || document.activeElement.textContent'
                         ) == name:
            return
    raise AssertionError(f'"{name}" cannot be reached by keyboard')


def test_a_tech_pauses_tests_and_answers_by_keyboard(agent, page):
    assert page.url == f'http://127.0.0.1:{agent.port}/'
    expect(printer(page, 'desk1')).to_contain_text('Ready')
    # pause: by keyboard, and the keyboard stays where it is
    tab_to(page, 'Pause desk1')
    page.keyboard.press('Enter')
    expect(printer(page, 'desk1')).to_contain_text('Paused')
    expect(page.locator('#said')).to_contain_text('desk1 is paused')
    expect(page.get_by_role('button', name='Resume desk1')).to_be_focused()
    assert 'desk1' in json.loads(agent.command('status', '--json'))['printers'][0]['name']
    # a test page comes out although the printer is paused
    tab_to(page, 'Test page on desk1')
    page.keyboard.press('Space')
    expect(row(page, 'Test page')).to_contain_text('Sent to the printer')
    (paper,) = (agent.folder / 'desk1').glob('*.pdf')
    assert paper.read_bytes().startswith(b'%PDF-')
    # the question: answered by keyboard, and the keyboard is not lost when it disappears
    question = page.get_by_role('heading', name='Did the badge for Emmy Noether come out?')
    expect(question).to_be_visible()
    page.evaluate('document.activeElement.blur()')
    tab_to(page, 'Yes, it came out: Emmy Noether')
    page.keyboard.press('Enter')
    expect(question).to_be_hidden()
    expect(page.get_by_role('heading', name='Printers', exact=True)).to_be_focused()
    expect(row(page, 'Emmy Noether')).to_contain_text('Printed')
    expect(row(page, 'Emmy Noether')).to_contain_text('Indico does not know yet')
    assert (agent.job(4).state, agent.job(4).acked) == (State.completed, False)


def test_a_reprint_is_known_to_nobody_else(agent, page):
    before = agent.job(0)
    row(page, 'Ada Lovelace').get_by_role('button').click()
    expect(row(page, 'Ada Lovelace')).to_contain_text('once more')
    assert len(list((agent.folder / 'desk1').glob('*.pdf'))) == 1
    assert agent.job(0) == before
    expect(row(page, 'Zoë Ångström').get_by_role('button')).to_be_hidden()  # returned: it comes out elsewhere


def test_the_log_has_ids_and_no_names(agent, page):
    with page.expect_download() as download:
        page.get_by_role('link', name='Download the log').click()
    text = Path(download.value.path()).read_text()
    assert 'b1c7e00a-77d2.1 desk1: sent' in text
    assert not [name for name in PEOPLE if name in text]


def test_the_page_lives_through_a_restart(agent, page):
    agent.service.stop()
    expect(page.get_by_role('alert')).to_contain_text('does not answer')
    agent.service.start()
    expect(page.get_by_role('alert')).to_be_hidden()
    expect(printer(page, 'desk1')).to_contain_text('Ready')


def test_a_browser_without_a_ticket_sees_nothing(agent, chromium):
    context = chromium.new_context()
    other = context.new_page()
    other.goto(f'http://127.0.0.1:{agent.port}/')
    expect(other.get_by_text('print-agent page --open')).to_be_visible()
    assert 'Ada' not in other.content()
    # a ticket is good once
    url = agent.command('page').strip()
    other.goto(url)
    expect(other.get_by_role('heading', name='Printers', exact=True)).to_be_visible()
    third = chromium.new_context().new_page()
    third.goto(url)
    expect(third.get_by_text('print-agent page --open')).to_be_visible()
    context.close()


def test_another_site_in_the_same_browser(agent, page, tmp_path):
    """The same browser, with our cookie in it, and a page from elsewhere."""
    port = free_port()
    evil = Service('evil', ['python3', '-m', 'http.server', str(port), '--bind', '127.0.0.1', '--directory',
                            agent.folder / 'desk1'], tmp_path, ready=lambda: accepts(port))
    evil.start()
    try:
        other = page.context.new_page()
        # another port is another origin, but the same site for a cookie: the guard alone must do it
        other.goto(f'http://127.0.0.1:{port}/')
        outcome = other.evaluate("""async ([base]) => {
            const tries = {};
            for (const [name, path, options] of [
                ['read', '/api/status', {credentials: 'include'}],
                ['blind', '/api/pause', {method: 'POST', credentials: 'include', mode: 'no-cors', body: '{}'}],
                ['json', '/api/pause', {method: 'POST', credentials: 'include', body: '{}',
                                        headers: {'Content-Type': 'application/json'}}]]) {
                try { tries[name] = (await fetch(base + path, options)).type; } catch { tries[name] = 'refused'; }
            }
            return tries;
        }""", [f'http://127.0.0.1:{agent.port}'])
        assert outcome == {'read': 'refused', 'blind': 'refused', 'json': 'refused'}
        expect(printer(page, 'desk1')).to_contain_text('Ready')
        assert json.loads(agent.command('status', '--json'))['all_paused'] is False
    finally:
        evil.stop()


def test_a_tech_calibrates_a_printer(agent, page, keep):
    """By keyboard: print the sheet, say what is seen on it, see what was found."""
    tab_to(page, 'Calibrate desk1')
    page.keyboard.press('Enter')
    dialog = page.get_by_role('dialog', name='Calibrate desk1')
    dialog.get_by_role('button', name='Print the calibration sheet').click()
    expect(row(page, 'Test page')).to_contain_text('Sent to the printer')
    (sheet,) = (agent.folder / 'desk1').glob('*.pdf')
    code = re.search(r'\b[2-9A-Z]{5}-[2-9A-Z]{2}\b', read(sheet).text)[0]
    dialog.get_by_label('Code in large letters').fill(code)
    dialog.get_by_label('Which arrow points up?').select_option('C')
    for edge, line in (('at A', '1'), ('at C', '-1'), ('at D', '0,5')):
        dialog.get_by_label(edge, exact=True).fill(line)
    # what is no number does not go to the agent
    dialog.get_by_label('at B', exact=True).fill('two')
    dialog.get_by_role('button', name='Calibrate', exact=True).click()
    expect(dialog.get_by_role('alert')).to_contain_text('"two" is not a number')
    dialog.get_by_label('at B', exact=True).fill('')
    keep(page, 'agent-calibrate')
    dialog.get_by_role('button', name='Calibrate', exact=True).click()
    expect(dialog).to_be_hidden()
    expect(printer(page, 'desk1')).to_contain_text('calibrated: turned by 180°, 0.5 mm to the right, 1 mm down')
    page.get_by_role('button', name='Calibrate desk1').click()
    dialog.get_by_role('button', name='Forget the calibration').click()
    expect(printer(page, 'desk1')).not_to_contain_text('calibrated')


@makes_a_picture
def test_picture(agent, page, keep):
    page.get_by_role('button', name='Pause desk2').click()
    expect(printer(page, 'desk2')).to_contain_text('Paused')
    keep(page, 'agent-page')
    views = []
    for width, height in ((390, 844), (1280, 900)):
        page.set_viewport_size({'width': width, 'height': height})
        for scheme in ('light', 'dark'):
            page.emulate_media(color_scheme=scheme)
            views.append(page.screenshot(animations='disabled'))
    save_sheet(views, PICTURES / 'pages' / 'print-agent.png')


def test_nothing_is_wider_than_a_small_screen(agent, page):
    page.set_viewport_size({'width': 360, 'height': 780})
    assert page.evaluate('document.documentElement.scrollWidth') == 360
    # a finger needs 44 px, and every button says which printer or badge it is for
    for button in page.get_by_role('button').all():
        if button.is_visible():
            assert button.bounding_box()['height'] >= 44
    labels = [button.get_attribute('aria-label') or button.text_content()
              for button in page.locator('button:visible').all()]
    assert len(set(labels)) == len(labels)

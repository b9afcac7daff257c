"""The laptop at the desk and the page in Indico, on the whole stack: what is done on one is seen on the other."""

import re
import subprocess

import pytest
from playwright.sync_api import expect

from tests.stack.agent import COMMAND
from tests.stack.checkin import CheckIn
from tests.stack.process import wait_for
from tests.system.conftest import EXPECT_TIMEOUT


#: A printer that was switched off is asked for a while before its badge is unknown.
UNKNOWN_TIMEOUT = 90_000  # milliseconds


def command(agent, *args):
    """Run a command of the print agent beside the one that runs, and return what it said."""
    done = subprocess.run([COMMAND, '--config', agent.folder, *args], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def printer(stack):
    """The printer of the first desk, repaired afterwards."""
    printer = stack.printers['desk1']
    yield printer
    printer.repair()
    if not printer.service.is_running:
        printer.start()
    stack.printing.cups.enable('desk1')


def test_an_answer_in_indico_reaches_the_laptop(stack, log_in, take, printer):
    """A question that is answered in Indico disappears from the laptop."""
    agent = stack.agents['laptop1']
    local = log_in()
    local.goto(command(agent, 'page').strip())
    local.evaluate('window.loadedOnce = true')
    person, = take(1)
    name = f'{person["first_name"]} {person["last_name"]}'
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/registration/{person["form_id"]}/registrations/{person["id"]}/')

    # the power of the printer is cut while it prints
    printer.slow(60)
    known = {step['job'] for step in agent.steps()}
    CheckIn(stack)(person)
    wait_for(lambda: any(step['step'] == 'at_printer' and step['job'] not in known
                 for step in agent.steps()), 60)
    page.wait_for_timeout(3000)  # CUPS pauses a queue whose printer vanishes while it still talks to it
    printer.cut_power()
    printer.repair()
    printer.start()
    question = local.get_by_role('heading', name=f'Did the badge for {name} come out?')
    expect(question).to_be_visible(timeout=UNKNOWN_TIMEOUT)

    # answered there, gone here
    asked = page.get_by_role('group', name=re.compile('come out'))
    asked.get_by_role('button', name='Yes').click(timeout=UNKNOWN_TIMEOUT)
    expect(page.locator('#checkin-print-news')).to_have_text(re.compile('Noted: the badge came out|: Printed'))
    expect(question).to_be_hidden(timeout=EXPECT_TIMEOUT)
    assert local.evaluate('window.loadedOnce') is True
    expect(local.locator('#latest-list > li').filter(has_text=name).first).to_contain_text('Printed')


def test_paired_anew_while_it_runs(stack, log_in, take):
    """A running agent that is paired anew continues with its new token."""
    agent = stack.agents['laptop2']
    process = agent.service.pid
    pairing, = (agent.folder / 'pairings').glob('*.json')
    before = pairing.read_text()
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/checkin-print/setup')
    row = page.get_by_role('region', name='Print agents', exact=True).get_by_role('row').filter(
        has=page.get_by_role('cell', name='laptop2', exact=True))
    expect(row).to_contain_text('Connected')
    row.get_by_role('button', name='New code for laptop2').click()
    dialog = page.get_by_role('dialog')
    code = dialog.locator('.checkin-print-secret').first.inner_text().split()[-1]
    dialog.get_by_role('button', name='Done').click()

    said = command(agent, 'pair', stack.url, code)
    assert 'The running print agent uses it and is connected.' in said
    assert pairing.read_text() != before
    expect(row).to_contain_text('Connected', timeout=EXPECT_TIMEOUT)

    papers = len(stack.printers['desk2'].papers())
    person, = take(1, 1)
    CheckIn(stack)(person)
    wait_for(lambda: len(stack.printers['desk2'].papers()) == papers + 1, 60)
    assert agent.service.is_running
    assert agent.service.pid == process
    log = agent.service.log.read_text()
    assert 'is it running twice' not in log
    assert 'connected from somewhere else' not in log

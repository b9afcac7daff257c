"""First steps in Chromium, on the whole stack: from an empty event to a test badge on paper, by keyboard alone."""

import re
import sys

import pytest
from playwright.sync_api import expect

from tests.stack.agent import PrintAgent
from tests.stack.browser import accessibility_faults
from tests.stack.process import wait_for
from tests.system.conftest import EXPECT_TIMEOUT


SIZES = {'phone': {'width': 390, 'height': 844}, 'desktop': {'width': 1280, 'height': 900}}


@pytest.fixture
def event_url(stack):
    """The URL of an event with nothing in it."""
    return f'{stack.url}/event/{stack.indico.run(sys.executable, "-m", "tests.stack.empty_event").split()[-1]}'


@pytest.fixture
def laptop(stack):
    """A computer that was not paired yet, with the first printer of the stack."""
    agent = PrintAgent('laptop-first', stack.folder, stack.printing, ['desk1'])
    yield agent
    agent.stop()


@pytest.fixture
def judge(picture):
    """Return a function that judges what is next, and how the steps look on a phone and in a wide window."""
    def _judge(page, key):
        step = page.locator('[aria-current=step]')
        expect(step).to_have_id(f'step-{key}')
        faults = []
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            faults += [f'{key}, {size}: {fault}' for fault in accessibility_faults(
                page, within=('.checkin-print',), palette='.i-button')]
            if page.evaluate('document.documentElement.scrollWidth > window.innerWidth'):
                faults.append(f'{key}, {size}: wider than the window')
            picture(page, f'first-steps-{key}-{size}')
        assert not faults, '\n'.join(faults)
        return step
    return _judge


def press(where, name):
    """Press a button or follow a link without a mouse."""
    (where.get_by_role('button', name=name, exact=True).or_(where.get_by_role('link', name=name, exact=True))
     .press('Enter'))


def save(page):
    page.get_by_role('dialog').locator('input[type=submit]').press('Enter')


def test_from_an_empty_event_to_a_badge(stack, log_in, event_url, laptop, judge, keep):
    page = log_in('manager')
    before = len(stack.printers['desk1'].papers())
    # what there is to do is at the top of what opens first
    page.goto(f'{event_url}/manage/checkin-print/')
    assert page.locator('#step-registration').bounding_box()['y'] < 500
    press(page, 'First steps')
    expect(page).to_have_url(re.compile('/first-steps$'))
    press(judge(page, 'registration'), 'Create a registration form')
    page.get_by_role('link', name=re.compile('Create')).first.press('Enter')
    page.fill('input[name=title]', 'Participants')
    page.locator('input[type=submit][value=Create], button:has-text("Create")').last.press('Enter')
    page.wait_for_url(re.compile(r'/registration/\d+/'))

    page.goto(f'{event_url}/manage/checkin-print/first-steps')
    press(judge(page, 'agents'), 'Add a print agent')
    dialog = page.get_by_role('dialog')
    dialog.locator('#name').fill('Laptop 1')
    save(page)
    code = dialog.locator('.checkin-print-secret').first.inner_text().split()[-1]
    laptop.pair(stack.url, code)
    laptop.start()
    expect(dialog.get_by_role('status')).to_have_text('Connected: Laptop 1', timeout=EXPECT_TIMEOUT)
    dialog.get_by_role('button', name='Done').press('Enter')

    step = judge(page, 'desks')
    expect(page.locator('#step-agents')).to_contain_text('Laptop 1: Connected')
    press(step, 'Add a desk')
    dialog.locator('#name').fill('Entrance')
    dialog.locator('#delivery').select_option(index=1)
    save(page)

    step = judge(page, 'forms')
    keep(page, 'first-steps')
    press(step, 'Choose what prints')
    dialog.locator('#template_id').select_option(label=_option(dialog, 'template_id', 'Default badge'))
    save(page)

    step = judge(page, 'test')
    press(step, 'Print a test badge at Entrance')
    expect(page.locator('[aria-current=step]')).to_have_count(0, timeout=EXPECT_TIMEOUT)
    expect(page.get_by_text('All is set up.')).to_be_visible()
    expect(page.locator('.checkin-print-steps')).to_contain_text(re.compile('Test badge, Entrance: (Printed|Sent)'))
    wait_for(lambda: len(stack.printers['desk1'].papers()) > before)
    assert len(stack.printers['desk1'].papers()) == before + 1

    # from then on the other tabs are for every day, and this one is a link away
    page.goto(f'{event_url}/manage/checkin-print/')
    expect(page.locator('#step-test')).to_have_count(0)
    press(page, 'First steps')
    expect(page.locator('#step-test')).to_contain_text('A badge has been printed.')


def _option(dialog, field, start):
    """Return the label of the option of a select field that starts with these words."""
    dialog.locator(f'#{field}').wait_for()
    labels = dialog.locator(f'#{field} option').all_inner_texts()
    return next(label for label in labels if label.startswith(start))

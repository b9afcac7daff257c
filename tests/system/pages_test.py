"""The event manager's page in Chromium, on the whole stack: from an empty computer to a test badge on paper."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.stack.agent import PrintAgent
from tests.stack.checkin import CheckIn
from tests.stack.facts import wait_for_badges
from tests.system.conftest import EXPECT_TIMEOUT, makes_a_picture


@pytest.fixture
def url(stack):
    return f'{stack.event_url}/manage/checkin-print/'


@pytest.fixture
def setup_url(url):
    return f'{url}setup'


@pytest.fixture
def new_agent(stack):
    """A computer that was not paired yet, with the first printer of the stack."""
    agent = PrintAgent('laptop-new', stack.folder, stack.printing, ['desk1'])
    yield agent
    agent.stop()


def box(page, title):
    """Return the box of the page with this title."""
    return page.get_by_role('region', name=title, exact=True)


def row(page, title, name):
    """Return the row of a box that has a cell with exactly this name."""
    return box(page, title).get_by_role('row').filter(has=page.get_by_role('cell', name=name, exact=True))


def dialog(page):
    return page.get_by_role('dialog')


def save(page, **values):
    """Fill the fields of the dialog, by their ids, and save it."""
    for field, value in values.items():
        control = dialog(page).locator(f'#{field}')
        if control.evaluate('x => x.tagName') == 'SELECT':
            control.select_option(**value)
        elif isinstance(value, bool):
            control.set_checked(value, force=True)
        else:
            control.fill(value)
    dialog(page).locator('input[type=submit]').click()


def confirm(page):
    page.get_by_role('button', name='OK', exact=True).click()


@pytest.fixture
def check_in_some(stack, take):
    """Check some people in, one after the other, as Indico's app does."""
    for person in take(5) + take(3, form=1):
        before = len(stack.papers())
        CheckIn(stack)(person)
        wait_for_badges(stack, before + 1)


@makes_a_picture
def test_picture(stack, log_in, url, check_in_some, keep):
    page = log_in('manager')
    page.goto(url)
    expect(box(page, 'Latest badges').locator('tr[data-state=completed]')).to_have_count(8, timeout=EXPECT_TIMEOUT)
    keep(page, 'event-page')
    page.get_by_role('link', name='Set-up', exact=True).click()
    expect(box(page, 'Webhooks')).to_be_visible()
    page.wait_for_load_state('networkidle')
    keep(page, 'setup-page', page.locator('#checkin-print'))


def test_set_up_and_print(stack, log_in, url, setup_url, new_agent, take):
    page = log_in('manager')
    # the way through the menu
    page.goto(f'{stack.event_url}/manage/')
    page.get_by_role('link', name='Check-in printing').click()
    expect(page).to_have_url(url)
    page.get_by_role('link', name='Set-up', exact=True).click()

    # a computer
    box(page, 'Print agents').get_by_role('button', name='Add a print agent').click()
    save(page, name='New laptop')
    command = dialog(page).locator('.checkin-print-secret').first.inner_text()
    assert command.startswith(f'print-agent pair {stack.url} ')
    code = command.split()[-1]
    expect(dialog(page).get_by_role('status')).to_have_text('Waiting for the computer…')
    new_agent.pair(stack.url, code)
    new_agent.start()
    # the dialog is still open
    expect(dialog(page).get_by_role('status')).to_have_text('Connected: New laptop', timeout=EXPECT_TIMEOUT)
    dialog(page).get_by_role('button', name='Done').click()
    expect(row(page, 'Print agents', 'New laptop')).to_contain_text('Connected', timeout=EXPECT_TIMEOUT)
    expect(row(page, 'Print agents', 'New laptop')).to_contain_text('desk1')
    assert code not in page.content()

    # a desk: the first name is taken
    box(page, 'Desks').get_by_role('button', name='Add a desk').click()
    save(page, name='desk 1', delivery={'label': _option(page, 'delivery', 'New laptop: desk1')})
    expect(dialog(page).locator('.has-error')).to_have_count(1)
    save(page, name='Hall')
    expect(row(page, 'Desks', 'Hall')).to_contain_text('Ready', timeout=EXPECT_TIMEOUT)

    # what prints
    form = stack.seeded['forms'][1]['title']
    row(page, 'Registration forms', form).get_by_role('button', name='Choose what prints').click()
    template = _option(page, 'template_id', 'Name label')
    save(page, enabled=True, kind={'value': 'badge'}, template_id={'label': template}, desk_id={'label': 'Hall'})
    expect(row(page, 'Registration forms', form)).to_contain_text('Name label')
    expect(row(page, 'Registration forms', form)).to_contain_text('Hall')

    # and paper
    before = len(stack.printers['desk1'].papers())
    row(page, 'Desks', 'Hall').get_by_role('button', name='Print a test badge').click()
    expect(row(page, 'Desks', 'Hall')).to_contain_text(
        re.compile('Test badge, Hall: (Printed|Sent)'), timeout=EXPECT_TIMEOUT)
    papers = _wait(lambda: stack.printers['desk1'].papers()[before:])
    assert len(papers) == 1

    # a screen reader says what changes while the page is open
    page.goto(url)
    person, = take(1, form=1)
    CheckIn(stack)(person)
    expect(page.locator('#checkin-print-news')).to_contain_text(person['last_name'], timeout=EXPECT_TIMEOUT)
    page.goto(setup_url)

    # the laptop is stolen
    row(page, 'Print agents', 'New laptop').get_by_role('button', name='Revoke').click()
    confirm(page)
    expect(row(page, 'Print agents', 'New laptop')).to_contain_text('Revoked')
    expect(row(page, 'Desks', 'Hall')).to_contain_text('Revoked')

    # the desk is closed, and the form prints at the first desk again
    row(page, 'Desks', 'Hall').get_by_role('button', name='Delete').click()
    confirm(page)
    expect(row(page, 'Desks', 'Hall')).to_have_count(0)
    expect(row(page, 'Registration forms', form)).to_contain_text('the first desk')

    # as it was, for the tests that follow
    row(page, 'Registration forms', form).get_by_role('button', name='Choose what prints').click()
    template = _option(page, 'template_id', f'Name {stack.wanted.template}')
    desk = stack.seeded['desk_of_form'][str(stack.seeded['forms'][1]['id'])]
    save(page, template_id={'label': template}, desk_id={'label': desk})
    expect(row(page, 'Registration forms', form)).to_contain_text(f'Name {stack.wanted.template}')


def test_switch(stack, log_in, setup_url):
    page = log_in('manager')
    page.goto(setup_url)
    form = stack.seeded['forms'][0]['title']
    for wanted in (False, True):
        switch = row(page, 'Registration forms', form).get_by_role('checkbox')
        with page.expect_response(lambda response: response.url.endswith('/switch')):
            switch.click(force=True)
        page.reload()
        expect(row(page, 'Registration forms', form).get_by_role('checkbox')).to_be_checked(checked=wanted)


def test_pause_and_release(stack, log_in, url, take):
    page = log_in('manager')
    page.goto(url)
    page.get_by_role('button', name='Pause printing', exact=True).click()
    expect(page.locator('#live-banner')).to_contain_text('Printing is paused.')
    person, = take(1, form=1)
    CheckIn(stack)(person)
    waiting = page.locator('tr[data-held=paused]')
    expect(waiting).to_contain_text('1', timeout=EXPECT_TIMEOUT)
    job = box(page, 'Latest badges').locator('tr[data-job]').first
    expect(job).to_have_attribute('data-state', 'held')
    page.locator('#live-banner').get_by_role('button', name='Resume printing').click()
    expect(page.locator('#live-banner')).not_to_contain_text('Printing is paused.')
    expect(waiting).to_have_count(0)
    expect(job).to_have_attribute('data-state', re.compile('completed|sent'), timeout=EXPECT_TIMEOUT)

    # another one, by the same person, for a reason
    job.get_by_role('button', name='Print again').click()
    save(page, reason={'value': 'lost'})
    expect(job).to_contain_text('Printed again: 1')
    expect(job).to_have_attribute('data-state', re.compile('completed|sent'), timeout=EXPECT_TIMEOUT)
    job.get_by_role('button', name='History').click()
    expect(dialog(page)).to_contain_text('The badge was lost; somebody asked for another one.')


def test_rules(log_in, setup_url):
    page = log_in('manager')
    page.goto(setup_url)
    for limit in ('7', '20'):
        box(page, 'When to print').get_by_role('button', name='Change the rules').click()
        save(page, bulk_limit=limit)
        expect(box(page, 'When to print')).to_contain_text(f'If more people than {limit} are checked in at once')


def test_webhook(log_in, setup_url):
    page = log_in('manager')
    page.goto(setup_url)
    box(page, 'Webhooks').get_by_role('button', name='Add a webhook').click()
    save(page, name='Hooks', url='https://10.1.2.3/')
    expect(dialog(page).locator('.has-error')).to_have_count(1)
    save(page, url='https://hooks.example.com/badge')
    secret = dialog(page).locator('.checkin-print-secret').inner_text()
    assert secret.startswith('whsec_')
    dialog(page).get_by_role('button', name='Done').click()
    expect(row(page, 'Webhooks', 'Hooks')).to_contain_text('every check-in')
    assert secret not in page.content()
    row(page, 'Webhooks', 'Hooks').get_by_role('link', name='Hooks', exact=True).click()
    page.get_by_role('button', name='New secret').click()
    confirm(page)
    assert dialog(page).locator('.checkin-print-secret').inner_text() != secret
    dialog(page).get_by_role('button', name='Done').click()
    page.get_by_role('button', name='Forget the old one').click()
    expect(page.get_by_role('button', name='Forget the old one')).to_have_count(0)
    page.get_by_role('button', name='Switch off').click()
    page.goto(setup_url)
    expect(page.locator('#live-banner')).to_contain_text('The webhook "Hooks" is off.')
    expect(row(page, 'Webhooks', 'Hooks')).to_contain_text('Off')
    row(page, 'Webhooks', 'Hooks').get_by_role('button', name='Delete').click()
    confirm(page)
    expect(row(page, 'Webhooks', 'Hooks')).to_have_count(0)


@pytest.mark.parametrize('login', ['stranger', 'volunteer'])
def test_refused(log_in, url, login):
    page = log_in(login)
    assert page.goto(url).status == 403
    expect(page.locator('#checkin-print')).to_have_count(0)
    assert page.request.get(f'{url}live').status == 403


def test_nobody_has_to_log_in(log_in, url):
    page = log_in()
    page.goto(url)
    assert '/login/' in page.url
    expect(page.locator('#checkin-print')).to_have_count(0)


def test_without_scripts(stack, chromium, log_in, url):
    """The page and its buttons for badges need no script."""
    state = log_in('manager').context.storage_state()
    context = chromium.new_context(base_url=stack.url, java_script_enabled=False, storage_state=state)
    page = context.new_page()
    page.goto(url)
    row(page, 'Desks', 'Desk 1').get_by_role('button', name='Print a test badge').click()
    expect(box(page, 'Latest badges').locator('tr[data-job]').first).to_contain_text('Test badge')
    context.close()


def _option(page, field, start):
    """Return the label of the option of a select field in the dialog that starts with these words."""
    dialog(page).locator(f'#{field}').wait_for()
    labels = dialog(page).locator(f'#{field} option').all_inner_texts()
    return next(label for label in labels if label.startswith(start))


def _wait(function, seconds=10):
    until = time.monotonic() + seconds
    while not (result := function()) and time.monotonic() < until:
        time.sleep(0.1)
    return result

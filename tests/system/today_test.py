"""The tab *Today* in Chromium on the whole stack: what stands still, a lost connection, buttons that act in place."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.stack.checkin import CheckIn
from tests.system.conftest import EXPECT_TIMEOUT


@pytest.fixture
def url(stack):
    return f'{stack.event_url}/manage/checkin-print/'


def desk(page, name):
    return page.get_by_role('region', name='Desks', exact=True).get_by_role('row').filter(
        has=page.get_by_role('cell', name=name, exact=True))


def test_a_desk_that_stands_still_is_announced_at_the_top(stack, log_in, url, take, picture):
    name = stack.seeded['desk_of_form'][str(stack.seeded['forms'][0]['id'])]
    printer = stack.printers['desk1']
    page = log_in('manager')
    page.goto(url)
    printer.run_out_of_media()
    try:
        for person in take(3):
            CheckIn(stack)(person)
        banner = page.locator('#live-banner')
        expect(banner).to_contain_text(f'{name}: out of paper', timeout=EXPECT_TIMEOUT)
        expect(banner).to_contain_text('3 badges wait', timeout=EXPECT_TIMEOUT)
        assert banner.bounding_box()['y'] < 600
        expect(page.locator('tr[data-state=ready]').first).to_contain_text('Waiting for the printer')
        picture(page, 'standstill')
    finally:
        printer.repair()
    expect(banner).to_be_empty(timeout=3 * EXPECT_TIMEOUT)


def test_a_lost_connection_is_said_and_comes_back(log_in, url, picture):
    page = log_in('manager')
    page.goto(url)
    notice = page.locator('#checkin-print-connection')
    expect(notice).to_be_hidden()
    page.context.set_offline(True)
    expect(notice).to_contain_text(re.compile(r'What you see is \d+ seconds old'), timeout=EXPECT_TIMEOUT)
    page.evaluate('window.scrollTo(0, document.body.scrollHeight)')
    expect(notice).to_be_in_viewport()
    picture(page, 'offline')
    page.context.set_offline(False)
    expect(notice).to_be_hidden(timeout=EXPECT_TIMEOUT)
    expect(page.locator('#checkin-print-news')).to_have_text('Connected again. This page is up to date.')


def test_many_failures_do_not_end_it(log_in, url):
    """It once gave up after five."""
    page = log_in('manager')
    page.clock.install()
    page.goto(url)
    asked = []

    def _fail(route):
        asked.append(time.monotonic())
        route.abort()

    page.route('**/live', _fail)
    for __ in range(60):
        page.clock.run_for(5_000)
    assert len(asked) > 10
    notice = page.locator('#checkin-print-connection')
    expect(notice).to_contain_text('minutes old')
    page.unroute('**/live')
    page.clock.run_for(15_000)
    expect(notice).to_be_hidden()


def test_a_test_badge_says_what_became_of_it_where_the_button_is(stack, log_in, url, picture):
    page = log_in('manager')
    page.goto(url)
    button = desk(page, 'Desk 1').get_by_role('button', name='Print a test badge')
    page.evaluate('window.kept = 1')
    button.focus()
    page.keyboard.press('Enter')
    expect(desk(page, 'Desk 1')).to_contain_text(
        re.compile('Test badge, Desk 1: (Printed|Sent)'), timeout=EXPECT_TIMEOUT)
    expect(button).to_be_focused()
    expect(page.locator('#checkin-print-news')).to_contain_text('Test badge, Desk 1')
    # it never left the page
    assert page.evaluate('window.kept') == 1
    picture(page, 'test-badge')


def test_a_button_that_is_gone_leaves_the_focus_to_its_row(stack, log_in, url, take):
    page = log_in('manager')
    page.goto(url)
    desk(page, 'Desk 1').get_by_role('button', name='Pause', exact=False).click()
    expect(page.locator('#live-banner')).to_contain_text('Printing is paused at:')
    try:
        person, = take(1)
        CheckIn(stack)(person)
        job = page.locator('tr[data-job]').filter(has_text=person['last_name']).first
        discard = job.get_by_role('button', name='Discard')
        expect(discard).to_be_visible(timeout=EXPECT_TIMEOUT)
        discard.focus()
        page.keyboard.press('Enter')
        expect(job).to_contain_text('The badge has been discarded.')
        expect(job).to_have_attribute('data-state', 'canceled')
        assert page.evaluate('document.activeElement.closest("tr[data-job]") !== null')
    finally:
        desk(page, 'Desk 1').get_by_role('button', name='Resume').click()
    expect(page.locator('#live-banner')).to_be_empty(timeout=EXPECT_TIMEOUT)


@pytest.mark.parametrize('tab', ['', 'setup'])
def test_narrow_window(log_in, url, picture, tab):
    page = log_in('manager')
    page.set_viewport_size({'width': 390, 'height': 800})
    page.goto(url + tab)
    picture(page, f'narrow-{tab or "today"}')
    for region in page.get_by_role('region').all():
        assert region.evaluate('x => x.scrollWidth <= x.clientWidth + 1')



def test_a_test_badge_that_fails_is_said_to_have_failed(stack, log_in, url):
    """Nothing prints in the event, so there is nothing to draw."""
    stack.postgres.sql('indico', 'UPDATE plugin_checkin_print.forms SET enabled = false')
    try:
        page = log_in('manager')
        page.goto(url)
        # switched off by somebody, who knows that
        expect(page.get_by_text('Nothing prints yet')).to_have_count(0)
        desk(page, 'Desk 1').get_by_role('button', name='Print a test badge').click()
        expect(desk(page, 'Desk 1')).to_contain_text('Test badge, Desk 1: Failed', timeout=EXPECT_TIMEOUT)
        expect(page.locator('#checkin-print-news')).to_contain_text('Test badge, Desk 1: Failed')
        expect(page.get_by_text('on its way')).to_have_count(0)
    finally:
        stack.postgres.sql('indico', 'UPDATE plugin_checkin_print.forms SET enabled = true')


def set_bulk_limit(page, url, limit):
    page.goto(f'{url}setup')
    page.get_by_role('button', name='Change the rules').click()
    page.get_by_role('dialog').locator('#bulk_limit').fill(limit)
    # the page is loaded anew
    with page.expect_navigation():
        page.get_by_role('dialog').locator('input[type=submit]').click()
    page.goto(url)


def test_release_all_with_its_default_order(stack, log_in, url, take):
    person, = take(1)
    page = log_in('manager')
    set_bulk_limit(page, url, '0')
    try:
        CheckIn(stack)(person)
        held = page.locator('tr[data-held=bulk]')
        page.evaluate('window.kept = 1')
        held.get_by_role('button', name='Release all').click(timeout=EXPECT_TIMEOUT)
        submit = page.get_by_role('dialog').locator('input[type=submit]')
        expect(submit).to_be_enabled()
        submit.click()
        expect(page.locator('.checkin-print-answer')).to_contain_text('Badges that print now: 1')
        expect(held).to_have_count(0)
        assert page.evaluate('window.kept') == 1
        job = page.locator('tr[data-job]').filter(has_text=person['last_name']).first
        expect(job).to_have_attribute('data-state', re.compile('completed|sent'), timeout=EXPECT_TIMEOUT)
    finally:
        set_bulk_limit(page, url, '20')


def test_print_again_in_place(stack, log_in, url, take):
    person, = take(1)
    page = log_in('manager')
    page.goto(url)
    CheckIn(stack)(person)
    job = page.locator('tr[data-job]').filter(has_text=person['last_name'])
    expect(job.first).to_have_attribute('data-state', re.compile('completed|sent'), timeout=EXPECT_TIMEOUT)
    page.evaluate('window.kept = 1')
    job.first.get_by_role('button', name='Print again').click()
    page.get_by_role('dialog').locator('#reason').select_option('lost')
    page.get_by_role('dialog').locator('input[type=submit]').click()
    expect(page.get_by_role('dialog')).to_have_count(0)
    expect(page.locator('.checkin-print-answer')).to_contain_text('Another badge of')
    expect(job).to_have_count(2)
    assert page.evaluate('window.kept') == 1


def test_the_page_of_a_webhook_is_live(stack, log_in, url, take, picture):
    """The page of a webhook is live and messages have their own list."""
    page = log_in('manager')
    page.goto(f'{url}setup')
    page.get_by_role('button', name='Add a webhook').click()
    page.get_by_role('dialog').locator('#name').fill('CRM')
    page.get_by_role('dialog').locator('#url').fill('https://crm.example.com/hook')
    page.get_by_role('dialog').locator('input[type=submit]').click()
    page.get_by_role('dialog').get_by_role('button', name='Done').click()
    page.get_by_role('link', name='CRM', exact=True).click()
    expect(page.locator('#live-attempts')).to_contain_text('Nothing has been sent yet')
    person, = take(1)
    CheckIn(stack)(person)
    # without a reload
    expect(page.locator('#live-attempts')).to_contain_text(person['last_name'], timeout=2 * EXPECT_TIMEOUT)
    picture(page, 'webhook')
    page.goto(url)
    badges = page.get_by_role('region', name='Latest badges')
    messages = page.get_by_role('region', name='Latest messages to webhooks')
    expect(messages.locator('tr[data-job]').first).to_contain_text('CRM')
    expect(badges.get_by_text('CRM')).to_have_count(0)
    expect(messages.get_by_text('printer')).to_have_count(0)
    picture(page, 'two-lists')
    page.goto(f'{url}setup')
    page.get_by_role('button', name='Delete the webhook CRM').click()
    page.get_by_role('button', name='OK', exact=True).click()
    # back where the button was
    expect(page).to_have_url(f'{url}setup')
    expect(page.get_by_role('link', name='CRM', exact=True)).to_have_count(0)


def test_an_action_on_the_page_with_all_badges_stays_there(stack, log_in, url, take):
    person, = take(1)
    page = log_in('manager')
    page.goto(url)
    desk(page, 'Desk 1').get_by_role('button', name='Pause').click()
    expect(page.locator('#live-banner')).to_contain_text('Printing is paused at:')
    try:
        CheckIn(stack)(person)
        page.goto(f'{url}jobs/')
        job = page.locator('tr[data-job]').first
        expect(job).to_have_attribute('data-state', 'held')
        page.evaluate('window.kept = 1')
        job.get_by_role('button', name='Discard').click()
        expect(job).to_have_attribute('data-state', 'canceled')
        expect(job).to_contain_text('The badge has been discarded.')
        assert page.evaluate('window.kept') == 1
    finally:
        page.goto(url)
        desk(page, 'Desk 1').get_by_role('button', name='Resume').click()
    expect(page.locator('#live-banner')).to_be_empty()

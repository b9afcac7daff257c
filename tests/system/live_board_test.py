"""The live board in Chromium on the whole stack: what a person sees from across a room."""

import re

import pytest
from playwright.sync_api import expect

from tests.stack.checkin import CheckIn
from tests.stack.facts import wait_for_badges
from tests.system.conftest import EXPECT_TIMEOUT


@pytest.fixture
def url(stack):
    return f'{stack.event_url}/manage/checkin-print/board/'


def test_a_badge_and_a_desk_without_labels(stack, log_in, url, take, keep):
    name = stack.seeded['desk_of_form'][str(stack.seeded['forms'][0]['id'])]
    printer = stack.printers['desk1']
    page = log_in('manager')
    person, another = take(2)
    count = len(stack.papers())
    CheckIn(stack)(person)
    # a page that is already open would say for some seconds that nothing waits
    wait_for_badges(stack, count + 1)
    page.goto(url)
    desk = page.get_by_role('region', name=name, exact=True)
    expect(desk).to_contain_text(re.compile(r'scan to printed\s+\d'), timeout=EXPECT_TIMEOUT)
    expect(desk).to_contain_text(re.compile(r'waiting\s+0'), timeout=EXPECT_TIMEOUT)
    printer.run_out_of_media()
    try:
        CheckIn(stack)(another)
        expect(desk).to_contain_text('out of paper', timeout=EXPECT_TIMEOUT)
        expect(desk).to_contain_text(re.compile(r'waiting\s+1(?!\d)'), timeout=EXPECT_TIMEOUT)
        for name, width, height in (('live-board-phone', 390, 844), ('live-board', 1280, 720)):
            page.set_viewport_size({'width': width, 'height': height})
            assert page.evaluate('document.documentElement.scrollWidth') <= width
            keep(page, name)
    finally:
        printer.repair()
    expect(desk).to_contain_text(re.compile(r'waiting\s+0'), timeout=3 * EXPECT_TIMEOUT)


def test_one_click_from_the_remedy(stack, log_in, url, take):
    """What is held leads to the list that has the button for it."""
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/checkin-print/')
    page.get_by_role('button', name='Pause printing').first.click()
    expect(page.locator('#live-banner')).to_contain_text('Printing is paused', timeout=EXPECT_TIMEOUT)
    try:
        person, = take(1)
        CheckIn(stack)(person)
        page.goto(url)
        expect(page.locator('.live-board-alarm')).to_have_text('Printing is paused at all desks.')
        link = page.get_by_role('region', name='All desks').get_by_role('link', name=re.compile(r'\d+ held'))
        expect(link).to_be_visible(timeout=EXPECT_TIMEOUT)
        link.focus()
        page.keyboard.press('Enter')
        expect(page.locator('tr[data-state=held]').first).to_contain_text(person['last_name'])
    finally:
        # the tests after this one print
        page.goto(f'{stack.event_url}/manage/checkin-print/')
        page.get_by_role('button', name='Resume printing').first.click()
    expect(page.locator('tr[data-state=held]').filter(has_text=person['last_name'])).to_have_count(
        0, timeout=EXPECT_TIMEOUT)

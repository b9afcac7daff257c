"""Each flow without a mouse, from the top of a page: Tab, Enter, Space, arrows and letters, and the focus is seen."""

import re

import pytest
from playwright.sync_api import expect

from tests.stack.checkin import CheckIn
from tests.stack.facts import wait_for_badges
from tests.stack.keyboard import Keyboard
from tests.stack.manager import Manager
from tests.stack.scan_page import ScanPage, tickets
from tests.stack.states import JobState
from tests.stack.wedge import Wedge


@pytest.fixture
def set_up(stack, log_in):
    """The tab *Set-up*, of a manager."""
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/checkin-print/setup')
    return page


@pytest.fixture
def at_desk_1(stack, log_in):
    """*My desk* of a volunteer who has chosen Desk 1 by keyboard, and leaves it afterwards."""
    page = log_in('volunteer')
    keys = Keyboard(page)
    page.goto(f'{stack.event_url}/desk/')
    keys.use(page.get_by_role('button', name='Desk 1'))
    expect(page.get_by_role('status')).to_contain_text('Your badges come out at')
    yield page
    page.goto(f'{stack.event_url}/desk/')
    keys.use(page.get_by_role('button', name='Leave this desk'))
    expect(page.get_by_role('status')).to_contain_text('You have no desk yet')


def button(page, name, **kwargs):
    return page.get_by_role('button', name=name, **kwargs)


def dialog(page):
    """The open dialog. Indico's lists in it show the focus by the colour of their border, which is not checked."""
    return page.get_by_role('dialog')


def test_my_desk_from_its_link(stack, log_in):
    page = log_in('volunteer')
    keys = Keyboard(page)
    page.goto(f'{stack.url}/desk/{stack.seeded["desks"]["Desk 2"]}')
    expect(page.get_by_role('status')).to_contain_text('Desk 2')
    keys.use(button(page, 'Desk 1'))
    expect(page.get_by_role('status')).to_contain_text('Desk 1')
    keys.use(button(page, 'Leave this desk'))
    expect(page.get_by_role('status')).to_contain_text('You have no desk yet')


def test_board(stack, at_desk_1, take):
    page = at_desk_1
    keys = Keyboard(page)
    keys.use(page.get_by_role('link', name='Open the board of this desk'))
    expect(page.get_by_text('Your badges come out here')).to_be_visible()
    person, = take(1)
    count = len(stack.papers())
    CheckIn(stack)(person)
    row = page.locator('[data-job]').filter(has_text=person['last_name']).first
    expect(row).to_have_attribute('data-state', 'completed')
    job_id = row.get_attribute('data-job')
    # another one, for a reason
    keys.use(row.locator('summary'))
    keys.use(row.get_by_role('button', name='It was lost'))
    wait_for_badges(stack, count + 2)
    # nobody knows what became of it
    stack.postgres.sql('indico', f"""UPDATE plugin_checkin_print.jobs SET state = {JobState.unknown},
                                            reason = 'printer_unsure'
                                     WHERE id = {job_id}""")
    question = page.locator('.board-questions')
    keys.use(question.get_by_role('button', name='Yes'))
    expect(question).to_have_count(0)
    # the tech
    keys.use(button(page, 'Call the tech'))
    expect(button(page, 'Not needed any more')).to_be_focused()
    keys.press('Enter')
    expect(button(page, 'Call the tech')).to_be_focused()
    # pause and resume
    keys.use(button(page, 'Pause printing at this desk'))
    expect(page.locator('#board-head')).to_contain_text('Paused')
    expect(button(page, 'Resume printing at this desk')).to_be_focused()
    keys.press('Space')
    expect(page.locator('#board-head')).to_contain_text('Ready')


def test_scan_station(stack, log_in, take):
    scanned, found = take(2)
    page = log_in('volunteer')
    station = ScanPage(stack, page)
    keys = Keyboard(page)
    number, = stack.postgres.sql('indico', 'SELECT friendly_id FROM event_registration.registrations '
                                           f'WHERE id = {found["id"]}')
    word = page.locator('[data-part=word]')
    assert station.scan(tickets(stack, [scanned])[0])['word'] == 'Welcome'
    # an Enter right after the scan would be the scanner's
    page.wait_for_timeout(1000)
    keys.use(button(page, re.compile('^Undo')))
    expect(word).to_have_text('Undone')
    search = page.get_by_label('Find by name or number')
    keys.reach(search)
    page.keyboard.type(f'#{number}', delay=150)
    keys.use(page.locator('.scan-person'))
    expect(word).to_have_text('Welcome')
    keys.use(button(page, re.compile('^Undo')))
    expect(word).to_have_text('Undone')
    for name in ('Sound', 'Sound'):
        before = button(page, name).get_attribute('aria-pressed')
        keys.use(button(page, name), 'Space')
        expect(button(page, name)).to_have_attribute('aria-pressed', 'false' if before == 'true' else 'true')
        # two keys within a tenth of a second would be a scanner's
        page.wait_for_timeout(300)
    keys.reach(button(page, 'Camera'))


def test_a_kiosk_is_paired_and_used(stack, log_in, set_up, take):
    keys = Keyboard(set_up)
    keys.use(button(set_up, 'Add a kiosk'))
    keys.fill(dialog(set_up).get_by_label('Name'), 'Keys')
    keys.fill(dialog(set_up).get_by_label('Desk', exact=True), 'Desk 1', shows=False)
    keys.use(dialog(set_up).get_by_label('English (United States)'), 'Space')
    keys.use(dialog(set_up).locator('input[type=submit]'))
    expect(dialog(set_up).locator('.checkin-print-secret')).to_be_focused()
    code = dialog(set_up).locator('.checkin-print-secret').inner_text()
    keys.use(dialog(set_up).locator('.checkin-print-qr summary'))
    expect(dialog(set_up).locator('.checkin-print-qr svg')).to_be_visible()
    window = log_in()
    window.goto(f'{stack.url}/kiosk/')
    hands = Keyboard(window)
    # the field for it has the focus already
    window.keyboard.type(code)
    hands.press('Enter')
    window.wait_for_selector('#kiosk[data-ready]')
    expect(set_up.locator('#checkin-print-pairing')).to_have_text('Paired: Keys')
    keys.use(button(set_up, 'Done'))
    # the page was loaded anew, and the focus is in the new row
    expect(button(set_up, 'New code for Keys')).to_be_focused()
    person, = take(1)
    count = len(stack.papers())
    Wedge(window)(tickets(stack, [person])[0])
    expect(button(window, 'Print')).to_be_focused()
    # an Enter right after the scan would be the scanner's
    window.wait_for_timeout(1000)
    hands.press('Enter')
    expect(window.locator('[data-part=word]')).to_have_text('Welcome! Please take your badge')
    wait_for_badges(stack, count + 1)
    hands.press('Escape')
    hands.use(button(window, 'English (United States)'))
    expect(window.locator('html')).to_have_attribute('lang', 'en-US')
    hands.use(window.locator('[data-do=call]'))
    expect(window.locator('#kiosk')).to_have_attribute('data-answer', 'called')
    board = log_in('volunteer')
    board.goto(f'{stack.event_url}/desk/{stack.seeded["desks"]["Desk 1"]}/board')
    Keyboard(board).use(button(board, 'Not needed any more'))
    expect(button(board, 'Call the tech')).to_be_visible()
    keys.use(button(set_up, 'Revoke Keys'))
    keys.use(button(set_up, 'OK', exact=True))
    expect(set_up.locator('#checkin-print-kiosks').get_by_role('row').filter(has_text='Keys')).to_contain_text('Revoked')


def test_walk_in(stack, log_in):
    page = log_in('registrar')
    keys = Keyboard(page)
    page.goto(f'{stack.event_url}/desk/')
    keys.use(page.get_by_role('link', name='Register a walk-in'))
    keys.use(page.get_by_role('link', name='Participants'))
    expect(page.locator('input[name="first_name"]')).to_be_focused()
    page.keyboard.type('Kay')
    for field, text in (('last_name', 'Board'), ('email', 'kay@people.test')):
        keys.fill(page.locator(f'input[name="{field}"]'), text, shows=False)
    # Indico sends the form only after it has looked the address up
    expect(page.get_by_text('The registration will not be associated with any Indico account')).to_be_visible()
    count = len(stack.papers())
    keys.use(button(page, 'Register'), shows=False)
    expect(page.locator('[data-job]')).to_have_attribute('data-state', 'completed')
    wait_for_badges(stack, count + 1)
    expect(page.get_by_role('link', name='Next person')).to_be_focused()
    keys.press('Enter')
    expect(page.locator('input[name="first_name"]')).to_be_focused()


def test_the_focus_returns(stack, set_up):
    page, keys = set_up, Keyboard(set_up)
    message = page.locator('#flashed-messages')
    # a dialog that is saved, and the page is loaded anew
    for before, after in (('Desk 2', 'Desk 2b'), ('Desk 2b', 'Desk 2')):
        keys.use(button(page, f'Edit the desk {before}', exact=True))
        keys.reach(dialog(page).locator('#name'), shows=False)
        keys.press('Control+A')
        page.keyboard.type(after)
        keys.use(dialog(page).locator('input[type=submit]'))
        expect(message).to_contain_text(f'The desk "{after}" has been changed.')
        expect(button(page, f'Edit the desk {after}', exact=True)).to_be_focused()
    # a page that was just loaded says nothing without being asked
    expect(page.locator('#checkin-print-news')).to_contain_text('has been changed')
    # one that is left as it was
    choose = button(page, 'Choose what prints').first
    keys.use(choose)
    keys.reach(dialog(page).locator('#template_id'), shows=False)
    keys.press('Escape')
    expect(dialog(page)).to_have_count(0)
    expect(choose).to_be_focused()
    # one that changed something as it opened
    code = page.locator('#checkin-print-agents').get_by_role('button', name=re.compile('^New code for')).first
    keys.use(code)
    expect(dialog(page).locator('.checkin-print-secret')).to_be_visible()
    with page.expect_navigation():
        keys.press('Escape')
    expect(code).to_be_focused()
    # what is new, and what is gone
    keys.use(button(page, 'Add a desk'))
    keys.fill(dialog(page).locator('#name'), 'By keys', shows=False)
    keys.fill(dialog(page).get_by_label('Badges go to', exact=True), 'laptop', shows=False)
    keys.use(dialog(page).locator('input[type=submit]'))
    expect(message).to_contain_text('The desk "By keys" has been added.')
    row = page.get_by_role('row').filter(has_text='By keys')
    expect(row.locator(':focus')).to_have_count(1)
    keys.use(button(page, 'Delete the desk By keys'))
    keys.use(button(page, 'OK', exact=True))
    expect(message).to_contain_text('The desk "By keys" has been deleted.')
    expect(page.locator('#checkin-print-desks')).to_be_focused()


def test_a_webhook(stack, set_up):
    page, keys = set_up, Keyboard(set_up)
    keys.use(button(page, 'Add a webhook'))
    keys.fill(dialog(page).locator('#name'), 'Keys', shows=False)
    keys.fill(dialog(page).locator('#url'), 'https://hooks.example.com/', shows=False)
    keys.use(dialog(page).locator('input[type=submit]'))
    expect(dialog(page).locator('.checkin-print-secret')).to_be_focused()
    keys.use(dialog(page).get_by_role('button', name='Done'))
    link = page.get_by_role('link', name='Keys', exact=True)
    expect(link).to_be_focused()
    keys.press('Enter')
    since = button(page, re.compile('^Send again since'))
    keys.use(since)
    expect(dialog(page).get_by_role('textbox').first).to_be_focused()
    keys.use(dialog(page).locator('input[type=submit]'))
    expect(page.locator('#live-attempts')).to_contain_text('Messages that are sent again: 0')
    expect(since).to_be_focused()
    page.go_back()
    keys.use(button(page, 'Delete the webhook Keys'))
    keys.use(button(page, 'OK', exact=True))
    expect(link).to_have_count(0)


def test_a_device_gets_a_desk(stack, set_up, take):
    person, = take(1)
    count = len(stack.papers())
    CheckIn(stack)(person)
    wait_for_badges(stack, count + 1)
    set_up.reload()
    keys = Keyboard(set_up)
    box = set_up.get_by_role('region', name='Devices', exact=True)
    try:
        keys.use(box.get_by_role('button', name=re.compile('^Assign')).first)
        keys.reach(dialog(set_up).get_by_label('Name'))
        keys.press('Control+A')
        set_up.keyboard.type('Phone by keys')
        keys.fill(dialog(set_up).get_by_label('Desk', exact=True), 'Desk 2', shows=False)
        keys.use(dialog(set_up).locator('input[type=submit]'))
        row = box.get_by_role('row').filter(has_text='Phone by keys')
        expect(row).to_contain_text('Desk 2')
    finally:
        # the other tests want the desk of the form
        stack.postgres.sql('indico', 'UPDATE plugin_checkin_print.devices SET desk_id = NULL')


def test_rules(stack, set_up):
    page, keys = set_up, Keyboard(set_up)
    box = page.get_by_role('region', name='Which desk', exact=True)
    rules = box.get_by_role('list', name='Desk rules, in order').get_by_role('listitem')
    try:
        for number, (first, last) in enumerate((('A', 'K'), ('L', 'R')), 1):
            keys.use(box.get_by_role('button', name='Add a rule'))
            keys.fill(dialog(page).get_by_label('Last name from'), first)
            keys.fill(dialog(page).get_by_label('Last name up to'), last)
            keys.fill(dialog(page).get_by_label('Desk', exact=True), f'Desk {number}', shows=False)
            keys.use(dialog(page).get_by_role('button', name='Show how many badges each desk would get'))
            expect(dialog(page).locator('.checkin-print-bars')).to_be_visible()
            with page.expect_navigation():
                keys.use(dialog(page).locator('input[type=submit]'))
            expect(rules).to_have_count(number)
        keys.use(rules.nth(1).get_by_role('button', name='Move rule 2'), 'ArrowUp')
        expect(page.locator('#checkin-print-news')).to_have_text('The rule is now number 1 of 2.')
        expect(rules.nth(0)).to_contain_text('L – R')
        expect(rules.nth(0).locator('.checkin-print-handle')).to_be_focused()
        keys.fill(box.get_by_label('Name, or number of the registration'), 'a')
        keys.press('Enter')
        expect(page.locator('#checkin-print-tried')).not_to_be_empty()
        keys.use(rules.nth(0).get_by_role('button', name=re.compile('^Edit rule')))
        keys.reach(dialog(page).get_by_label('Last name from'))
        keys.press('Escape')
        expect(dialog(page)).to_have_count(0)
        keys.use(rules.nth(0).get_by_role('button', name=re.compile('^Delete rule')))
        with page.expect_navigation():
            keys.use(button(page, 'OK', exact=True))
        expect(rules).to_have_count(1)
        expect(rules.nth(0)).to_contain_text('A – K')
    finally:
        stack.postgres.sql('indico', "UPDATE plugin_checkin_print.events SET desk_rules = '[]'")


def test_live_board_leads_to_what_is_held(stack, log_in, take):
    people = take(25)
    Manager(stack).check_in_all(people)
    page = log_in('manager')
    keys = Keyboard(page)
    page.goto(f'{stack.event_url}/manage/checkin-print/')
    release = page.locator('tr[data-held=bulk]').get_by_role('button', name=re.compile('^Release all'))
    keys.use(release)
    expect(dialog(page)).to_contain_text('Badges that wait: 25 – many people were checked in at once.')
    keys.reach(dialog(page).locator('#order'), shows=False)
    keys.press('Escape')
    expect(release).to_be_focused()
    keys.use(page.get_by_role('link', name='Live board'))
    keys.use(page.get_by_role('region', name='All desks').get_by_role('link', name=re.compile('held')))
    expect(page.locator('tr[data-state=held]').first).to_be_visible()
    keys.use(page.get_by_role('checkbox', name='Choose all on this page'), 'Space', shows=False)
    keys.use(page.locator('#jobs-chosen').get_by_role('button', name='Discard'), back=True)
    keys.use(button(page, 'OK', exact=True))
    expect(page.get_by_text(re.compile('Badges that were discarded'))).to_be_visible()


def test_badges_are_found_and_reprinted(stack, log_in, take):
    """Indico's own dialog *Customise list* needs a mouse, so the filters of our list have to do without one."""
    person, = take(1)
    count = len(stack.papers())
    CheckIn(stack)(person)
    wait_for_badges(stack, count + 1)
    page = log_in('manager')
    keys = Keyboard(page)
    page.goto(f'{stack.event_url}/manage/checkin-print/')
    keys.use(page.get_by_role('link', name='All badges'))
    keys.fill(page.get_by_label('Name or registration number'), person['last_name'])
    keys.use(page.get_by_role('checkbox', name='Printed', exact=True), 'Space', shows=False)
    with page.expect_navigation():
        keys.use(button(page, 'Show'))
    row = page.locator('tr[data-job]').first
    expect(row).to_contain_text(person['last_name'])
    keys.use(row.get_by_role('button', name='Print again'))
    keys.fill(dialog(page).locator('#reason'), 'The badge was lost', shows=False)
    keys.use(dialog(page).locator('input[type=submit]'))
    wait_for_badges(stack, count + 2)
    keys.use(page.locator('tr[data-job]').first.get_by_role('button', name='History'))
    # once its content is there it has the focus
    expect(dialog(page)).to_contain_text('Queued')
    keys.press('Escape')
    expect(dialog(page)).to_have_count(0)

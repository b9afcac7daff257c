"""Kiosks in Chromium: from the code to the badge, nothing left of anybody, words for every fault, and keys alone."""

import pytest
from playwright.sync_api import expect

from tests.stack import browser
from tests.stack.checkin import CheckIn
from tests.stack.facts import any_badge_within, wait_for_badges
from tests.stack.film import camera, write_film
from tests.stack.kiosk_page import KioskPage, add_kiosk
from tests.stack.manager import DEFAULT_WAYS, Manager, set_rules
from tests.stack.scan_page import tickets


SIZES = {'phone': {'width': 390, 'height': 844}, 'tablet': {'width': 820, 'height': 1180},
         'desktop': {'width': 1280, 'height': 900}}


@pytest.fixture
def manager(stack):
    return Manager(stack)


@pytest.fixture
def open_kiosk(stack, manager, log_in):
    """Return a function that adds and pairs a kiosk; they are revoked afterwards."""
    ids = []

    def _open(name, **kwargs):
        code, id_ = add_kiosk(manager, stack, name, 'Desk 1', **kwargs)
        ids.append(id_)
        kiosk = KioskPage(stack, log_in(), code)
        kiosk.id = id_
        return kiosk

    yield _open
    for id_ in ids:
        manager.post(f'/manage/checkin-print/kiosks/{id_}/revoke')


def show_in_all_sizes(page, keep, name):
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        assert page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')
        # nobody scrolls at a kiosk
        assert page.evaluate('document.documentElement.scrollHeight <= window.innerHeight')
        if size == 'tablet':
            keep(page, name)


def test_from_the_code_to_the_badge(stack, log_in, take, keep, picture):
    person, = take(1)
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/checkin-print/setup')
    page.get_by_role('button', name='Add a kiosk').click()
    page.fill('#name', 'Entrance left')
    page.select_option('#desk_id', label='Desk 1')
    page.fill('#place', 'to the right')
    # nobody has translated the plugin
    expect(page.get_by_label('Français')).to_have_count(0)
    keep(page, 'kiosk-add', page.get_by_role('dialog'))
    page.get_by_role('button', name='Add and show its code').click()
    code = page.locator('.checkin-print-secret').inner_text()
    page.locator('.checkin-print-qr summary').click()
    expect(page.locator('.checkin-print-qr svg')).to_be_visible()
    window = log_in()
    window.goto(f'{stack.url}/kiosk/')
    keep(window, 'kiosk-pair')
    kiosk = KioskPage(stack, window, code)
    assert window.url == f'{stack.url}/kiosk/'
    expect(page.locator('#checkin-print-pairing')).to_have_text('Paired: Entrance left')
    page.get_by_role('button', name='Done').click()
    box = page.locator('#checkin-print-kiosks')
    expect(box).to_contain_text('Open')
    keep(page, 'kiosk-setup', box)
    show_in_all_sizes(window, keep, 'kiosk-start')
    count = len(stack.papers())
    ticket, = tickets(stack, [person])
    shown = kiosk.scan(ticket)
    assert person['last_name'] in shown['text']
    show_in_all_sizes(window, keep, 'kiosk-name')
    assert len(stack.papers()) == count
    # the button has the focus; an Enter right after the scan would be the scanner's
    window.wait_for_timeout(1000)
    window.keyboard.press('Enter')
    expect(window.locator('[data-part=word]')).to_have_text('Welcome! Please take your badge')
    expect(window.locator('[data-part=sentence]')).to_have_text('Your badge comes out to the right.')
    show_in_all_sizes(window, keep, 'kiosk-out')
    wait_for_badges(stack, count + 1)
    # nobody does anything: back to the start
    kiosk.wait('start')
    assert kiosk.traces_of([person]) == []
    window.go_back()
    kiosk.wait('start')
    assert window.url == f'{stack.url}/kiosk/'
    window.reload()
    kiosk.ready()
    assert kiosk.traces_of([person]) == []
    assert 'icpk_' not in window.evaluate('document.cookie')
    # the same ticket once more
    shown = kiosk.scan(ticket)
    assert shown['text'].startswith('!\n') or 'Already in since' in shown['text']
    assert shown['answer'] == 'already_in'
    picture(window, 'kiosk-already')
    assert kiosk.traces_of([person]) == []
    box.get_by_role('button', name='Revoke Entrance left').click()
    page.get_by_role('button', name='OK', exact=True).click()
    # the page finds out
    window.wait_for_selector('#pair', timeout=60_000)
    assert len(stack.papers()) == count + 1


def test_somebody_who_was_checked_in_at_the_entrance(stack, manager, open_kiosk, take):
    person, = take(1)
    kiosk = open_kiosk('Badges')
    set_rules(manager, ['kiosk'], badge_desk=True)
    try:
        count = len(stack.papers())
        CheckIn(stack)(person)
        ticket, = tickets(stack, [person])
        shown = kiosk.scan(ticket)
        assert (shown['panel'], person['last_name'] in shown['text']) == ('confirm', True)
        assert kiosk.print()['answer'] == 'out'
        wait_for_badges(stack, count + 1)
        kiosk.back()
        assert kiosk.scan(ticket)['answer'] == 'already_in'
        assert not any_badge_within(stack, 2, besides=count + 1)
    finally:
        set_rules(manager, DEFAULT_WAYS)


def test_the_next_person_scans_at_once(stack, open_kiosk, take):
    first, second = take(2)
    kiosk = open_kiosk('In a hurry')
    codes = tickets(stack, [first, second])
    kiosk.scan(codes[0])
    shown = kiosk.scan(codes[1])
    assert second['last_name'] in shown['text']
    if first['last_name'] not in second['last_name']:
        assert kiosk.traces_of([first]) == []
    kiosk.page.keyboard.press('Escape')
    kiosk.wait('start')
    assert kiosk.traces_of([first, second]) == []
    checked_in = stack.postgres.sql('indico', 'SELECT checked_in FROM event_registration.registrations '
                                              f'WHERE id IN ({first["id"]}, {second["id"]})')
    assert checked_in == ['f', 'f']


def test_languages_and_keys_alone(stack, open_kiosk, take):
    person, = take(1)
    kiosk = open_kiosk('Languages', languages=('en_GB', 'en_US'))
    page = kiosk.page
    for __ in range(10):
        page.keyboard.press('Tab')
        if page.evaluate('document.activeElement.lang') == 'en-US':
            break
    page.keyboard.press('Enter')
    expect(page.locator('html')).to_have_attribute('lang', 'en-US')
    expect(page.get_by_role('button', name='English (United States)')).to_have_attribute('aria-pressed', 'true')
    kiosk.scan(tickets(stack, [person])[0])
    # the language stays for this person
    expect(page.locator('html')).to_have_attribute('lang', 'en-US')
    # an Enter right after the scan would be the scanner's
    page.wait_for_timeout(1000)
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    kiosk.wait('start')
    # and is the first one again for the next
    expect(page.locator('html')).to_have_attribute('lang', 'en-GB')


def test_nobody_gets_out(stack, open_kiosk):
    page = open_kiosk('Locked').page
    assert page.locator('a').count() == 0
    prevented = page.evaluate("""() => {
        const how = {cancelable: true, bubbles: true};
        const events = ['contextmenu', 'selectstart', 'dragstart', 'copy'].map(name => new Event(name, how));
        for (const key of ['F5', 'F11', 'F12', 'Backspace']) {
            events.push(new KeyboardEvent('keydown', {key, ...how}));
        }
        for (const key of ['l', 'p', 'u']) {
            events.push(new KeyboardEvent('keydown', {key, ctrlKey: true, ...how}));
        }
        events.push(new KeyboardEvent('keydown', {key: 'ArrowLeft', altKey: true, ...how}));
        return events.map(event => !document.body.dispatchEvent(event));
    }""")
    assert prevented == [True] * 12
    page.mouse.click(5, 5)
    # a function: the page's policy lets Playwright evaluate an expression only once
    page.wait_for_function('() => document.fullscreenElement !== null')


def test_something_is_wrong(stack, open_kiosk, log_in, keep):
    kiosk = open_kiosk('Help')
    board = log_in('volunteer')
    board.goto(f'{stack.event_url}/desk/{stack.seeded["desks"]["Desk 1"]}/board')
    kiosk.page.get_by_role('button', name='Something is wrong').click()
    expect(kiosk.page.get_by_role('heading', name='The desk has been called')).to_be_visible()
    keep(kiosk.page, 'kiosk-called')
    expect(board.locator('#board-call')).to_contain_text('Kiosk Help')
    kiosk.wait('start')
    board.get_by_role('button', name='Not needed any more').click()
    expect(board.get_by_role('button', name='Call the tech')).to_be_visible()


def test_the_network_is_lost(stack, open_kiosk, take, picture):
    person, = take(1)
    ticket, = tickets(stack, [person])
    kiosk = open_kiosk('Offline')
    page = kiosk.page
    page.context.set_offline(True)
    assert 'No connection' in kiosk.scan(ticket)['text']
    picture(page, 'kiosk-offline')
    expect(page.locator('[data-part=lost]')).to_have_text('No connection', timeout=40_000)
    page.context.set_offline(False)
    expect(page.locator('[data-part=lost]')).to_have_text('', timeout=40_000)
    kiosk.wait('start')
    # lost while it prints
    kiosk.scan(ticket)
    page.context.set_offline(True)
    page.locator('[data-do=print]').click()
    assert 'If no badge comes out' in kiosk.wait('answer')['text']
    page.context.set_offline(False)
    # nothing arrived, so the ticket is still good
    assert kiosk.scan(ticket)['panel'] == 'confirm'


def test_the_camera_of_a_tablet(stack, chromium, manager, take, tmp_path, keep):
    """A ticket is held before it for a while: it is read once, and once more when it comes back."""
    person, = take(1)
    code, id_ = add_kiosk(manager, stack, 'With a camera', 'Desk 1')
    film = write_film(tmp_path / 'ticket.y4m', tickets(stack, [person])[0], empty_seconds=4)
    try:
        with chromium.browser_type.launch(executable_path=browser.find(), args=camera(film)) as tablet:
            page = tablet.new_context(base_url=stack.url, viewport=SIZES['tablet']).new_page()
            kiosk = KioskPage(stack, page, code)
            page.get_by_role('button', name='Use the camera').click()
            shown = kiosk.wait('confirm')
            assert page.evaluate('"ZXingWASM" in window')
            assert person['last_name'] in shown['text']
            count = len(stack.papers())
            assert kiosk.print()['answer'] == 'out'
            wait_for_badges(stack, count + 1)
            kiosk.back()
            assert kiosk.traces_of([person]) == []
            keep(page, 'kiosk-camera')
            # it comes before the camera again
            assert kiosk.wait('answer')['answer'] == 'already_in'
            assert len(stack.papers()) == count + 1
            kiosk.back()
            # the camera can be switched off
            page.get_by_role('button', name='Switch the camera off').click()
            expect(page.locator('[data-part=video]')).to_be_hidden()
    finally:
        manager.post(f'/manage/checkin-print/kiosks/{id_}/revoke')

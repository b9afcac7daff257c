"""The scan station in Chromium: a wedge of any layout, search, undo, a lost connection, a camera, and keys alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.stack import browser
from tests.stack.checkin import CheckIn
from tests.stack.facts import any_badge_within, wait_for_badges
from tests.stack.film import camera, write_film
from tests.stack.manager import DEFAULT_WAYS, Manager, set_rules
from tests.stack.papers import read
from tests.stack.scan_page import ScanPage, tickets
from tests.stack.states import RegistrationState


PHONE = {'width': 390, 'height': 844}


@pytest.fixture
def open_page(stack, log_in):
    def _open(layout='us', **wedge):
        return ScanPage(stack, log_in('volunteer'), layout, **wedge)
    return _open


def part(page, name):
    return page.locator(f'[data-part={name}]')


def fits(page):
    """Whether nothing is wider than the window."""
    return page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')


def test_a_scan_is_welcomed_and_its_badge_comes_out(stack, open_page, take, keep, picture):
    person, other = take(2)
    code, other_code = tickets(stack, [person, other])
    station = open_page()
    page = station.page
    picture(page, 'scan-station')
    expect(part(page, 'undo')).to_be_hidden()
    expect(part(page, 'unpaid')).to_be_hidden()
    count = len(stack.papers())
    answer = station.scan(code)
    assert (answer['answer'], answer['word']) == ('welcome', 'Welcome')
    assert person['last_name'] in answer['name']
    wait_for_badges(stack, count + 1)
    expect(part(page, 'badges')).to_contain_text('Badge: Printed')
    # a screen reader says both
    expect(page.locator('[aria-live=assertive]')).to_contain_text('Welcome')
    expect(page.locator('[aria-live=polite]')).to_contain_text('Printed')
    keep(page, 'scan-station-welcome')
    assert fits(page)
    page.set_viewport_size(PHONE)
    assert fits(page)
    keep(page, 'scan-station-phone')
    # at once again: the same answer, and nothing is sent
    station.type(code)
    expect(part(page, 'word')).to_have_text('Welcome')
    assert len(station.answers()) == 1
    # later: it is said since when
    page.reload()
    page.wait_for_selector('#scan[data-ready]')
    answer = station.scan(code)
    assert answer['word'].startswith('Already in since')
    # both times are of the event's zone; the hour may have changed between them
    since, line = answer['word'].split()[-1], part(page, 'lines').locator('time').first.inner_text()
    assert (int(line[:2]) - int(since[:2])) % 24 in {0, 1}
    picture(page, 'scan-station-already')
    answer = station.scan('{"i":[2,"' + stack.url + '","AAAA"]}')
    assert answer['word'] == 'Unknown code'
    picture(page, 'scan-station-unknown')
    assert station.scan(other_code)['word'] == 'Welcome'
    expect(part(page, 'lines').locator('li')).to_have_count(3)
    wait_for_badges(stack, count + 2)
    assert len(stack.papers()) == count + 2


@pytest.mark.parametrize(('layout', 'wedge'), [('de', {}), ('fr', {}), ('us', {'suffix': None}), ('us', {'gap': 0.02}),
                                               ('us', {'stall': 0.6})])
def test_scanners_and_keyboards(stack, open_page, take, layout, wedge):
    person, = take(1)
    station = open_page(layout, **wedge)
    assert station.scan(tickets(stack, [person])[0])['word'] == 'Welcome'


def test_keys_are_caught_wherever_the_focus_is(stack, open_page, take):
    people = take(3)
    codes = tickets(stack, people)
    station = open_page()
    page = station.page
    # in the field, whose text stays as it was
    part(page, 'search').focus()
    page.keyboard.type('mu', delay=150)
    assert station.scan(codes[0])['word'] == 'Welcome'
    expect(part(page, 'search')).to_have_value('mu')
    # on buttons, which are not pressed by the spaces and the Enter of a scan
    part(page, 'sound').focus()
    assert station.scan(codes[1].replace(':', ': '))['word'] == 'Welcome'
    expect(part(page, 'sound')).to_have_attribute('aria-pressed', 'true')
    part(page, 'undo').focus()
    assert station.scan(codes[2])['word'] == 'Welcome'
    assert 'undone' not in [x['answer'] for x in station.answers()]


def test_by_keyboard_alone(stack, open_page, take, picture):
    person, = take(1)
    station = open_page()
    page = station.page
    number, = stack.postgres.sql('indico', 'SELECT friendly_id FROM event_registration.registrations '
                                           f'WHERE id = {person["id"]}')
    for __ in range(20):
        page.keyboard.press('Tab')
        if page.evaluate('document.activeElement.id') == 'scan-search':
            break
    page.keyboard.type(f'#{number}', delay=150)
    expect(part(page, 'people').locator('button')).to_have_count(1)
    picture(page, 'scan-station-search')
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    expect(part(page, 'word')).to_have_text('Welcome')
    expect(part(page, 'search')).to_have_value('')
    # the focus is at the answer, and what can be done about it comes next
    page.keyboard.press('Tab')
    expect(part(page, 'undo')).to_be_focused()
    page.keyboard.press('Enter')
    expect(part(page, 'word')).to_have_text('Undone')
    # the button is gone
    expect(part(page, 'answer')).to_be_focused()
    checked_in, = stack.postgres.sql('indico', 'SELECT checked_in FROM event_registration.registrations '
                                               f'WHERE id = {person["id"]}')
    assert checked_in == 'f'


def test_a_name_is_typed_without_a_click(stack, open_page, take):
    person, = take(1)
    number, = stack.postgres.sql('indico', 'SELECT friendly_id FROM event_registration.registrations '
                                           f'WHERE id = {person["id"]}')
    page = open_page().page
    # letters that are on no American keyboard would come without their keys here
    page.keyboard.type(f'#{number}', delay=130)
    expect(part(page, 'search')).to_have_value(f'#{number}')
    expect(part(page, 'search')).to_be_focused()
    expect(part(page, 'people').locator('button').first).to_contain_text(person['last_name'])


def test_what_to_do_about_a_badge(stack, open_page, take, keep):
    """One that waits, and one that is out, by keyboard: the badge comes out, and the focus stays where it was."""
    person, = take(1)
    desk_id, (ticket,) = stack.seeded['desks']['Desk 1'], tickets(stack, [person])
    station = open_page()
    page = station.page
    count = len(stack.papers())
    set_paused(stack, desk_id, 'true')
    try:
        station.scan(ticket)
        expect(part(page, 'badges')).to_contain_text('Badge: Held')
        keep(page, 'scan-station-held')
        page.wait_for_timeout(1000)
        part(page, 'actions').get_by_role('button', name='Print it now').focus()
        page.keyboard.press('Enter')
        expect(part(page, 'sentence')).to_have_text('The badge prints now.')
        expect(part(page, 'answer')).to_be_focused()
        expect(part(page, 'badges')).to_contain_text('Badge: Printed')
    finally:
        set_paused(stack, desk_id, 'false')
    wait_for_badges(stack, count + 1)
    page.reload()
    page.wait_for_selector('#scan[data-ready]')
    assert station.scan(ticket)['answer'] == 'already_in'
    reasons = part(page, 'actions').locator('summary')
    expect(reasons).to_have_text('Print again')
    page.wait_for_timeout(1000)
    reasons.focus()
    page.keyboard.press('Enter')
    page.set_viewport_size(PHONE)
    assert fits(page)
    keep(page, 'scan-station-again')
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    expect(part(page, 'sentence')).to_contain_text('is on its way')
    expect(part(page, 'answer')).to_be_focused()
    wait_for_badges(stack, count + 2)
    expect(part(page, 'badges')).to_contain_text('Badge: Printed')


def set_paused(stack, desk_id, paused):
    stack.postgres.sql('indico', f'UPDATE plugin_checkin_print.desks SET paused = {paused} WHERE id = {desk_id}')


def test_the_connection_is_lost(stack, open_page, take, keep):
    """What was scanned meanwhile is kept, and answered in order."""
    people = take(3)
    codes = tickets(stack, people)
    station = open_page()
    page = station.page
    page.context.set_offline(True)
    for code in codes:
        station.type(code)
    expect(part(page, 'connection')).to_contain_text('No connection to Indico. Scans that wait: 3.')
    expect(part(page, 'word')).to_have_text('Kept')
    keep(page, 'scan-station-offline')
    page.context.set_offline(False)
    answers = station.wait(3)
    assert [x['answer'] for x in answers] == ['welcome'] * 3
    assert all(person['last_name'] in x['name'] for person, x in zip(people, answers, strict=True))
    expect(part(page, 'connection')).to_be_hidden()


def test_somebody_is_logged_out(stack, open_page, take):
    """The scan waits, and goes out when somebody has logged in again in another window of the browser."""
    person, = take(1)
    station = open_page()
    context = station.page.context
    cookies = context.cookies()
    context.clear_cookies()
    station.type(tickets(stack, [person])[0])
    expect(part(station.page, 'connection')).to_contain_text('You are logged out')
    expect(part(station.page, 'login')).to_be_visible()
    context.clear_cookies()
    context.add_cookies(cookies)
    assert station.wait(1)[0]['answer'] == 'welcome'


def test_not_paid(stack, open_page, take, keep):
    person, = take(1)
    stack.postgres.sql('indico', f'UPDATE event_registration.registrations SET state = {RegistrationState.unpaid} '
                                 f'WHERE id = {person["id"]}')
    station = open_page()
    assert station.scan(tickets(stack, [person])[0])['word'] == 'Not paid'
    keep(station.page, 'scan-station-not-paid')
    station.page.get_by_role('button', name='Check in all the same').click()
    expect(part(station.page, 'word')).to_have_text('Welcome')
    expect(part(station.page, 'badges')).to_contain_text('Held')


def open_dialog(page, name='Edit for this print'):
    page.get_by_role('button', name=name).click()
    dialog = page.get_by_role('dialog')
    expect(dialog.get_by_role('button', name='Print', exact=True)).to_be_visible()
    return dialog


def texts_of(papers):
    return [read(paper.path).text for paper in papers]


def test_edit_for_this_print(stack, open_page, take, keep, picture):
    person, = take(1)
    station = open_page()
    page = station.page
    count = len(stack.papers())
    station.scan(tickets(stack, [person])[0])
    wait_for_badges(stack, count + 1)
    dialog = open_dialog(page)
    first, institution = dialog.get_by_label('First Name'), dialog.get_by_label('Institution')
    expect(first).to_be_focused()
    expect(first).to_have_value(person['first_name'])
    first.fill('Countess')
    institution.fill('Analytical Engines & Sons')
    dialog.get_by_label('Copies').fill('2')
    keep(page, 'scan-station-edit')
    # of private use: each font has something else there
    first.fill('Ada \ue000')
    dialog.get_by_role('button', name='Print', exact=True).click()
    expect(dialog.get_by_role('alert')).to_have_text('First Name: There is a character in it that cannot be printed.')
    expect(first).to_be_focused()
    first.fill('Countess')
    page.set_viewport_size(PHONE)
    assert fits(page)
    picture(page, 'edit-print-phone')
    page.set_viewport_size({'width': 1280, 'height': 900})
    institution.press('Enter')
    expect(part(page, 'word')).to_have_text('Edited')
    expect(dialog).to_be_hidden()
    expect(part(page, 'answer')).to_be_focused()
    wait_for_badges(stack, count + 3)
    expect(part(page, 'badges')).to_contain_text('Badge: Printed')
    picture(page, 'edit-print-printed')
    before, *edited = texts_of(stack.papers()[count:])
    assert person['first_name'] in before
    for text in edited:
        assert 'Countess' in text
        assert 'Analytical Engines & Sons' in text
        assert person['last_name'] in text
    first_name, = stack.postgres.sql('indico', 'SELECT first_name FROM event_registration.registrations '
                                               f'WHERE id = {person["id"]}')
    assert first_name == person['first_name']
    assert len(stack.papers()) == count + 3


def test_a_scan_while_a_badge_is_edited(stack, open_page, take, picture):
    """The scan is answered, whatever has the focus, and what was typed stays."""
    first, second, third = take(3)
    codes = tickets(stack, [first, second, third])
    station = open_page()
    page = station.page
    count = len(stack.papers())
    station.scan(codes[0])
    dialog = open_dialog(page)
    name = dialog.get_by_label('First Name')
    name.fill('Countess')
    assert station.scan(codes[1])['answer'] == 'welcome'
    expect(part(page, 'edit-note')).to_contain_text(second['last_name'])
    expect(name).to_have_value('Countess')
    picture(page, 'edit-print-scanned-meanwhile')
    # on a button, which is not pressed by its Enter, nor by its blanks
    dialog.get_by_role('button', name='Cancel').focus()
    assert station.scan(codes[2].replace(':', ': '))['answer'] == 'welcome'
    expect(part(page, 'edit-note')).to_contain_text(third['last_name'])
    expect(name).to_have_value('Countess')
    dialog.get_by_role('button', name='Print', exact=True).click()
    expect(part(page, 'name')).to_contain_text(first['last_name'])
    wait_for_badges(stack, count + 4)
    assert sum('Countess' in text for text in texts_of(stack.papers()[count:])) == 1
    assert len(stack.papers()) == count + 4


def test_the_dialog_is_there_at_once(stack, open_page, take):
    """It says that it loads, takes what was typed as soon as it can, and is closed by Escape before that."""
    person, = take(1)
    station = open_page()
    page = station.page
    station.scan(tickets(stack, [person])[0])
    page.route('**/scan/edit/*', lambda route: (page.wait_for_timeout(1500), route.continue_()))
    part(page, 'edit').click()
    dialog = page.get_by_role('dialog')
    expect(dialog.get_by_role('status')).to_have_text('One moment…')
    expect(dialog.get_by_label('First Name')).to_be_focused()
    page.keyboard.press('Escape')
    expect(dialog).to_be_hidden()
    part(page, 'edit').click()
    expect(dialog.get_by_role('status')).to_have_text('One moment…')
    page.keyboard.press('Escape')
    page.wait_for_timeout(2000)
    expect(dialog).to_be_hidden()


def test_edit_by_keyboard_alone(stack, open_page, take):
    person, = take(1)
    station = open_page()
    page = station.page
    code, = tickets(stack, [person])
    station.scan(code)
    expect(part(page, 'undo')).to_be_hidden()
    count = len(stack.papers())
    part(page, 'answer').focus()
    page.keyboard.press('Tab')
    expect(part(page, 'edit')).to_be_focused()
    page.keyboard.press('Enter')
    dialog = page.get_by_role('dialog')
    expect(dialog.get_by_label('First Name')).to_be_focused()
    page.keyboard.press('Escape')
    expect(dialog).to_be_hidden()
    expect(part(page, 'answer')).to_be_focused()
    # nothing of the person stays in the page's dialog
    assert part(page, 'edit-dialog').inner_html() == ''
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    expect(dialog.get_by_label('First Name')).to_be_focused()
    page.keyboard.press('Control+A')
    page.keyboard.type('Countess', delay=120)
    # past the other texts
    for __ in range(12):
        if page.evaluate('document.activeElement.type') == 'submit':
            break
        page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    expect(part(page, 'word')).to_have_text('Edited')
    wait_for_badges(stack, count + 1)
    assert 'Countess' in texts_of(stack.papers()[count:])[0]


def test_another_template_and_another_printer(stack, log_in, take, picture):
    """A manager may choose both; the badge comes out where it was asked for."""
    person, = take(1)
    station = ScanPage(stack, log_in('manager'))
    page = station.page
    stack.postgres.sql('indico', f"""
        INSERT INTO plugin_checkin_print.desk_printers (desk_id, position, agent_id, printer)
        SELECT {stack.seeded['desks']['Desk 1']}, 9, agent_id, printer FROM plugin_checkin_print.desk_printers
        WHERE desk_id = {stack.seeded['desks']['Desk 2']}
    """)
    other, = stack.postgres.sql('indico', 'SELECT printer FROM plugin_checkin_print.desk_printers WHERE position = 9')
    try:
        count = len(stack.papers())
        station.scan(tickets(stack, [person])[0])
        wait_for_badges(stack, count + 1)
        before = {paper.path for paper in stack.papers()}
        dialog = open_dialog(page)
        dialog.get_by_label('First Name').fill('Countess')
        dialog.get_by_label('Name label 90 x 55 mm').check()
        # what was typed is there on the other template as well
        expect(dialog.get_by_label('Name label 90 x 55 mm')).to_be_focused()
        expect(dialog.get_by_label('First Name')).to_have_value('Countess')
        dialog.get_by_label(other, exact=True).check()
        picture(page, 'edit-print-template')
        dialog.get_by_role('button', name='Print', exact=True).click()
        wait_for_badges(stack, count + 2)
        paper, = (paper for paper in stack.papers() if paper.path not in before)
        content = read(paper.path)
        assert paper.printer == other
        assert 'Countess' in content.text
        assert [round(side) for side in content.pages[0]] == [90, 55]
    finally:
        stack.postgres.sql('indico', 'DELETE FROM plugin_checkin_print.desk_printers WHERE position = 9')


def test_the_connection_is_lost_while_a_badge_is_edited(stack, open_page, take):
    person, = take(1)
    station = open_page()
    page = station.page
    count = len(stack.papers())
    station.scan(tickets(stack, [person])[0])
    wait_for_badges(stack, count + 1)
    dialog = open_dialog(page)
    dialog.get_by_label('First Name').fill('Countess')
    page.context.set_offline(True)
    dialog.get_by_role('button', name='Print', exact=True).click()
    expect(dialog.get_by_role('alert')).to_contain_text('it is not known whether the badge prints')
    page.context.set_offline(False)
    dialog.get_by_role('button', name='Print', exact=True).click()
    expect(part(page, 'word')).to_have_text('Edited')
    wait_for_badges(stack, count + 2)
    assert len(stack.papers()) == count + 2


@pytest.fixture
def entrance(stack):
    """Who is checked in at the entrance, with a token, gets no badge; scan stations and kiosks print it."""
    manager = Manager(stack)
    set_rules(manager, ['scan', 'kiosk'], badge_desk=True)
    yield CheckIn(stack)
    set_rules(manager, DEFAULT_WAYS)


def test_checked_in_at_the_entrance(stack, open_page, take, entrance, picture):
    people = take(3)
    codes = tickets(stack, people)
    count = len(stack.papers())
    for person in people:
        entrance(person)
    station, other = open_page(), open_page()
    assert not any_badge_within(stack, 2, besides=count)
    answer = station.scan(codes[0])
    assert (answer['answer'], answer['word']) == ('welcome', 'Welcome')
    assert people[0]['last_name'] in answer['name']
    expect(part(station.page, 'sentence')).to_have_text(
        re.compile(r'Checked in at \d+:\d\d( [AP]M)?\. The badge prints\.'))
    expect(part(station.page, 'undo')).to_be_hidden()
    expect(part(station.page, 'badges')).to_contain_text('Badge: Printed')
    picture(station.page, 'scan-station-badge-desk')
    station.page.set_viewport_size(PHONE)
    assert fits(station.page)
    # two stations scan one ticket at the same moment
    for page in (station, other):
        page.type(codes[1])
    answers = [page.wait(count)[-1]['answer'] for page, count in ((station, 2), (other, 1))]
    assert sorted(answers) == ['already_in', 'welcome']
    wait_for_badges(stack, count + 2)
    # and once more, later
    assert other.scan(codes[0])['answer'] == 'already_in'
    assert not any_badge_within(stack, 2, besides=count + 2)


def test_check_in_only(stack, open_page, take, keep):
    """Chosen by keyboard, always visible, and kept by the browser; what is scanned offline keeps its way."""
    first, second, third = take(3)
    codes = tickets(stack, [first, second, third])
    manager = Manager(stack)
    set_rules(manager, DEFAULT_WAYS, badge_desk=True)
    try:
        count = len(stack.papers())
        station = open_page()
        page = station.page
        note = part(page, 'only-note')
        expect(note).to_be_hidden()
        part(page, 'sound').focus()
        page.keyboard.press('Tab')
        expect(part(page, 'only')).to_be_focused()
        page.keyboard.press('Enter')
        expect(part(page, 'only')).to_have_attribute('aria-pressed', 'true')
        expect(note).to_have_text('Check in only: this scan station prints no badges.')
        expect(part(page, 'desk')).to_be_hidden()
        page.reload()
        page.wait_for_selector('#scan[data-ready]')
        expect(note).to_be_visible()
        assert station.scan(codes[0])['word'] == 'Welcome'
        expect(part(page, 'sentence')).to_have_text('Checked in. Badge at the badge desk.')
        expect(part(page, 'edit')).to_be_hidden()
        expect(part(page, 'undo')).to_be_visible()
        keep(page, 'scan-station-check-in-only')
        page.set_viewport_size(PHONE)
        assert fits(page)
        expect(note).to_be_in_viewport()
        page.context.set_offline(True)
        station.type(codes[1])
        expect(part(page, 'word')).to_have_text('Kept')
        # the switch is for what is scanned from now on
        part(page, 'only').click()
        expect(note).to_be_hidden()
        page.context.set_offline(False)
        expect(part(page, 'sentence')).to_have_text('Checked in. Badge at the badge desk.')
        assert not any_badge_within(stack, 2, besides=count)
        # the same ticket at once is another scan now
        station.scan(codes[1])
        expect(part(page, 'sentence')).to_contain_text('The badge prints.')
        for code in (codes[2], codes[0]):
            assert station.scan(code)['word'] == 'Welcome'
        wait_for_badges(stack, count + 3)
    finally:
        set_rules(manager, DEFAULT_WAYS)


def test_the_camera_of_a_phone(stack, chromium, take, tmp_path, picture):
    """Chromium has no decoder of its own here, as phones of one maker and other browsers have none: ours is loaded."""
    person, = take(1)
    film = write_film(tmp_path / 'ticket.y4m', tickets(stack, [person])[0])
    with chromium.browser_type.launch(executable_path=browser.find(), args=camera(film)) as phone:
        station = ScanPage.open(stack, phone)
        page = station.page
        page.set_viewport_size(PHONE)
        part(page, 'camera').click()
        assert station.wait(1)[0]['answer'] == 'welcome'
        assert page.evaluate('"ZXingWASM" in window')
        # it stays before the camera, and is not scanned again and again
        page.wait_for_timeout(4000)
        assert len(station.answers()) == 1
        picture(page, 'scan-station-camera')
        part(page, 'camera').click()
        expect(part(page, 'video')).to_be_hidden()


def test_not_paid_at_the_badge_desk(stack, open_page, take, entrance):
    """An event that prints nobody's badge who has not paid leaves volunteers nothing to press."""
    person, = take(1)
    set_rules(Manager(stack), ['scan', 'kiosk'], badge_desk=True, unpaid='skip')
    stack.postgres.sql('indico', f'UPDATE event_registration.registrations SET state = {RegistrationState.unpaid} '
                                 f'WHERE id = {person["id"]}')
    entrance(person)
    station = open_page()
    assert station.scan(tickets(stack, [person])[0])['word'] == 'Not paid'
    expect(part(station.page, 'sentence')).to_contain_text('The badge waits')
    expect(part(station.page, 'unpaid')).to_be_hidden()

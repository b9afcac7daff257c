"""The jobs page in Chromium, on the whole stack: a manager finds badges, pages, releases some, and takes the file."""

import csv
import re

import pytest
from playwright.sync_api import expect

from tests.stack.checkin import CheckIn
from tests.stack.manager import Manager
from tests.system.conftest import EXPECT_TIMEOUT, makes_a_picture


#: More than a page
PEOPLE = 60


@pytest.fixture(scope='module')
def held(stack, take):
    """Check a bus full of people in with one click, so that their badges wait. Return the people."""
    people = take(PEOPLE)
    Manager(stack).check_in_all(people)
    return people


@pytest.fixture
def page(stack, held, log_in):
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/checkin-print/')
    follow(page, 'All badges')
    expect(page).to_have_url(re.compile('/checkin-print/jobs/$'))
    return page


def rows(page):
    return page.locator('tr[data-job]')


def ids(page):
    return [int(id_) for id_ in rows(page).evaluate_all('rows => rows.map(row => row.dataset.job)')]


def show(page, *states, **fields):
    """Fill the filters and press the button."""
    for state in states:
        page.get_by_role('checkbox', name=state, exact=True).check()
    for label, value in fields.items():
        page.get_by_label(label.replace('_', ' ')).fill(value)
    page.get_by_role('button', name='Show').click()
    page.wait_for_load_state()


def follow(page, name):
    """Follow a link, and wait for all of the page."""
    page.get_by_role('link', name=name).first.click()
    page.wait_for_load_state()


def test_filters_and_pages(page):
    show(page, 'Held')
    expect(page).to_have_url(re.compile('state=held'))
    expect(rows(page)).to_have_count(50)
    first = ids(page)
    assert first == sorted(first, reverse=True)
    follow(page, 'Older')
    expect(rows(page)).to_have_count(PEOPLE - 50)
    second = ids(page)
    assert max(second) < min(first)
    expect(page.get_by_role('link', name='Older')).to_have_count(0)
    follow(page, 'Newer')
    page.wait_for_load_state()
    assert ids(page) == first
    # the address says it all
    page.reload()
    assert ids(page) == first
    expect(page.get_by_role('checkbox', name='Held', exact=True)).to_be_checked()
    follow(page, 'Show all')
    expect(page.get_by_role('checkbox', name='Held', exact=True)).not_to_be_checked()


def test_name_and_history(page, held):
    person = held[0]
    show(page, Name_or_registration_number=f'{person["last_name"]} {person["first_name"]}'.upper())
    expect(rows(page).first).to_contain_text(person['last_name'])
    expect(rows(page)).to_have_count(len([x for x in held if x['last_name'] == person['last_name']
                                          and x['first_name'] == person['first_name']]))
    rows(page).first.get_by_role('button', name='History').click()
    expect(page.get_by_role('dialog')).to_contain_text('Many people were checked in at once.')
    page.keyboard.press('Escape')
    show(page, Name_or_registration_number='nobody of that name')
    expect(page.get_by_text('No badge matches.')).to_be_visible()


def test_release_some_by_keyboard(stack, page):
    show(page, 'Held')
    before = len(stack.printers['desk1'].papers())
    release = page.locator('#jobs-chosen').get_by_role('button', name='Release')
    expect(release).to_be_disabled()
    boxes = page.locator('.js-job')
    chosen = ids(page)[:3]
    for number in range(3):
        boxes.nth(number).focus()
        page.keyboard.press('Space')
    expect(page.locator('#jobs-count')).to_have_text('3 chosen')
    release.press('Enter')
    expect(page.get_by_text('Badges that print now: 3')).to_be_visible()
    # back where it was, without those that are not held any more
    expect(page).to_have_url(re.compile('state=held'))
    assert not set(chosen) & set(ids(page))
    follow(page, 'Show all')
    for __ in range(EXPECT_TIMEOUT // 500):
        if len(stack.printers['desk1'].papers()) - before >= 3:
            break
        page.wait_for_timeout(500)
    assert len(stack.printers['desk1'].papers()) - before == 3
    page.reload()
    for id_ in chosen:
        expect(page.locator(f'#job-{id_}')).to_have_attribute('data-state', re.compile('printing|completed|sent'))


def test_all_on_this_page_and_discard(page):
    show(page, 'Held')
    shown = ids(page)
    page.get_by_role('checkbox', name='Choose all on this page').check()
    expect(page.locator('#jobs-count')).to_have_text(f'{len(shown)} chosen')
    # all but the first five
    for number in range(5):
        page.locator('.js-job').nth(number).uncheck()
    discard = page.locator('#jobs-chosen').get_by_role('button', name='Discard')
    discard.click()
    page.get_by_role('button', name='Cancel', exact=True).click()
    assert ids(page) == shown
    discard.click()
    page.get_by_role('button', name='OK', exact=True).click()
    expect(page.get_by_text(f'Badges that were discarded: {len(shown) - 5}')).to_be_visible()
    assert ids(page)[:5] == shown[:5]


def test_reprint(stack, page, take):
    for person in take(2, form=1):
        CheckIn(stack)(person)
    show(page, 'Printed')
    for __ in range(EXPECT_TIMEOUT // 500):
        if rows(page).count() >= 2:
            break
        page.wait_for_timeout(500)
        page.reload()
    chosen = ids(page)[:2]
    for number in range(2):
        page.locator('.js-job').nth(number).check()
    page.locator('#jobs-chosen').get_by_role('button', name='Print again').click()
    dialog = page.get_by_role('dialog')
    expect(dialog).to_contain_text('Badges that you have chosen: 2')
    dialog.locator('#reason').select_option('misprint')
    dialog.locator('input[type=submit]').click()
    expect(page.get_by_text('Other badges that are on their way: 2')).to_be_visible()
    follow(page, 'Show all')
    reprint = rows(page).first
    expect(reprint).to_contain_text('Reprint of the badge from')
    # from the new one to the old one
    reprint.locator('a[href*="#job-"]').click()
    expect(rows(page).first).to_have_attribute('data-job', re.compile('|'.join(map(str, chosen))))


def test_file(page, tmp_path):
    show(page, 'Cancelled')
    shown = ids(page)
    with page.expect_download() as download:
        page.get_by_role('link', name='Export CSV').click()
    path = tmp_path / 'badges.csv'
    download.value.save_as(path)
    assert re.fullmatch(r'badges-\d+-[\d-]+\.csv', download.value.suggested_filename)
    with path.open(encoding='utf-8-sig', newline='') as file:
        lines = list(csv.DictReader(file))
    assert [int(line['ID']) for line in lines][:len(shown)] == shown
    assert {line['State'] for line in lines} == {'Cancelled'}
    assert {line['Reason'] for line in lines} >= {'Somebody discarded it.'}


def test_without_scripts(stack, held, chromium, page):
    context = chromium.new_context(base_url=stack.url, java_script_enabled=False,
                                   storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(f'{stack.event_url}/manage/checkin-print/jobs/?state=held')
    chosen = ids(page) and int(plain.locator('tr[data-job]').first.get_attribute('data-job'))
    plain.locator('.js-job').first.check()
    plain.locator('#jobs-chosen').get_by_role('button', name='Discard').click()
    expect(plain.get_by_text('Badges that were discarded: 1')).to_be_visible()
    expect(plain.locator(f'#job-{chosen}')).to_have_count(0)
    context.close()


@pytest.mark.parametrize('login', ['stranger', 'volunteer'])
def test_refused(stack, log_in, login):
    page = log_in(login)
    jobs = f'{stack.event_url}/manage/checkin-print/jobs/'
    assert page.goto(jobs).status == 403
    assert page.request.get(f'{jobs}export').status == 403


@makes_a_picture
def test_picture(page, keep):
    page.set_viewport_size({'width': 1280, 'height': 900})
    page.locator('.js-job').nth(1).check()
    # Indico lets the buttons above the list fade in
    page.wait_for_timeout(1000)
    keep(page, 'jobs-page')


def test_names_of_any_kind(stack, page, held):
    """A long name does not push the buttons out of the window; one from right to left ends before its number."""
    long, arabic = held[0]['id'], held[1]['id']
    stack.postgres.sql('indico', f"""
        UPDATE event_registration.registrations SET first_name = repeat('W', 300) WHERE id = {long};
        UPDATE event_registration.registrations SET first_name = 'محمد', last_name = 'الخوارزمي' WHERE id = {arabic};
    """)
    for name in ('WWWW', 'الخوارزمي'):
        show(page, Name_or_registration_number=name)
        expect(rows(page)).to_have_count(1)
        assert page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')
    # else the number behind it would be read as "2#"
    assert rows(page).locator('td a > bdi').inner_text() == 'محمد الخوارزمي'

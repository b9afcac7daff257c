"""Badges on Indico's own pages in Chromium: print again from a registration, and from the participant list."""

import re

from playwright.sync_api import expect

from tests.stack.checkin import CheckIn
from tests.stack.states import JobState


def _dialog(page):
    return page.get_by_role('dialog')


def _save(page, reason):
    _dialog(page).locator('#reason').select_option(reason)
    _dialog(page).locator('input[type=submit]').click()


def _badge(page):
    return page.locator('#registration-details [data-badge]')


def test_print_again_from_both_pages(stack, log_in, take):
    page = log_in('manager')
    person, = take(1)
    pages = f'{stack.event_url}/manage/registration/{person["form_id"]}/registrations'
    page.goto(f'{pages}/{person["id"]}/')
    expect(_badge(page)).to_contain_text('It prints when the person is checked in.')
    CheckIn(stack)(person)

    def _is_out(times=0):
        expect(_badge(page)).to_have_count(1)
        for __ in range(20):
            page.goto(f'{pages}/{person["id"]}/')
            if re.search('completed|sent', _badge(page).get_attribute('data-state')):
                break
            page.wait_for_timeout(1000)
        expect(_badge(page)).to_have_attribute('data-state', re.compile('completed|sent'))
        if times:
            expect(_badge(page)).to_contain_text(f'Printed again: {times}.')

    _is_out()
    button = _badge(page).get_by_role('button', name='Print again')
    # in a line, as Indico's own sections of this box are
    icon, text, box = (x.bounding_box() for x in (_badge(page).locator('.icon'), _badge(page).locator('.text'), button))
    assert icon['x'] + icon['width'] <= text['x'] < text['x'] + text['width'] <= box['x']
    button.click()
    _save(page, 'lost')
    expect(_dialog(page)).to_have_count(0)
    _is_out(1)
    _badge(page).get_by_role('link', name='History').click()
    expect(_dialog(page)).to_contain_text('The badge was lost; somebody asked for another one.')

    page.goto(f'{pages}/')
    page.locator(f'#registration-{person["id"]} input[type=checkbox]').check()
    page.get_by_role('button', name='Actions').click()
    page.get_by_text('Print badges at the desk').click()
    expect(_dialog(page)).to_contain_text('Had a badge, will get another one: 1.')
    _save(page, 'misprint')
    expect(page.get_by_text('Printed again: 1')).to_be_visible()
    page.goto(f'{pages}/{person["id"]}/')
    _is_out(2)


def test_the_page_of_a_registration_stays_up_to_date(stack, log_in, take):
    page = log_in('manager')
    person, = take(1)
    page.goto(f'{stack.event_url}/manage/registration/{person["form_id"]}/registrations/{person["id"]}/')
    expect(_badge(page)).to_contain_text('It prints when the person is checked in.')
    CheckIn(stack)(person)
    expect(_badge(page)).to_have_attribute('data-state', re.compile('completed|sent'), timeout=30000)
    expect(_badge(page)).to_contain_text(re.compile(r'Desk \d, desk\d'))
    job = _badge(page).get_attribute('data-job')
    stack.postgres.sql('indico', f"UPDATE plugin_checkin_print.jobs SET state = {JobState.unknown}, "
                                 f"reason = 'printer_unsure', changed_dt = now() AT TIME ZONE 'UTC' WHERE id = {job}")
    question = page.get_by_role('group', name=re.compile('come out'))
    expect(question).to_be_visible(timeout=15000)
    question.get_by_role('button', name='Yes').click()
    expect(_badge(page)).to_have_attribute('data-state', 'completed', timeout=15000)
    expect(page.get_by_text('Noted: the badge came out.')).to_be_visible()
    # the colours of the states come along
    _badge(page).get_by_role('link', name='History').click()
    dot = _dialog(page).locator('.checkin-print-state').first
    assert dot.evaluate("element => getComputedStyle(element, '::before').content") != 'none'


def test_a_volunteer_prints_a_badge_before_the_check_in(stack, log_in, take, picture):
    page = log_in('volunteer')
    person, = take(1)
    page.goto(f'{stack.event_url}/manage/registration/{person["form_id"]}/registrations/{person["id"]}/')
    picture(page, 'registration-early')
    button = _badge(page).get_by_role('button', name='Print badge')
    button.focus()
    page.keyboard.press('Enter')
    expect(_dialog(page)).to_contain_text('Not checked in, will get their badge now: 1.')
    _dialog(page).locator('input[type=submit]').click()
    expect(_badge(page)).to_have_attribute('data-state', re.compile('completed|sent'), timeout=30000)
    picture(page, 'registration-early-printed')
    before = sum(len(printer.papers()) for printer in stack.printers.values())
    CheckIn(stack)(person)
    expect(_badge(page)).to_contain_text('This person had a badge before.', timeout=30000)
    assert sum(len(printer.papers()) for printer in stack.printers.values()) == before

"""The pages for walk-ins in Chromium: Indico's own form, the badge, who is registered already; by keyboard as well."""

import re

import pytest
from playwright.sync_api import expect

from tests.stack.facts import wait_for_badges


PHONE = {'width': 390, 'height': 844}


@pytest.fixture
def page(stack, log_in):
    page = log_in('registrar')
    page.set_viewport_size(PHONE)
    page.goto(f'{stack.event_url}/desk/')
    page.get_by_role('link', name='Register a walk-in').click()
    expect(page.get_by_text('Choose the registration form.')).to_be_visible()
    return page


def fits(page):
    return page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')


def test_by_keyboard_from_the_form_to_the_badge(stack, page, keep):
    keep(page, 'walk-in-forms')
    page.get_by_role('link', name='Participants').focus()
    page.keyboard.press('Enter')
    # Indico's component draws the form; the first field has the focus
    first = page.locator('input[name="first_name"]')
    expect(first).to_be_focused()
    page.keyboard.type('Wanda')
    page.keyboard.press('Tab')
    page.keyboard.type('Walkinson')
    expect(page.locator('input[name="last_name"]')).to_have_value('Walkinson')
    page.locator('input[name="email"]').focus()
    page.keyboard.type('wanda@people.test')
    # Indico sends the form only after it has looked the address up
    expect(page.get_by_text('The registration will not be associated with any Indico account')).to_be_visible()
    assert fits(page)
    keep(page, 'walk-in')
    count = len(stack.papers())
    page.get_by_role('button', name='Register').focus()
    page.keyboard.press('Enter')
    expect(page.locator('.board-state')).to_contain_text('Checked in')
    expect(page.locator('[data-job]')).to_have_attribute('data-state', 'completed')
    wait_for_badges(stack, count + 1)
    assert fits(page)
    keep(page, 'walk-in-printed')
    # one key more for the next person
    expect(page.get_by_role('link', name='Next person')).to_be_focused()
    page.keyboard.press('Enter')
    expect(page.locator('input[name="first_name"]')).to_be_focused()


@pytest.fixture
def unreachable(stack):
    """The address of a user at which nobody can be reached."""
    old, new = 'manager@indico.example', 'mona@indico.invalid'
    change = "UPDATE users.emails SET email = '{}' WHERE email = '{}'"
    stack.postgres.sql('indico', change.format(new, old))
    yield new
    stack.postgres.sql('indico', change.format(old, new))


def test_what_the_server_refuses_is_said_beside_the_field(page, keep, unreachable):
    """The browser's check finds the account of an address, and then Indico refuses the address."""
    page.get_by_role('link', name='Participants').click()
    email = page.locator('input[name="email"]')
    page.locator('input[name="first_name"]').fill('Wim')
    # nobody has sent anything, so nothing is missing yet
    missing = page.get_by_text('You need to review some of the fields')
    expect(missing).to_be_hidden()
    page.get_by_role('button', name='Register').click()
    expect(missing).to_be_visible()
    page.locator('input[name="last_name"]').fill('Walker')
    email.fill(unreachable)
    promise = page.get_by_text('will be associated with the Indico account')
    expect(promise).to_be_visible()
    page.get_by_role('button', name='Register').click()
    refusal = page.locator('.field').filter(has=email).get_by_role('alert')
    expect(refusal).to_have_text('Invalid email address')
    expect(email).to_be_focused()
    expect(promise).to_be_hidden()
    assert fits(page)
    keep(page, 'walk-in-refused')
    email.fill('wim@people.test')
    expect(refusal).to_have_count(0)
    expect(page.get_by_text('The registration will not be associated with any Indico account')).to_be_visible()
    page.get_by_role('button', name='Register').click()
    expect(page.locator('.board-state')).to_contain_text('Checked in')


def test_who_is_registered_already(stack, page, take, keep):
    person, = take(1)
    email, = stack.postgres.sql('indico', f'SELECT email FROM event_registration.registrations '
                                          f'WHERE id = {person["id"]}')
    page.get_by_role('link', name='Participants').click()
    page.locator('input[name="email"]').fill(email)
    known = page.locator('#walk-in-known')
    expect(known).to_contain_text(f'{person["first_name"]} {person["last_name"]}')
    keep(page, 'walk-in-known')
    count = len(stack.papers())
    known.get_by_role('link', name='Go to check-in').click()
    expect(page.get_by_role('button', name='Check in and print')).to_be_focused()
    page.keyboard.press('Enter')
    expect(page.locator('[data-job]')).to_have_attribute('data-state', 'completed')
    wait_for_badges(stack, count + 1)


def test_what_is_missing_is_said_and_payment_is_asked(stack, page, keep):
    event_id, form_id = stack.seeded['event']['id'], stack.seeded['forms'][0]['id']
    where = f"event_id = {event_id} AND module = 'features' AND name = 'enabled'"
    stack.postgres.sql('indico', f"""
        UPDATE event_registration.forms SET base_price = 50 WHERE id = {form_id};
        UPDATE events.settings SET value = value || '["payment"]' WHERE {where}
    """)
    try:
        page.get_by_role('link', name='Participants').click()
        page.get_by_role('button', name='Register').click()
        expect(page.locator('input[name="first_name"]')).to_be_visible()
        assert re.search(r'/walk-in/\d+/$', page.url)
        page.locator('input[name="first_name"]').fill('Paula')
        page.locator('input[name="last_name"]').fill('Payer')
        page.locator('input[name="email"]').fill('paula@people.test')
        expect(page.get_by_text('The registration will not be associated with any Indico account')).to_be_visible()
        page.get_by_role('button', name='Register').click()
        expect(page.locator('#walk-in-state')).to_contain_text('To pay:')
        expect(page.locator('#walk-in-state')).to_contain_text('not checked in yet')
        assert fits(page)
        answers = page.get_by_role('button', name='check in')
        expect(answers).to_have_count(2)
        assert answers.first.bounding_box()['x'] == answers.last.bounding_box()['x']
        keep(page, 'walk-in-payment')
        count = len(stack.papers())
        page.get_by_role('button', name='Paid here: check in').click()
        expect(page.locator('#walk-in-state')).to_contain_text('Paid:')
        expect(page.locator('[data-job]')).to_have_attribute('data-state', 'completed')
        wait_for_badges(stack, count + 1)
    finally:
        stack.postgres.sql('indico', f"""
            UPDATE event_registration.forms SET base_price = 0 WHERE id = {form_id};
            UPDATE events.settings SET value = value - 'payment' WHERE {where}
        """)

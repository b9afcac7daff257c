"""The box *Which desk* in Chromium: rules by dialog, their order by mouse and by keys, what they would do."""

import pytest
from playwright.sync_api import expect

from tests.system.conftest import makes_a_picture


@pytest.fixture
def url(stack):
    yield f'{stack.event_url}/manage/checkin-print/setup'
    stack.postgres.sql('indico', "UPDATE plugin_checkin_print.events SET desk_rules = '[]'")


def box(page):
    return page.get_by_role('region', name='Which desk', exact=True)


def rules(page):
    return box(page).get_by_role('list', name='Desk rules, in order').get_by_role('listitem')


def add_rule(page, first, last, desk):
    box(page).get_by_role('button', name='Add a rule').click()
    dialog = page.get_by_role('dialog')
    dialog.get_by_label('Last name from').fill(first)
    dialog.get_by_label('Last name up to').fill(last)
    dialog.get_by_label('Desk', exact=True).select_option(label=desk)
    dialog.get_by_role('button', name='Show how many badges each desk would get').click()
    expect(dialog.locator('.checkin-print-bars')).to_be_visible()
    with page.expect_navigation():
        dialog.locator('input[type=submit]').click()


def order(page):
    return [text.split('last name ')[1].split('\n')[0].strip() for text in rules(page).all_inner_texts()]


@pytest.fixture
def page(log_in, url):
    page = log_in('manager')
    page.goto(url)
    for first, last, desk in (('A', 'K', 'Desk 2'), ('L', 'R', 'Desk 1'), ('B', 'C', 'Desk 1')):
        add_rule(page, first, last, desk)
    expect(rules(page)).to_have_count(3)
    return page


def test_order_by_keys_and_mouse(page, url, picture):
    assert order(page) == ['A – K', 'L – R', 'B – C']
    expect(rules(page).nth(2)).to_contain_text('Nobody gets here: Rule 1 comes first')
    # by keyboard, step by step; the handle keeps the focus and a screen reader is spoken to
    rules(page).nth(2).get_by_role('button', name='Move rule 3').focus()
    page.keyboard.press('ArrowUp')
    expect(page.locator('#checkin-print-news')).to_have_text('The rule is now number 2 of 3.')
    expect(rules(page).nth(1)).to_contain_text('B – C')
    expect(rules(page).nth(1).locator('.checkin-print-handle')).to_be_focused()
    page.keyboard.press('ArrowUp')
    expect(page.locator('#checkin-print-news')).to_have_text('The rule is now number 1 of 3.')
    expect(rules(page).nth(0)).to_contain_text('B – C')
    expect(box(page)).not_to_contain_text('Nobody gets here')
    # by button
    rules(page).nth(0).get_by_role('button', name='Move down rule 1').press('Enter')
    expect(rules(page).nth(1)).to_contain_text('B – C')
    # by mouse, to the end
    handle = rules(page).nth(0).locator('.checkin-print-handle').bounding_box()
    last = rules(page).nth(2).bounding_box()
    page.mouse.move(handle['x'] + 5, handle['y'] + 5)
    page.mouse.down()
    page.mouse.move(last['x'] + 20, last['y'] + last['height'] - 4, steps=8)
    page.mouse.up()
    expect(rules(page).nth(2)).to_contain_text('A – K')
    page.wait_for_load_state('networkidle')
    page.reload()
    assert order(page) == ['B – C', 'L – R', 'A – K']


def test_try_it_and_bars(page, stack, picture):
    person = next(one for one in stack.seeded['registrations'] if one['last_name'][0] in 'LMNOP')
    box(page).get_by_label('Name, or number of the registration').fill(f'{person["first_name"]} {person["last_name"]}')
    page.keyboard.press('Enter')
    expect(page.locator('#checkin-print-tried')).to_contain_text('because of rule 2: last name L – R')
    bars = box(page).locator('#checkin-print-bars')
    counts = [int(text) for text in bars.locator('td.number').all_inner_texts()]
    assert sum(counts) == len(stack.seeded['registrations'])
    assert min(counts) > 0
    box(page).scroll_into_view_if_needed()
    picture(page, 'desk-rules')
    box(page).get_by_role('button', name='Edit rule 1').click()
    expect(page.get_by_role('dialog').get_by_label('Last name from')).to_have_value('A')
    picture(page, 'desk-rule-dialog')


def test_on_a_phone(page, picture):
    page.set_viewport_size({'width': 390, 'height': 800})
    page.reload()
    expect(box(page).locator('.checkin-print-bars')).to_be_visible()
    picture(page, 'desk-rules-phone')
    too_wide = page.evaluate("""[...document.querySelectorAll('#checkin-print-rules *')].filter(
        x => x.getBoundingClientRect().right > 391).map(x => x.outerHTML.slice(0, 90))""")
    assert too_wide == []
    assert box(page).evaluate('x => x.scrollWidth <= x.clientWidth + 1')


@makes_a_picture
def test_picture(page, keep):
    expect(box(page).locator('.checkin-print-bars')).to_be_visible()
    box(page).get_by_label('Name, or number of the registration').fill('Müller')
    page.keyboard.press('Enter')
    expect(page.locator('#checkin-print-tried')).to_contain_text('#')
    keep(page, 'desk-rules', box(page))

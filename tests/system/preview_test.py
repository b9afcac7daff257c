"""Badges that somebody looks at in Chromium: one as a printer prints it, and many as small pictures."""

import json
import re
import sys

from playwright.sync_api import expect

from tests.system.conftest import EXPECT_TIMEOUT


#: A character that no font has
BOX = '\ue123'


def test_preview(stack, log_in, take, keep):
    person, = take(1)
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/registration/{person["form_id"]}/registrations/{person["id"]}/')
    page.locator('#registration-details [data-badge]').get_by_role('link', name='Preview').click()
    dialog = page.get_by_role('dialog')
    first = dialog.get_by_role('img').get_attribute('src')
    expect(dialog).to_contain_text('300 dots in an inch. In colours.')
    keep(page, 'preview', dialog)
    # another printer, by keyboard: the picture is another one, the focus stays
    choice = dialog.get_by_label('Printed at')
    choice.focus()
    with page.expect_response(re.compile('/preview')):
        page.keyboard.press('ArrowDown')
    expect(dialog.locator('[aria-busy]')).to_have_count(0)
    expect(dialog.get_by_role('img')).to_have_count(1)
    assert first.startswith('data:image/png;base64,')
    expect(choice).to_be_focused()


def test_contact_sheet(stack, log_in, take, keep):
    people = take(14)
    stack.indico.run(sys.executable, '-m', 'tests.stack.correct',
                     stdin=json.dumps({'rename': {people[0]['id']: f'Nora {BOX}'}}))
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/registration/{people[0]["form_id"]}/registrations/')
    for person in people:
        page.locator(f'#registration-{person["id"]} input[type=checkbox]').check()
    page.get_by_role('button', name='Actions').click()
    page.get_by_text('Contact sheet of badges', exact=True).click()
    dialog = page.get_by_role('dialog')
    expect(dialog).to_contain_text('Badges to be shown as small pictures: 14.')
    dialog.get_by_role('button', name='Show', exact=True).click()
    page.wait_for_url(re.compile('/contact-sheet/'))
    page.get_by_role('button', name='Load all', exact=True).click()
    expect(page.get_by_role('status')).to_have_text('14 are shown, 1 of them with a problem.',
                                                    timeout=2 * EXPECT_TIMEOUT)
    expect(page.get_by_role('img')).to_have_count(14)
    keep(page, 'contact-sheet')
    page.get_by_label('Only those with a problem').check()
    expect(page.locator('figure:visible')).to_have_count(1)
    expect(page.locator('figure:visible')).to_contain_text('U+E123')

"""A batch in Chromium on the whole stack: from the participant list to its page, paused, resumed and cancelled."""

import re

from playwright.sync_api import expect

from tests.stack.pictures import save_paper
from tests.system.conftest import EXPECT_TIMEOUT, PICTURES, makes_a_picture


PHONE = {'width': 390, 'height': 844}


def begin(stack, page, people):
    """Choose people in the participant list and open the dialog of a batch; return it."""
    page.goto(f'{stack.event_url}/manage/registration/{people[0]["form_id"]}/registrations/')
    for person in people:
        page.locator(f'#registration-{person["id"]} input[type=checkbox]').check()
    page.get_by_role('button', name='Actions').click()
    page.get_by_text('Print a batch of badges', exact=True).click()
    dialog = page.get_by_role('dialog')
    expect(dialog).to_contain_text(f'Will get a badge: {len(people)}.')
    return dialog


def confirm(page):
    page.get_by_role('dialog').get_by_role('button', name='Print', exact=True).click()
    page.wait_for_url(re.compile(r'/batches/\d+/'))


def test_from_the_list_to_the_printers(stack, log_in, take, picture):
    people = take(6)
    page = log_in('manager')
    dialog = begin(stack, page, people)
    dialog.get_by_label('Desk 2', exact=True).check()
    picture(page, 'batch-dialog')
    before = {name: len(printer.papers()) for name, printer in stack.printers.items()}
    confirm(page)
    now = page.locator('#live-batch')
    expect(now).to_contain_text('6 of 6', timeout=4 * EXPECT_TIMEOUT)
    expect(now).to_contain_text('Ended')
    expect(page.get_by_role('button', name='Pause')).to_have_count(0)
    assert {name: len(printer.papers()) - before[name] for name, printer in stack.printers.items()} == {
        'desk1': 3, 'desk2': 3}
    picture(page, 'batch-ended')
    page.set_viewport_size(PHONE)
    picture(page, 'batch-ended-phone')
    assert page.evaluate('document.documentElement.scrollWidth') <= PHONE['width']


def _press(page, name):
    """Press a button as somebody without a mouse does; it keeps the focus when its part of the page is replaced."""
    # the icon of some is a part of their name
    page.get_by_role('button', name=name).focus()
    page.keyboard.press('Enter')


def test_pause_resume_and_cancel_by_keyboard(stack, log_in, take, picture):
    people = take(8)
    page = log_in('manager')
    printer = stack.printers['desk1']
    printer.slow(3)
    try:
        begin(stack, page, people)
        page.get_by_role('dialog').get_by_role('button', name='Print', exact=True).focus()
        page.keyboard.press('Enter')
        page.wait_for_url(re.compile(r'/batches/\d+/'))
        now = page.locator('#live-batch')
        expect(now).to_contain_text(re.compile('[1-4] of 8'), timeout=4 * EXPECT_TIMEOUT)
        picture(page, 'batch')
        _press(page, 'Pause')
        expect(now).to_contain_text('Paused')
        page.set_viewport_size(PHONE)
        picture(page, 'batch-phone')
        _press(page, 'Resume')
        expect(now).to_contain_text('Printing')
        _press(page, 'Cancel the batch')
        page.get_by_role('dialog').get_by_role('button', name='OK').focus()
        page.keyboard.press('Enter')
        expect(now).to_contain_text('Cancelled: ', timeout=EXPECT_TIMEOUT)
    finally:
        printer.repair()
    expect(now).to_contain_text('Ended', timeout=4 * EXPECT_TIMEOUT)
    page.set_viewport_size({'width': 1280, 'height': 900})
    page.goto(f'{stack.event_url}/manage/checkin-print/')
    expect(page.get_by_role('region', name='Batches')).to_be_visible()
    picture(page, 'batches-today')
    page.set_viewport_size(PHONE)
    picture(page, 'batches-today-phone')
    assert page.evaluate('document.documentElement.scrollWidth') <= PHONE['width']


@makes_a_picture
def test_pictures(stack, log_in, take, keep):
    page = log_in('manager')
    printer = stack.printers['desk1']
    count = len(printer.papers())
    printer.slow(2)
    try:
        dialog = begin(stack, page, take(12))
        dialog.get_by_label('Separator sheets').check(force=True)
        keep(page, 'batch-dialog')
        confirm(page)
        expect(page.locator('#live-batch')).to_contain_text(re.compile('[4-9] of 12'), timeout=8 * EXPECT_TIMEOUT)
        keep(page, 'batch')
    finally:
        printer.repair()
    # each group of badges begins with one
    save_paper(printer.papers()[count].path, PICTURES / 'separator-sheet.png')

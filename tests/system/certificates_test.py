"""Certificates from the first step to the mailbox, by an event manager in Chromium who has no mouse."""

import re

from playwright.sync_api import expect

from tests.stack.keyboard import Keyboard
from tests.stack.manager import Manager
from tests.system.conftest import EXPECT_TIMEOUT


#: Until Celery has made a few certificates
MADE_WITHIN = 120_000  # milliseconds


def test_from_the_first_step_to_a_correction(stack, log_in, take, keep):
    people = take(3, form=1)
    Manager(stack).check_in_all(people)
    page = log_in('manager')
    keys, url = Keyboard(page), f'{stack.event_url}/manage/checkin-print/certificates/'
    page.goto(url)
    row = page.get_by_role('row').filter(has=page.get_by_role('link', name='Attendees', exact=True))
    dialog = page.get_by_role('dialog')

    # there is no key on this server
    keys.use(page.get_by_role('link', name='Attendees', exact=True))
    keys.use(page.get_by_role('button', name='Edit the type'))
    keys.use(dialog.locator('#signed'), 'Space', shows=False)
    keys.use(dialog.locator('input[type=submit]'))
    expect(page.locator('.checkin-print-facts')).to_contain_text('No, explicitly')
    keys.use(page.get_by_role('link', name='Preview of e-mail and PDF'))
    keys.fill(page.get_by_label('Name of somebody who gets one'), people[0]['last_name'])
    page.keyboard.press('Tab')
    expect(page.get_by_role('img', name=re.compile(f'The certificate of .*{people[0]["last_name"]}'))).to_be_visible()
    expect(page.frame_locator('iframe').get_by_text('Your certificate for')).to_be_visible()
    expect(page.locator('[data-part=badge][aria-busy]')).to_have_count(0)
    keep(page, 'certificate-preview')

    page.goto(url)
    keys.use(row.get_by_role('button', name='Switch on Attendees'))
    expect(row).to_contain_text('Not signed')
    keys.use(row.get_by_role('button', name='Make certificates of Attendees'))
    expect(row).to_contain_text('People who get one:')
    expect(row).to_contain_text(re.compile(r'(\d+) of \1 made'), timeout=MADE_WITHIN)
    keep(page, 'certificates', page.locator('#checkin-print'))

    keys.use(page.get_by_role('link', name='All certificates'))
    keys.use(page.get_by_label(re.compile('that match')), 'Space')
    keys.use(page.get_by_role('button', name='Publish'))
    expect(page.locator('#flashed-messages')).to_contain_text('were published:')
    keys.fill(page.get_by_label('Name, e-mail address or number'), people[0]['last_name'])
    page.keyboard.press('Enter')
    expect(page.locator('tr[id^=certificate-]')).to_have_count(1)
    keep(page, 'certificate-list')

    keys.use(page.get_by_role('button', name='Correct the name of'))
    dialog.get_by_label('Name on the certificate').fill('Zoë Corrected')
    keys.use(dialog.locator('input[type=submit]'))
    expect(page.get_by_text('Then: "Zoë Corrected"')).to_be_visible()
    keys.use(dialog.locator('input[type=submit]'))
    expect(page.locator('#flashed-messages')).to_contain_text('made anew')
    page.goto(f'{url}list/?name=corrected')
    expect(page.locator('tr[id^=certificate-]')).to_contain_text('registered as')
    keys.use(page.get_by_role('button', name='History of the certificate'))
    expect(page.get_by_text('The name was corrected.')).to_be_visible()
    page.keyboard.press('Escape')
    keys.use(page.get_by_label('Choose the certificate of'), 'Space')
    keys.use(page.get_by_role('button', name='Revoke'))
    dialog.get_by_label('Why').fill('Issued by mistake')
    keys.use(dialog.locator('input[type=submit]'))
    expect(page.locator('tr[id^=certificate-]')).to_contain_text('Issued by mistake', timeout=EXPECT_TIMEOUT)

"""Each page of the plugin, on a phone and on a desktop computer, light and dark: axe-core finds nothing serious in it.

Only what is ours is judged: Indico made its menus around the manager's pages, and its registration form among the
walk-ins. Indico itself has no dark colours; the volunteers' pages are dark where the device is.
"""

import json
import re
import sys

import pytest
from playwright.sync_api import expect

from tests.stack.browser import accessibility_faults
from tests.stack.checkin import CheckIn
from tests.stack.facts import wait_for_badges
from tests.stack.indico import BIN
from tests.stack.keyboard import Keyboard
from tests.stack.kiosk_page import KioskPage, add_kiosk
from tests.stack.manager import Manager
from tests.stack.pictures import save_sheet
from tests.stack.receiver import Receiver
from tests.stack.scan_page import ScanPage, tickets
from tests.system.conftest import EXPECT_TIMEOUT, MAKES_PICTURES, PICTURES


SIZES = {'phone': {'width': 390, 'height': 844}, 'desktop': {'width': 1280, 'height': 900}}
#: What is ours on the manager's pages
OURS = ('.checkin-print', '.checkin-print-tabs', '#live-banner', '.checkin-print-top')
#: The pages that are ours from edge to edge
WITHOUT_MENUS = ('/desk/', '/manage/checkin-print/board/')
#: Indico's buttons and the fields of its dialogs are paler than they should be, and look as on all its other pages
INDICO_COLOURS = '.i-button, .i-form'
DIALOG = ('.ui-dialog .ui-dialog-content',)
#: Where all views of each page are kept, on one picture a page (docs/pages.md)
SHEETS = PICTURES / 'pages'
#: What sticks out to the right
WIDE = """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
  ['page'].concat([...document.querySelectorAll('body *')].filter(
    x => x.getBoundingClientRect().right > window.innerWidth).map(x => x.outerHTML.slice(0, 120))).slice(0, 8)"""
#: Labels of fields in which a word stands on two lines
BROKEN = r"""() => [...document.querySelectorAll('.form-label, .form-label *')].flatMap(x => [...x.childNodes]).filter(
  x => x.nodeType === Node.TEXT_NODE).filter(x => [...x.data.matchAll(/\p{L}+/gu)].some(word => {
    const range = document.createRange();
    range.setStart(x, word.index);
    range.setEnd(x, word.index + word[0].length);
    return new Set([...range.getClientRects()].map(line => line.top)).size > 1;
  })).map(x => x.data.trim())"""
FORM = '#registration-form-submission-container'

#: The boxes of the tab *Set-up* that have a picture of their own, by their id
BOXES = {'templates': 'which template', 'prepared': 'made before check-in'}

#: Name: who opens it, its path below the event, and the button that opens a dialog on it
PAGES = {
    'my desk': ('registrar', '/desk/', None),
    'posters': ('volunteer', '/desk/posters', None),
    'board': ('volunteer', '/desk/{desk}/board', None),
    'scan station': ('volunteer', '/desk/scan/', None),
    'live board': ('manager', '/manage/checkin-print/board/', None),
    'walk-in, forms': ('registrar', '/desk/walk-in/', None),
    'walk-in': ('registrar', '/desk/walk-in/{form}/', None),
    'walk-in, person': ('registrar', '/desk/walk-in/{form}/{registration}/', None),
    'today': ('manager', '/manage/checkin-print/', None),
    'set-up': ('manager', '/manage/checkin-print/setup', None),
    'first steps': ('manager', '/manage/checkin-print/first-steps', None),
    'all badges': ('manager', '/manage/checkin-print/jobs/', None),
    'rules of printing': ('manager', '/manage/checkin-print/setup', 'Change the rules'),
    'made before check-in, its dialog': ('manager', '/manage/checkin-print/setup', 'Change when badges are made'),
    'choose what prints': ('manager', '/manage/checkin-print/setup', 'Choose what prints'),
    'a new template rule': ('manager', '/manage/checkin-print/setup', 'Add a template rule'),
    'a new desk': ('manager', '/manage/checkin-print/setup', 'Add a desk'),
    'edit a desk': ('manager', '/manage/checkin-print/setup', 'Edit the desk Desk 1'),
    'calibrate': ('manager', '/manage/checkin-print/setup', 'Calibrate desk1'),
    'a new agent': ('manager', '/manage/checkin-print/setup', 'Add a print agent'),
    'a new code': ('manager', '/manage/checkin-print/setup', 'New code for'),
    'a new rule': ('manager', '/manage/checkin-print/setup', 'Add a rule'),
    'a new kiosk': ('manager', '/manage/checkin-print/setup', 'Add a kiosk'),
    'a new webhook': ('manager', '/manage/checkin-print/setup', 'Add a webhook'),
    'print again': ('manager', '/manage/checkin-print/jobs/', 'Print again the badge of'),
    'history of a badge': ('manager', '/manage/checkin-print/jobs/', 'History'),
}


def judge(page, picture, name, *, has_dark=True, fits=True, opens=None, part=None, **what):
    """Return the faults of what a window shows, under both sizes and both schemes, without loading it anew.

    :param fits: Whether the page has to be no wider than the window.
    :param opens: A function that opens it anew for each size: Indico's dialogs stay where and as wide as they were.
    :param part: What the docs show of the page, if not the window.
    """
    faults, views = [], []
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        if opens:
            opens()
        for scheme in ('light', 'dark'):
            page.emulate_media(color_scheme=scheme)
            where = f'{name}, {size}, {scheme}: '
            faults += [where + fault for fault in accessibility_faults(page, **what)]
            picture(page, f'axe-{name}-{size}-{scheme}')
            if MAKES_PICTURES and (has_dark or scheme == 'light'):
                views.append((part or page).screenshot(animations='disabled'))
            if fits and (wide := page.evaluate(WIDE)):
                faults.append(f'{where}wider than the window: ' + ' | '.join(wide))
            faults += [f'{where}a word of the label "{label}" is broken' for label in page.evaluate(BROKEN)]
    if MAKES_PICTURES:
        save_sheet(views, SHEETS / f'{name.replace(", ", "-").replace(" ", "-")}.png')
    return faults


def test_answers_of_the_scan_station(stack, log_in, take, picture):
    """It is the first, so that the pages after it have a badge to show."""
    person, other = take(2, form=1)
    code, other_code = tickets(stack, [person, other])
    station = ScanPage(stack, log_in('volunteer'))
    page = station.page
    assert station.scan(code)['answer'] == 'welcome'
    expect(page.locator('[data-part=badges]')).to_contain_text('Badge: Printed')
    expect(page.locator('[data-part=undo]')).to_be_hidden()
    faults = judge(page, picture, 'scan station, welcome')
    page.get_by_role('button', name='Edit for this print').click()
    page.get_by_role('dialog').get_by_label('First Name').fill('\ue000')
    page.get_by_role('dialog').get_by_role('button', name='Print', exact=True).click()
    expect(page.get_by_role('dialog').get_by_role('alert')).to_be_visible()
    faults += judge(page, picture, 'scan station, edit for this print')
    page.keyboard.press('Escape')
    assert station.scan('no-ticket-of-this-event')['answer'] != 'welcome'
    faults += judge(page, picture, 'scan station, unknown code')
    page.reload()
    page.wait_for_selector('#scan[data-ready]')
    assert station.scan(code)['word'].startswith('Already in')
    page.locator('[data-part=search]').fill(other['last_name'])
    page.locator('.scan-person').first.wait_for()
    faults += judge(page, picture, 'scan station, already in')
    page.get_by_role('button', name='Check in only').click()
    assert station.scan(other_code)['answer'] == 'welcome'
    faults += judge(page, picture, 'scan station, check in only')
    assert not faults, '\n'.join(faults)


def test_a_kiosk(stack, log_in, take, picture):
    code, id_ = add_kiosk(Manager(stack), stack, 'Entrance', 'Desk 2')
    try:
        page = log_in()
        page.goto('/kiosk/')
        page.get_by_role('button', name='Pair').wait_for()
        faults = judge(page, picture, 'kiosk, code')
        kiosk = KioskPage(stack, page, code)
        faults += judge(page, picture, 'kiosk, start')
        assert kiosk.scan('no-ticket-of-this-event')['panel'] == 'answer'
        faults += judge(page, picture, 'kiosk, answer')
        kiosk.page.reload()
        kiosk.ready()
        assert kiosk.scan(tickets(stack, take(1, form=1))[0])['panel'] == 'confirm'
        faults += judge(page, picture, 'kiosk, name')
        assert not faults, '\n'.join(faults)
    finally:
        Manager(stack).post(f'/manage/checkin-print/kiosks/{id_}/revoke')


def test_a_batch(stack, log_in, take, picture):
    """Its dialog opens from Indico's own list, which is wider than a phone."""
    people, printer = take(4, form=1), stack.printers['desk2']
    page = log_in('manager')

    def opens():
        size = page.viewport_size
        page.set_viewport_size(SIZES['desktop'])
        page.goto(f'{stack.event_url}/manage/registration/{people[0]["form_id"]}/registrations/')
        for person in people:
            page.locator(f'#registration-{person["id"]} input[type=checkbox]').check()
        page.get_by_role('button', name='Actions').click()
        page.set_viewport_size(size)
        page.get_by_text('Print a batch of badges', exact=True).click()
        page.get_by_role('dialog').get_by_role('button', name='Print', exact=True).wait_for()

    faults = judge(page, picture, 'batch, its dialog', within=DIALOG, palette=INDICO_COLOURS, fits=False,
                   has_dark=False, opens=opens)
    printer.slow(8)
    try:
        page.get_by_role('dialog').get_by_role('button', name='Print', exact=True).click()
        page.wait_for_url('**/batches/*/')
        expect(page.locator('#live-batch')).to_contain_text('1 of 4', timeout=30000)
        faults += judge(page, picture, 'batch', within=OURS, palette=INDICO_COLOURS, has_dark=False)
    finally:
        printer.repair()
    expect(page.locator('#live-batch')).to_contain_text('4 of 4', timeout=60000)
    faults += judge(page, picture, 'batch, ended', within=OURS, palette=INDICO_COLOURS, has_dark=False)
    assert not faults, '\n'.join(faults)


@pytest.mark.parametrize('name', PAGES)
def test_page(stack, log_in, picture, name):
    login, path, button = PAGES[name]
    person = stack.seeded['registrations'][0]
    manages = not path.startswith(WITHOUT_MENUS)
    url = stack.event_url + path.format(desk=stack.seeded['desks']['Desk 2'], form=person['form_id'],
                                        registration=person['id'])
    page = log_in(login)

    def opens():
        # a page that says only that something went wrong would have no faults
        assert page.goto(url).ok
        if name == 'walk-in':
            page.locator(f'{FORM} input[name="email"]').wait_for()
        if button:
            page.get_by_role('button', name=button).first.click()
            page.locator(f'{DIALOG[0]} :is(form, table, .checkin-print-secret)').first.wait_for()

    faults = judge(page, picture, name, within=DIALOG if button else OURS if manages else ('body',), without=(FORM,),
                   palette=INDICO_COLOURS if manages else '', has_dark=not manages, opens=opens)
    assert not faults, '\n'.join(faults)


def test_boxes_of_set_up(stack, log_in, picture):
    """Those that its picture, which is cut, does not show."""
    manager, page = Manager(stack), log_in('manager')
    template, = stack.postgres.sql('indico', 'SELECT min(template_id) FROM plugin_checkin_print.forms')
    answer = manager.post('/manage/checkin-print/template-rules/add', {
        'person': 'accompanying', 'text_field': '0', 'copies': '1', 'template_id': template})
    assert answer.json().get('success'), answer.text
    try:
        page.goto(f'{stack.event_url}/manage/checkin-print/setup')
        faults = []
        for id_, name in BOXES.items():
            selector = f'#checkin-print-{id_}'
            faults += judge(page, picture, name, within=(selector,), palette=INDICO_COLOURS, has_dark=False,
                            part=page.locator(selector))
        assert not faults, '\n'.join(faults)
    finally:
        stack.postgres.sql('indico', "UPDATE plugin_checkin_print.events SET template_rules = '[]'")


def test_dialogs_about_what_happened(stack, log_in, take, picture):
    person, *people = take(26, form=1)
    count, page = len(stack.papers()), log_in('manager')
    CheckIn(stack)(person)
    wait_for_badges(stack, count + 1)
    # more than print at once without a click
    Manager(stack).check_in_all(people)

    def opens(path, button):
        def _opens():
            page.goto(f'{stack.event_url}/manage/checkin-print/{path}')
            page.get_by_role('button', name=button).first.click()
            page.locator(f'{DIALOG[0]} form').wait_for()
        return _opens

    try:
        faults = []
        for name, *where in (('a device', 'setup', 'Assign'), ('release all', '', 'Release all')):
            faults += judge(page, picture, name, within=DIALOG, palette=INDICO_COLOURS, has_dark=False,
                            opens=opens(*where))
        assert not faults, '\n'.join(faults)
    finally:
        Manager(stack).post('/manage/checkin-print/held/discard')


def test_a_desk_to_take(stack, log_in, picture):
    """What the QR code on the wall opens, in a browser that runs no script."""
    page = log_in('volunteer')
    page.route('**/desk.js*', lambda route: route.abort())
    page.goto(f'{stack.event_url}/desk/{stack.seeded["desks"]["Desk 2"]}/')
    page.get_by_role('button').first.wait_for()
    faults = judge(page, picture, 'take a desk')
    assert not faults, '\n'.join(faults)


def test_a_board_with_a_fault_and_a_call(stack, log_in, take, picture):
    printer, people = stack.printers['desk2'], take(2, form=1)
    page = log_in('volunteer')
    page.goto(f'{stack.event_url}/desk/{stack.seeded["desks"]["Desk 2"]}/board')
    printer.run_out_of_media()
    try:
        for person in people:
            CheckIn(stack)(person)
        head = page.locator('#board-head')
        expect(head).to_contain_text('Out of paper: 2 waiting', timeout=2 * EXPECT_TIMEOUT)
        faults = judge(page, picture, 'board, out of paper')
        page.get_by_role('button', name='Call the tech').click()
        expect(page.get_by_role('button', name='Not needed any more')).to_be_visible()
        faults += judge(page, picture, 'board, a call')
        manager = log_in('manager')
        manager.goto(f'{stack.event_url}/manage/checkin-print/')
        expect(manager.locator('#live-banner')).to_contain_text('calls the tech')
        faults += judge(manager, picture, 'today, a call', within=OURS, palette=INDICO_COLOURS, has_dark=False)
        manager.goto(f'{stack.event_url}/manage/checkin-print/board/')
        expect(manager.get_by_text('out of paper').first).to_be_visible()
        faults += judge(manager, picture, 'live board, out of paper')
        page.get_by_role('button', name='Not needed any more').click()
    finally:
        printer.repair()
    assert not faults, '\n'.join(faults)


def test_a_webhook_that_does_not_work(stack, log_in, tmp_path, picture):
    receiver, manager = Receiver(tmp_path), Manager(stack)
    receiver.start(422)
    answer = manager.post('/manage/checkin-print/webhooks/add', {
        'name': 'CRM', 'url': receiver.url, 'events': ['badge.printed', 'agent.away']})
    receiver.knows(re.search(r'whsec_[\w+/=-]+', answer.json()['html'])[0])
    id_, = stack.postgres.sql('indico', 'SELECT max(id) FROM plugin_checkin_print.webhooks')
    path = f'/manage/checkin-print/webhooks/{id_}'
    try:
        manager.post(f'{path}/test')
        page = log_in('manager')
        page.goto(f'{stack.event_url}{path}/log')
        expect(page.get_by_role('button', name='Send again: Test event')).to_be_visible(timeout=EXPECT_TIMEOUT)
        faults = judge(page, picture, 'a webhook', within=OURS, palette=INDICO_COLOURS, has_dark=False)

        def opens():
            page.reload()
            page.get_by_role('button', name='Send again since').click()
            expect(page.locator(f'{DIALOG[0]} form').get_by_role('textbox').first).to_be_focused()

        faults += judge(page, picture, 'send again since', within=DIALOG, palette=INDICO_COLOURS, has_dark=False,
                        opens=opens)
        assert not faults, '\n'.join(faults)
    finally:
        receiver.stop()
        manager.post(f'{path}/delete')


def test_the_preview_of_a_badge(stack, log_in, take, picture):
    person, = take(1, form=1)
    page = log_in('manager')

    def opens():
        page.goto(f'{stack.event_url}/manage/registration/{person["form_id"]}/registrations/{person["id"]}/')
        page.get_by_role('link', name='Preview').click()
        page.get_by_role('dialog').get_by_role('img').wait_for()

    faults = judge(page, picture, 'preview of a badge', within=DIALOG, palette=INDICO_COLOURS, fits=False,
                   has_dark=False, opens=opens)
    assert not faults, '\n'.join(faults)


def test_a_contact_sheet(stack, log_in, take, picture):
    people, page = take(3, form=1), log_in('manager')
    answer = Manager(stack).post(f'/manage/checkin-print/forms/{people[0]["form_id"]}/contact-sheet/choose',
                                 [*(('registration_id', person['id']) for person in people), ('order', 'name'),
                                  ('submitted', '1')])
    page.goto(answer.json()['redirect'])
    expect(page.get_by_role('img')).to_have_count(3)
    faults = judge(page, picture, 'contact sheet', has_dark=False)
    assert not faults, '\n'.join(faults)


def test_the_page_of_a_registration(stack, log_in, take, picture):
    person, = take(1, form=1)
    page, count = log_in('manager'), len(stack.papers())
    url = f'{stack.event_url}/manage/registration/{person["form_id"]}/registrations/{person["id"]}/'
    page.goto(url)
    badge = ('#registration-details .checkin-print',)
    page.locator(badge[0]).wait_for()
    faults = judge(page, picture, 'a registration', within=badge, palette=INDICO_COLOURS, has_dark=False)
    CheckIn(stack)(person)
    wait_for_badges(stack, count + 1)
    page.goto(url)
    page.locator(badge[0]).get_by_role('button', name='Print again').wait_for()
    page.set_viewport_size(SIZES['phone'])
    # the buttons are below the words
    assert page.locator(f'{badge[0]} .text').bounding_box()['width'] > SIZES['phone']['width'] / 2
    faults += judge(page, picture, 'a registration with its badge', within=badge, palette=INDICO_COLOURS,
                    has_dark=False)
    assert not faults, '\n'.join(faults)


def test_preflight(stack, log_in, take, picture):
    """Two badges are spoilt. Without a mouse a manager finds them, and the way to one of them."""
    boxes, long = take(2, form=1)
    names = {boxes['id']: 'Zoë\ue000', long['id']: 'Wolfeschlegelsteinhausen' * 200}
    stack.indico.run(sys.executable, '-m', 'tests.stack.correct', stdin=json.dumps({'rename': names}))
    page = log_in('manager')
    keys = Keyboard(page)
    page.goto(f'{stack.event_url}/manage/checkin-print/preflight/')
    keys.use(page.get_by_role('button', name='Examine now'))
    people = page.locator('#live-preflight-people')
    expect(people).to_contain_text('no font has U+E000', timeout=60000)
    expect(people).to_contain_text('characters are shown')
    expect(page.locator('#live-preflight')).to_contain_text('ms for each badge')
    expect(page.locator('#live-preflight')).not_to_contain_text('Under way', timeout=300000)
    faults = judge(page, picture, 'preflight', within=OURS, palette=INDICO_COLOURS, has_dark=False)
    keys.use(people.get_by_role('link', name='Zoë').first)
    page.wait_for_url(f'**/registrations/{boxes["id"]}/')
    assert not faults, '\n'.join(faults)


def test_certificates(stack, log_in, take, picture):
    """The tab, its pages and its dialogs, before and after certificates were made."""
    Manager(stack).check_in_all(take(2, form=1))
    page, base = log_in('manager'), f'{stack.event_url}/manage/checkin-print/certificates/'
    look = {'palette': INDICO_COLOURS, 'has_dark': False}
    page.goto(base)
    faults = judge(page, picture, 'certificates', within=OURS, **look)
    id_, = stack.postgres.sql('indico', "SELECT id FROM plugin_checkin_print.certificate_types WHERE name = 'attendee'")
    stack.postgres.sql('indico', f'UPDATE plugin_checkin_print.certificate_types SET signed = false, enabled = true '
                                 f'WHERE id = {id_}')
    for path, name in (('', 'a type of certificate'), ('recipients', 'people of a type'),
                       ('preview', 'preview of a certificate')):
        page.goto(f'{base}types/{id_}/{path}')
        faults += judge(page, picture, name, within=OURS, without=('iframe',), **look)

    def opens(path, button):
        def _opens():
            page.goto(f'{base}{path}')
            page.get_by_role('button', name=button).first.click()
            page.locator(f'{DIALOG[0]} :is(form, table)').first.wait_for()
        return _opens

    for button in ('Edit the type', 'Fill in the template', 'Edit the e-mail', 'Add a rule'):
        faults += judge(page, picture, f'certificates, {button.lower()}', within=DIALOG,
                        opens=opens(f'types/{id_}/', button), **look)
    Manager(stack).post(f'/manage/checkin-print/certificates/types/{id_}/generate')
    page.goto(base)
    expect(page.locator(f'#certificate-type-{id_}')).to_contain_text(re.compile(r'(\d+) of \1 made'), timeout=60000)
    Manager(stack).post('/manage/checkin-print/certificates/list/act', {'act': 'publish', 'whole': '1'})
    page.goto(f'{base}list/')
    faults += judge(page, picture, 'all certificates', within=OURS, **look)
    for path, button in (('', 'Send e-mails of'), ('list/', 'Correct the name of'), ('list/', 'History of the')):
        faults += judge(page, picture, f'certificates, {button.lower()}', within=DIALOG, opens=opens(path, button),
                        **look)
    assert not faults, '\n'.join(faults)


def test_a_walk_in_who_is_registered_already(stack, log_in, take, picture):
    person, = take(1, form=1)
    email, = stack.postgres.sql('indico', f'SELECT email FROM event_registration.registrations '
                                          f'WHERE id = {person["id"]}')
    page = log_in('registrar')
    page.set_viewport_size(SIZES['phone'])
    page.goto(f'{stack.event_url}/desk/walk-in/{person["form_id"]}/')
    page.locator('input[name="email"]').fill(email)
    page.keyboard.press('Tab')
    page.locator('.walk-in-notice').wait_for()
    faults = judge(page, picture, 'walk-in, known', without=(FORM,))
    assert not faults, '\n'.join(faults)


def test_what_the_public_sees_of_a_certificate(stack, log_in, take, picture):
    """Without an account: what a code leads to, and what becomes of a PDF that somebody has changed."""
    person, = take(1, form=1)
    CheckIn(stack)(person)
    event = str(stack.seeded['event']['id'])

    def certificates(command, *arguments):
        stack.indico.run(BIN / 'indico', 'checkin-print', 'certificates', command, *arguments)

    certificates('types', '--event', event, '--on', 'attendee', '--unsigned', 'attendee')
    for command in ('generate', 'publish'):
        certificates(command, '--event', event, '--type', 'attendee')
    row, = stack.postgres.sql('indico', f'SELECT serial, uuid FROM plugin_checkin_print.certificates '
                                        f'WHERE registration_id = {person["id"]}')
    serial, uuid = row.split('\t')
    page = log_in()
    pdf = page.request.get(f'/c/{uuid}.pdf')
    assert pdf.ok
    page.goto(f'/c/{serial}')
    page.get_by_role('heading', name='Valid').wait_for()
    faults = judge(page, picture, 'certificate')
    page.get_by_label('PDF', exact=True).set_input_files({'name': 'mine.pdf', 'mimeType': 'application/pdf',
                                                          'buffer': pdf.body() + b'%'})
    page.get_by_role('button', name='Check the PDF').click()
    page.get_by_role('heading', name='Altered').wait_for()
    faults += judge(page, picture, 'certificate, altered')
    page.get_by_label('Number on the certificate').fill('ABCD-EFGH')
    page.get_by_role('button', name='Check the number').click()
    page.get_by_role('heading', name='No such certificate').wait_for()
    faults += judge(page, picture, 'certificate, unknown')
    certificates('revoke', '--uuid', uuid, '--why', 'Issued by mistake')
    page.goto(f'/c/{serial}')
    page.get_by_role('heading', name='Revoked').wait_for()
    faults += judge(page, picture, 'certificate, revoked')
    assert not faults, '\n'.join(faults)


def test_it_finds_what_is_wrong(log_in):
    page = log_in()
    page.set_content('<body style="background: #fff"><p style="color: #eee">pale</p><input type="text"></body>')
    found = ' '.join(accessibility_faults(page))
    assert 'color-contrast (serious)' in found
    assert 'label (critical)' in found
    assert accessibility_faults(page, without=('p', 'input')) == []
    page.set_content('<div style="width: 4em; overflow-wrap: anywhere"><div class="form-label">Separator</div>'
                     '<div class="form-label">By the desk</div></div>')
    assert page.evaluate(BROKEN) == ['Separator']

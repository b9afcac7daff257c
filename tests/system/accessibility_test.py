"""Each page of the plugin, on a phone and on a desktop computer, light and dark: axe-core finds nothing serious in it.

Only what is ours is judged: Indico made its menus around the manager's pages, and its registration form among the
walk-ins. Indico itself has no dark colours; the volunteers' pages are dark where the device is.
"""

import pytest

from tests.stack.browser import accessibility_faults


SIZES = {'phone': {'width': 390, 'height': 844}, 'desktop': {'width': 1280, 'height': 900}}
#: What is ours on the manager's pages
OURS = ('.checkin-print', '.checkin-print-tabs', '#live-banner', '.checkin-print-top')
#: The pages that are ours from edge to edge
WITHOUT_MENUS = ('/desk/', '/manage/checkin-print/board/')
DIALOG = ('.ui-dialog .ui-dialog-content',)
FORM = '#registration-form-submission-container'

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
    'all badges': ('manager', '/manage/checkin-print/jobs/', None),
    'a new desk': ('manager', '/manage/checkin-print/setup', 'Add a desk'),
    'a new agent': ('manager', '/manage/checkin-print/setup', 'Add a print agent'),
    'a new rule': ('manager', '/manage/checkin-print/setup', 'Add a rule'),
}


WIDE = '''[document.documentElement.scrollWidth + ""].concat([...document.querySelectorAll('body *')].filter(
  e => e.getBoundingClientRect().right > window.innerWidth + 0.5).map(
  e => e.tagName + '.' + e.className + '#' + e.id + ' ' + Math.round(e.getBoundingClientRect().left) + '-' + Math.round(e.getBoundingClientRect().right))).slice(0, 40).join('; ')'''


@pytest.mark.parametrize('name', PAGES)
def test_page(stack, log_in, picture, name):
    login, path, button = PAGES[name]
    person = stack.seeded['registrations'][0]
    page = log_in(login)
    faults = []
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for scheme in ('light', 'dark'):
            page.emulate_media(color_scheme=scheme)
            page.goto(stack.event_url + path.format(desk=stack.seeded['desks']['Desk 1'], form=person['form_id'],
                                                    registration=person['id']))
            if name == 'walk-in':
                page.locator(f'{FORM} input[name="email"]').wait_for()
            if button:
                page.get_by_role('button', name=button, exact=True).first.click()
                page.locator(DIALOG[0]).wait_for()
            within = DIALOG if button else ('body',) if path.startswith(WITHOUT_MENUS) else OURS
            where = f'{size}, {scheme}: '
            faults += [where + fault for fault in accessibility_faults(page, within=within, without=(FORM,))]
            picture(page, f'axe-{name}-{size}-{scheme}')
            if page.evaluate('document.documentElement.scrollWidth > window.innerWidth'):
                faults.append(f'{where}wider than the window: ' + page.evaluate(WIDE))
    assert not faults, '\n'.join(faults)


def test_it_finds_what_is_wrong(log_in):
    page = log_in()
    page.set_content('<body style="background: #fff"><p style="color: #eee">pale</p><input type="text"></body>')
    found = ' '.join(accessibility_faults(page))
    assert 'color-contrast (serious)' in found
    assert 'label (critical)' in found
    assert accessibility_faults(page, without=('p', 'input')) == []

"""The volunteers' pages in Chromium: from the QR code on the wall to the first badge, on a phone and by keyboard."""

from playwright.sync_api import expect

from tests.stack.checkin import CheckIn
from tests.stack.facts import wait_for_badges


PHONE = {'width': 390, 'height': 844}


def fits(page):
    """Whether nothing is wider than the window."""
    return page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')


def test_from_the_code_on_the_wall_to_the_first_badge(stack, log_in, take, keep):
    desk_id = stack.seeded['desks']['Desk 2']
    page = log_in('volunteer')
    page.goto(f'{stack.event_url}/desk/posters?desk={desk_id}')
    keep(page, 'desk-poster', page.locator('.desk-poster'))
    link = page.locator('.desk-poster-link').inner_text()
    assert link.endswith(f'/desk/{desk_id}')
    page.set_viewport_size(PHONE)
    page.goto(link)
    # nobody pressed anything
    expect(page.get_by_role('status')).to_contain_text('Your badges come out at')
    expect(page.get_by_role('status')).to_contain_text('Desk 2')
    assert fits(page)
    keep(page, 'my-desk')
    person, = take(1)
    before = len(stack.printers['desk2'].papers())
    count = len(stack.papers())
    CheckIn(stack)(person)
    wait_for_badges(stack, count + 1)
    assert len(stack.printers['desk2'].papers()) == before + 1
    # by keyboard: move to the other desk, and leave it
    page.get_by_role('button', name='Desk 1').focus()
    page.keyboard.press('Enter')
    expect(page.get_by_role('status')).to_contain_text('Desk 1')
    page.get_by_role('button', name='Leave this desk').focus()
    page.keyboard.press('Enter')
    expect(page.get_by_role('status')).to_contain_text('You have no desk yet')
    assert fits(page)
    keep(page, 'my-desk-none')


def test_who_is_not_logged_in_logs_in_on_the_way(stack, log_in):
    page, user = log_in(), stack.seeded['users']['volunteer']
    page.set_viewport_size(PHONE)
    page.goto(f'{stack.url}/desk/{stack.seeded["desks"]["Desk 2"]}')
    page.fill('input[name=identifier]', user['login'])
    page.fill('input[name=password]', user['password'])
    page.press('input[name=password]', 'Enter')
    expect(page.get_by_role('status')).to_contain_text('Your badges come out at')
    expect(page.get_by_role('status')).to_contain_text('Desk 2')
    page.get_by_role('button', name='Leave this desk').click()
    expect(page.get_by_role('status')).to_contain_text('You have no desk yet')


def test_back_does_not_take_the_desk_once_more(stack, log_in):
    page = log_in('volunteer')
    page.goto(f'{stack.event_url}/desk/')
    page.goto(f'{stack.url}/desk/{stack.seeded["desks"]["Desk 2"]}')
    expect(page.get_by_role('status')).to_contain_text('Desk 2')
    page.get_by_role('button', name='Leave this desk').click()
    expect(page.get_by_role('status')).to_contain_text('You have no desk yet')
    page.go_back()
    page.wait_for_load_state()
    page.goto(f'{stack.event_url}/desk/')
    expect(page.get_by_role('status')).to_contain_text('You have no desk yet')


def test_a_manager_assigns_a_device(stack, log_in, take, keep):
    """The volunteer's token has checked somebody in; from now on its badges come out at Desk 2."""
    person, other = take(2)
    count = len(stack.papers())
    CheckIn(stack)(person)
    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/checkin-print/setup')
    box = page.get_by_role('region', name='Devices', exact=True)
    expect(box).to_contain_text('Vera Volunteer')
    box.get_by_role('button', name='Assign Device').first.click()
    page.locator('#name').fill('Phone 3')
    page.locator('#desk_id').select_option(label='Desk 2')
    page.get_by_role('dialog').locator('input[type=submit]').click()
    expect(box).to_contain_text('Phone 3')
    expect(box).to_contain_text('Desk 2')
    keep(page, 'devices', box)
    try:
        wait_for_badges(stack, count + 1)
        before = len(stack.printers['desk2'].papers())
        CheckIn(stack)(other)
        wait_for_badges(stack, count + 2)
        assert len(stack.printers['desk2'].papers()) == before + 1
    finally:
        # the other tests want the desk of the form
        stack.postgres.sql('indico', 'UPDATE plugin_checkin_print.devices SET desk_id = NULL')

"""The board of a desk in Chromium: what it shows and does, by touch and by keyboard, and what it says when offline."""

import subprocess

import pytest
from playwright.sync_api import expect

from tests.stack.agent import COMMAND
from tests.stack.checkin import CheckIn
from tests.stack.facts import wait_for_badges
from tests.stack.states import JobState, RegistrationState


PHONE = {'width': 390, 'height': 844}
DESKTOP = {'width': 1280, 'height': 900}


@pytest.fixture
def board(stack, log_in):
    """The board of Desk 1, on a phone, for a volunteer whose desk it is."""
    page = log_in('volunteer')
    page.set_viewport_size(PHONE)
    desk_id = stack.seeded['desks']['Desk 1']
    page.goto(f'{stack.url}/desk/{desk_id}')
    page.get_by_role('link', name='Open the board of this desk').click()
    expect(page.get_by_text('Your badges come out here')).to_be_visible()
    yield page
    page.goto(f'{stack.event_url}/desk/')
    page.get_by_role('button', name='Leave this desk').click()


def row_of(page, person):
    return page.locator('[data-job]').filter(has_text=person['last_name']).first


def fits(page):
    return page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')


def test_from_check_in_to_reprint(stack, board, take, keep):
    person, = take(1)
    count = len(stack.papers())
    CheckIn(stack)(person)
    row = row_of(board, person)
    expect(row).to_have_attribute('data-state', 'completed')
    expect(row).to_contain_text(' s')
    expect(board.locator('#board-head')).to_contain_text('Ready')
    assert fits(board)
    keep(board, 'board-phone')
    # by keyboard: open the reasons, choose one
    row.locator('summary').focus()
    board.keyboard.press('Enter')
    # what is replaced meanwhile stays open
    board.wait_for_timeout(3500)
    keep(board, 'board-again')
    board.keyboard.press('Tab')
    board.keyboard.press('Tab')
    expect(row.get_by_role('button', name='It was misprinted')).to_be_focused()
    board.keyboard.press('Enter')
    # the reasons are folded away
    expect(row.locator('summary')).to_be_focused()
    expect(board.locator('.checkin-print-answer').first).to_contain_text('Printed')
    wait_for_badges(stack, count + 2)
    assert board.url.endswith('/board')
    board.set_viewport_size(DESKTOP)
    assert fits(board)
    expect(board.locator('[data-state=completed]')).to_have_count(2)
    # what was drawn earlier and comes later is not shown
    old = board.request.get(f'{board.url}/live').text().replace(
        row.get_attribute('data-changed'), '2026-01-01T00:00:00+00:00').replace('Printed', 'Rendering')
    assert 'Rendering' not in board.evaluate("""old => {
        window.CheckinPrint.pushed(old);
        return document.querySelector('#board').innerText;
    }""", old)
    keep(board, 'board-desktop')


def test_out_of_paper_paused_and_the_tech(stack, board, log_in, take, keep):
    printer = stack.printers['desk1']
    people = take(3)
    count = len(stack.papers())
    check_in = CheckIn(stack)
    printer.run_out_of_media()
    try:
        for person in people:
            check_in(person)
        head = board.locator('#board-head')
        expect(head).to_contain_text('waiting')
        expect(head).to_contain_text('Out of paper: 3 waiting', timeout=40_000)
        board.get_by_role('button', name='Call the tech').click()
        expect(board.get_by_role('button', name='Not needed any more')).to_be_visible()
        assert fits(board)
        keep(board, 'board-out-of-paper')
        tech = log_in('manager')
        tech.goto(f'{stack.event_url}/manage/checkin-print/')
        banner = tech.locator('#live-banner')
        expect(banner).to_contain_text('calls the tech')
        ring = tech.get_by_label('Ring when a desk calls the tech')
        ring.check()
        assert tech.evaluate('localStorage.getItem("checkin-print-ring")') == '1'
        keep(tech, 'tech-call', banner)
        banner.get_by_role('button', name='On my way').click()
        expect(board.locator('#board-call')).to_contain_text('is on the way')
        printer.repair()
        banner.get_by_role('button', name='Done').click()
        expect(board.get_by_role('button', name='Call the tech')).to_be_visible()
        expect(banner).not_to_contain_text('calls the tech')
    finally:
        printer.repair()
    wait_for_badges(stack, count + 3)
    expect(board.locator('#board-head')).to_contain_text('Ready')


def test_pause_and_resume_by_keyboard(stack, board, take):
    person, = take(1)
    count = len(stack.papers())
    board.get_by_role('button', name='Pause printing at this desk').focus()
    board.keyboard.press('Enter')
    expect(board.locator('#board-head')).to_contain_text('Paused')
    CheckIn(stack)(person)
    expect(board.locator('#board-head')).to_contain_text('Paused: 1 waiting')
    # the focus is on what the button has become
    expect(board.get_by_role('button', name='Resume printing at this desk')).to_be_focused()
    board.keyboard.press('Enter')
    expect(row_of(board, person)).to_have_attribute('data-state', 'completed')
    wait_for_badges(stack, count + 1)


def test_a_question_is_answered(stack, board, take):
    person, = take(1)
    CheckIn(stack)(person)
    row = row_of(board, person)
    expect(row).to_have_attribute('data-state', 'completed')
    job_id = row.get_attribute('data-job')
    # as if nobody knew
    stack.postgres.sql('indico', f"""UPDATE plugin_checkin_print.jobs SET state = {JobState.unknown},
                                     reason = 'printer_unsure' WHERE id = {job_id}""")
    question = board.locator('.board-questions')
    expect(question).to_contain_text(person['last_name'])
    question.get_by_role('button', name='Yes').focus()
    board.keyboard.press('Enter')
    expect(question).to_have_count(0)
    assert stack.postgres.sql('indico', f'SELECT reason FROM plugin_checkin_print.jobs WHERE id = {job_id}') == [
        'person_saw_it']


def test_a_badge_that_is_held_waits_at_the_top(stack, board, take, keep):
    """By keyboard: it prints, and the focus goes with its row."""
    person, = take(1)
    count = len(stack.papers())
    stack.postgres.sql('indico', f'UPDATE event_registration.registrations SET state = {RegistrationState.unpaid} '
                                 f'WHERE id = {person["id"]}')
    CheckIn(stack)(person)
    box = board.get_by_role('region', name='Held or failed')
    expect(box).to_contain_text(person['last_name'])
    expect(box).to_contain_text('The registration is not paid.')
    assert fits(board)
    keep(board, 'board-held')
    row = box.get_by_role('listitem').filter(has_text=person['last_name'])
    row.get_by_role('button', name='Print it now').focus()
    board.keyboard.press('Enter')
    expect(row_of(board, person)).to_have_attribute('data-state', 'completed')
    # those of other people may be there
    expect(row).to_have_count(0)
    assert board.evaluate("document.activeElement.closest('[data-job]') !== null")
    wait_for_badges(stack, count + 1)


def test_it_says_when_it_is_out_of_date(stack, board):
    notice = board.locator('#checkin-print-connection')
    board.context.set_offline(True)
    expect(notice).to_contain_text('No connection to Indico')
    board.context.set_offline(False)
    expect(notice).to_be_hidden()


def wait_until_pushed(page, asked):
    """Wait until a page has asked for nothing for longer than it does without a link."""
    for __ in range(12):
        asked.clear()
        page.wait_for_timeout(7000)
        if not asked:
            return
    pytest.fail(f'The page asks all the time: {asked}')


def test_changes_are_pushed_and_cost_no_web_worker(stack, board, take):
    """Until the relay is gone; then the page asks Indico, and has a link again when there is a relay."""
    asked = []
    board.on('request', lambda request: asked.append(request.url))
    wait_until_pushed(board, asked)
    person, = take(1)
    CheckIn(stack)(person)
    expect(row_of(board, person)).to_have_attribute('data-state', 'completed')
    # several of the usual intervals
    board.wait_for_timeout(10_000)
    assert asked == []
    expect(board.locator('#checkin-print-connection')).to_be_hidden()
    stack.relay.stop()
    try:
        person, = take(1)
        CheckIn(stack)(person)
        expect(row_of(board, person)).to_have_attribute('data-state', 'completed', timeout=40_000)
        assert any(url.endswith('/board/live') for url in asked)
        expect(board.locator('#checkin-print-connection')).to_be_hidden()
    finally:
        stack.relay.start()
    with board.expect_websocket(timeout=90_000):
        pass
    wait_until_pushed(board, asked)


def test_the_tech_answers_at_a_laptop(stack, board, chromium, keep):
    """At the laptop of another desk, by keyboard."""
    link = subprocess.run([COMMAND, '--config', stack.agents['laptop2'].folder, 'page'], check=True, text=True,
                          capture_output=True).stdout.strip()
    laptop = chromium.new_page(viewport={'width': 1180, 'height': 900})
    laptop.goto(link)
    calls = laptop.locator('#calls')
    expect(calls).to_be_hidden()
    board.get_by_role('button', name='Call the tech').click()
    expect(calls).to_contain_text('Desk 1 calls the tech')
    expect(calls).to_contain_text('Vera Volunteer')
    keep(laptop, 'agent-call')
    laptop.get_by_role('button', name='On my way to Desk 1').focus()
    laptop.keyboard.press('Enter')
    expect(board.locator('#board-call')).to_contain_text('laptop2 is on the way')
    expect(calls).to_contain_text('on the way: laptop2')
    laptop.get_by_role('button', name='Done at Desk 1').focus()
    laptop.keyboard.press('Enter')
    expect(board.get_by_role('button', name='Call the tech')).to_be_visible()
    expect(calls).to_be_hidden()
    laptop.close()

"""A manager calibrates the printer of a desk in Indico: the sheet, the dialog, and the next badge in its place."""

import re

import pytest
from playwright.sync_api import expect

from tests.stack import received
from tests.stack.checkin import CheckIn
from tests.stack.papers import read
from tests.stack.pictures import save_paper
from tests.stack.process import wait_for
from tests.system.conftest import MAKES_PICTURES, PICTURES


@pytest.fixture
def printer(stack):
    """The printer of the first form's desk, without a calibration again afterwards."""
    yield stack.printers['desk1']
    stack.postgres.sql('indico', 'UPDATE plugin_checkin_print.desk_printers SET calibration = NULL')


def test_from_the_sheet_to_a_badge_in_its_place(stack, log_in, take, printer, keep):
    form = next(n for n, each in enumerate(stack.seeded['forms'])
                if stack.seeded['desk_of_form'][str(each['id'])] == 'Desk 1')
    first, second = take(2, form)

    def next_paper(act):
        count = len(printer.papers())
        act()
        wait_for(lambda: len(printer.papers()) > count, 60)
        return printer.papers()[count].path

    before = received.read(next_paper(lambda: CheckIn(stack)(first)))[0].box()

    page = log_in('manager')
    page.goto(f'{stack.event_url}/manage/checkin-print/setup')
    page.get_by_role('button', name='Print the calibration sheet of desk1').click()

    def print_sheet():
        page.locator('.ui-dialog').get_by_role('button', name='Print the sheet').click()

    sheet = next_paper(print_sheet)
    content = read(sheet)
    assert content.has_size(96, 134, 0.2)
    code = re.search(r'\b[2-9A-Z]{5}-[2-9A-Z]{2}\b', content.text)[0]
    if MAKES_PICTURES:
        save_paper(sheet, PICTURES / 'calibration-sheet.png')

    # as on a label that begins two millimetres further right than the page, and one further up
    page.get_by_role('button', name='Calibrate desk1').click()
    dialog = page.locator('.ui-dialog')
    dialog.get_by_label('Code').fill(code)
    dialog.get_by_label('Which arrow points up?').select_option('A')
    for edge, line in (('At A', '-1'), ('At B?', '-2'), ('At C?', '1'), ('At D?', '2')):
        dialog.get_by_label(edge).fill(line)
    keep(page, 'calibrate-dialog')
    dialog.get_by_role('button', name='Save').click()
    expect(page.get_by_text('Calibrated: 2 mm to the right, 1 mm up', exact=True)).to_be_visible()

    after = received.read(next_paper(lambda: CheckIn(stack)(second)))[0].box()
    # the QR code is the lowest thing on a badge, and the same for everybody
    assert after[3] - before[3] == pytest.approx(-1, abs=0.2)

    page.get_by_role('button', name='Remove the calibration of desk1').click()
    page.get_by_role('button', name='OK', exact=True).click()
    expect(page.get_by_text('Calibrated: 2 mm to the right, 1 mm up', exact=True)).to_be_hidden()

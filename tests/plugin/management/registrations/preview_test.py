"""The dialog with somebody's badge as it will come out."""

import re
from base64 import b64decode
from io import BytesIO

import pytest
from PIL import Image
from werkzeug.exceptions import Forbidden

from indico_checkin_print.models.desks import Desk, DeskPrinter
from indico_checkin_print.models.jobs import Job
from tests.plugin.conftest import text_item


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')


@pytest.fixture
def url(page, dummy_regform):
    return lambda reg, **args: (f'{page}/forms/{dummy_regform.id}/registrations/{reg.id}/preview?'
                                + '&'.join(f'{key}={value}' for key, value in args.items()))


def pictures(html):
    return [Image.open(BytesIO(b64decode(content)))
            for content in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]


def test_the_printer_decides_about_the_dots(db, manager, url, reg, agent, event, desk):
    agent.printers = [{'name': 'p1', 'model': 'ZD421'}, {'name': 'p2', 'dpi': 300, 'bits': 24}]
    db.session.add(Desk(event=event, name='Desk 2', printers=[DeskPrinter(position=0, agent=agent, printer='p2')]))
    db.session.flush()
    html = manager.get(url(reg)).json['html']
    assert re.search(r'value="\d+:0" selected>Desk 1: p1<', html)
    assert '203 dots in an inch' in html
    picture, = pictures(html)
    assert picture.mode == '1'
    other = re.search(r'value="(\d+:0)" >Desk 2: p2<', html)[1]
    html = manager.get(url(reg, printer=other)).json['html']
    assert '300 dots in an inch' in html
    assert 'In colours.' in html
    assert pictures(html)[0].width == pytest.approx(picture.width * 300 / 203, abs=2)
    assert not Job.query.has_rows()
    assert manager.get(url(reg, printer='1:99')).status_code == 404


def test_what_is_wrong_is_said(manager, url, create_reg):
    html = manager.get(url(create_reg('\ue000', 'Müller'))).json['html']
    assert 'boxes in place of U+E000' in html
    assert len(pictures(html)) == 1


def test_a_code_that_will_not_scan_is_said(db, manager, url, reg, form, create_template, agent):
    form.template = create_template('Small code', items=[
        text_item('full_name_b', 100), {**text_item('ticket_qr_code', 300), 'width': 60, 'height': 60}])
    html = manager.get(url(reg)).json['html']
    assert 'dots of a printer with 203 dpi' in html
    # with finer dots the squares are as small, but not of so few dots
    agent.printers = [{'name': 'p1', 'dpi': 1200}]
    db.session.flush()
    html = manager.get(url(reg)).json['html']
    assert 'dots of a printer' not in html
    assert 'Some phones need' in html


def test_other_labels_are_said(db, manager, url, reg, agent):
    for media, words in ((['oe_badge_96x134mm'], None), (['oe_label_62x29mm'], 'prints none of these badges')):
        agent.printers = [{'name': 'p1', 'loaded': True, 'media': media}]
        db.session.flush()
        html = manager.get(url(reg)).json['html']
        assert (' mm loaded' in html) == bool(words)
        assert not words or words in html


def test_a_form_that_prints_nothing(db, form, manager, url, reg):
    form.enabled = False
    db.session.flush()
    assert 'This form prints no badges.' in manager.get(url(reg)).json['html']


def test_an_event_without_desks(db, desk, manager, url, reg):
    desk.is_deleted = True
    db.session.flush()
    html = manager.get(url(reg)).json['html']
    assert 'Printed at' not in html
    assert len(pictures(html)) == 1


def test_volunteers_may_look(browse, create_user, event, url, reg):
    user = create_user(300)
    assert browse(user).get(url(reg)).status_code == Forbidden.code
    event.update_principal(user, add_permissions={'registration_checkin'})
    assert len(pictures(browse(user).get(url(reg)).json['html'])) == 1

"""The contact sheet: a place for each badge, and the pictures of a few at a time."""

import re

import pytest
from flask import session

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.util.signals import values_from_signal

from indico_checkin_print.badge.preview import Dots
from indico_checkin_print.management.batches import contact_sheet
from indico_checkin_print.management.batches.contact_sheet import PART
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.work.prepare import prepare_registration


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')


@pytest.fixture
def url(page, dummy_regform):
    return f'{page}/forms/{dummy_regform.id}/contact-sheet'


@pytest.fixture
def people(create_reg):
    return [create_reg(f'P{number}', f'Name {9 - number}') for number in range(3)]


@pytest.fixture
def make(manager, url):
    """Return a function that makes a contact sheet; it returns its page, and the URL of its parts."""
    def _make(people, **data):
        answer = manager.post(f'{url}/choose', registration_id=[x.id for x in people], submitted='1',
                              **{'order': 'name', **data}).json
        html = manager.get(answer['redirect'], xhr=False).get_data(as_text=True)
        return html, re.search(r'data-url="([^"]+)"', html)[1].replace('&amp;', '&')
    return _make


def test_the_list_offers_it(app, dummy_regform, manager_user):
    with app.test_request_context():
        session.set_session_user(manager_user)
        entries = values_from_signal(signals.event.registrant_list_action_menu.send(dummy_regform), as_list=True)
        assert 'Contact sheet of badges' in [str(entry.text) for entry in entries]


def test_the_dialog_asks_for_the_order(manager, url, people):
    html = manager.post(f'{url}/choose', registration_id=[x.id for x in people]).json['html']
    assert 'Badges to be shown as small pictures: 3.' in html
    assert 'Choose some registrations' in manager.post(f'{url}/choose').json['html']


def test_badges_are_in_order_with_what_is_wrong(db, manager, make, people, create_reg):
    people[0].state = RegistrationState.withdrawn
    boxes = create_reg('\ue000', 'Aaron')
    db.session.flush()
    html, part = make([*people, boxes])
    assert re.findall(r'<figcaption>#(\d+)<', html) == [str(x.friendly_id) for x in (boxes, people[2], people[1])]
    cells = manager.get(f'{part}&start=0').get_data(as_text=True).split('<figure')[1:]
    assert [x in cell for x, cell in zip(('Aaron', 'P2', 'P1'), cells, strict=True)] == [True] * 3
    assert all('src="data:image/png;base64,' in cell for cell in cells)
    assert ['class="problem"' in cell for cell in cells] == [True, False, False]
    assert 'U+E000' in cells[0]
    assert not Job.query.has_rows()


def test_each_part_has_a_few(mocker, manager, make, people):
    mocker.patch.object(contact_sheet, 'PART', 2)
    html, part = make(people)
    assert 'data-part-size="2"' in html
    for start, indexes in ((0, ['0', '1']), (2, ['2']), (4, []), ('x', ['0', '1'])):
        answer = manager.get(f'{part}&start={start}').get_data(as_text=True)
        assert re.findall(r'data-index="(\d+)"', answer) == indexes
    assert PART < 50


def test_what_was_drawn_ahead_is_not_drawn_anew(db, mocker, manager, make, people):
    for person in people[:2]:
        prepare_registration(person.id, Dots())
    draw = mocker.spy(contact_sheet, 'show')
    __, part = make(people)
    assert manager.get(f'{part}&start=0').get_data(as_text=True).count('<img') == 3
    assert [call.args[0].id for call in draw.call_args_list] == [people[2].id]


def test_who_is_hidden_since_is_not_shown(manager, make, people, dummy_regform):
    __, part = make(people)

    def _not_the_first(regform, user, **kwargs):
        return Registration.first_name != 'P0'

    with signals.event.filter_registration_list.connected_to(_not_the_first, sender=dummy_regform):
        answer = manager.get(f'{part}&start=0').get_data(as_text=True)
    assert '<bdi>P0' not in answer
    assert '<bdi>P1' in answer
    assert answer.count('<img') == 2
    assert 'no longer there' in answer


def test_it_is_of_one_user(browse, create_user, event, make, people, url):
    __, part = make(people)
    other = create_user(300)
    event.update_principal(other, add_permissions={'registration'})
    assert '<img' not in browse(other).get(f'{part}&start=0').get_data(as_text=True)
    assert browse(other).get(f'{url}/?key=gone', xhr=False).status_code == 302

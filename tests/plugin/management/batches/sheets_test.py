"""The dialog for badges on sheets, and the PDF that only its maker gets."""

from io import BytesIO

import pytest
from flask import session
from pypdf import PdfReader

from indico.core import signals
from indico.modules.events.registration.models.registrations import RegistrationState
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.util.signals import values_from_signal

from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.routing.rules import HasTag, dump
from indico_checkin_print.routing.template_rules import TemplateRule
from tests.plugin.conftest import text_item


pytestmark = pytest.mark.usefixtures('no_kick', 'form', 'event')
#: What the dialog proposes for badges of 96 × 134 mm
PROPOSED = {'paper': 'a4', 'columns': 2, 'rows': 2, 'left': 9, 'top': 14.5, 'gap_x': 0, 'gap_y': 0, 'cut_lines': 'y',
            'order': 'name'}


@pytest.fixture
def url(event, dummy_regform):
    return f'/event/{event.id}/manage/checkin-print/forms/{dummy_regform.id}/sheets'


@pytest.fixture
def people(create_reg):
    return [create_reg(f'P{number}', f'Name {9 - number}') for number in range(5)]


@pytest.fixture
def make(manager, url):
    """Return a function that presses the button of the dialog; it returns the answer."""
    def _make(people, **data):
        return manager.post(url, registration_id=[reg.id for reg in people], submitted='1', **PROPOSED | data).json
    return _make


def pages(manager, answer):
    response = manager.get(answer['redirect'], xhr=False)
    assert response.mimetype == 'application/pdf'
    return [page.extract_text() for page in PdfReader(BytesIO(response.data)).pages]


def test_the_list_offers_it(app, dummy_regform, manager_user):
    with app.test_request_context():
        session.set_session_user(manager_user)
        entries = values_from_signal(signals.event.registrant_list_action_menu.send(dummy_regform), as_list=True)
        assert 'Badges on sheets (PDF)' in [str(entry.text) for entry in entries]


def test_the_dialog_proposes_what_there_is_room_for(manager, url, people):
    html = manager.post(url, registration_id=[reg.id for reg in people]).json['html']
    assert 'Badges of 96 × 134 mm: 5.' in html
    for name in ('columns', 'rows', 'left', 'top'):
        assert f'value="{PROPOSED[name]}' in html.partition(f'name="{name}"')[2].partition('>')[0]


def test_badges_are_in_order_on_their_sheets(manager, make, people, log_of, event):
    first, second = pages(manager, make(people))
    assert [name in first for name in ('P4', 'P3', 'P2', 'P1', 'P0')] == [True] * 4 + [False]
    assert 'P0' in second
    assert 'put on sheets' in log_of(event)
    # nothing of it is a job
    assert not Job.query.has_rows()


def test_who_may_have_none_is_not_on_it(db, manager, make, people):
    people[0].state = RegistrationState.withdrawn
    people[1].state = RegistrationState.unpaid
    db.session.flush()
    page, = pages(manager, make(people))
    assert [name in page for name in ('P0', 'P1', 'P2')] == [False, False, True]


def test_what_cannot_be_drawn_is_named(db, manager, make, people):
    people[0].first_name = people[0].last_name = ''
    db.session.flush()
    html = make(people)['html']
    assert f'#{people[0].friendly_id}: ' in html.partition('These cannot be drawn:')[2]
    assert len(pages(manager, make(people, leave_out='y'))) == 1


def test_one_of_another_size_is_named(db, event, manager, make, people, create_template):
    tag = RegistrationTag(event=event, title='VIP', color='red')
    small = create_template('Small', items=[text_item('fixed', 10, text='VIP', width=200)])
    small.data = {**small.data, 'width': 250, 'height': 250}
    people[0].tags.add(tag)
    db.session.flush()
    db.session.add(EventSetup(event=event, template_rules=dump([TemplateRule(1, small.id, (HasTag((tag.id,)),))])))
    db.session.flush()
    assert 'another size, 50 × 50 mm' in make(people)['html']
    assert len(pages(manager, make(people, leave_out='y'))) == 1


@pytest.mark.parametrize(('change', 'words'), [
    ({'columns': 3}, 'The columns need 297.0 mm, the sheet is 210 mm wide.'),
    ({'rows': 31}, 'Number must be between 1 and 30.'),
    ({'left': -1}, 'Number must be between 0 and 200.'),
    ({'left': 'nan'}, 'Number must be between 0 and 200.'),
    ({'paper': 'a0'}, 'Not a valid choice.'),
])
def test_what_is_not_on_the_sheet_is_said(make, people, change, words):
    assert words in make(people, **change)['html']


def test_a_ticket_is_a_sheet_of_its_own(make, form, people):
    form.kind, form.template = BadgeKind.ticket, None
    assert 'This form prints no badges.' in make(people)['html']


def test_only_who_made_it_gets_it(manager, make, people, browse, event, create_user):
    other = create_user(102)
    event.update_principal(other, add_permissions={'registration'})
    answer = make(people)
    assert browse(other).get(answer['redirect'], xhr=False).status_code == 302
    assert manager.get(answer['redirect'], xhr=False).status_code == 200


def test_there_is_a_limit(manager, url, event):
    assert manager.post(url, registration_id=list(range(1, 202))).status_code == 400
    assert manager.post(url, registration_id=['x']).status_code == 400

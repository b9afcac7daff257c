"""The column and the filter of the badge's state in Indico's participant list."""

import re

import pytest

from indico.core import signals
from indico.modules.events.registration.lists import RegistrationListGenerator
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.management.registrations.column import NONE, BadgeItem
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import JobState
from indico_checkin_print.models.rules import FormSetup


pytestmark = pytest.mark.usefixtures('no_kick')

S = JobState


@pytest.fixture
def item(db, event, dummy_regform, objects):
    db.session.add(FormSetup(registration_form=dummy_regform, enabled=True, kind=BadgeKind.badge, desk=objects.desk))
    db.session.flush()
    return BadgeItem(event, dummy_regform)


@pytest.fixture
def people(create_reg, create_job):
    """Somebody without a badge, one who has it, one whose second failed, one with an accompanying person."""
    nobody, printed, again, family = (create_reg('Ada', name) for name in ('Nothing', 'Printed', 'Again', 'Family'))
    create_job(printed, S.completed)
    create_job(again, S.completed)
    create_job(again, S.failed)
    create_job(family, S.completed)
    create_job(family, S.held, person='companion')
    # no badge: what a webhook was notified of
    create_job(nobody, S.failed, purpose='webhook:1')
    return nobody, printed, again, family


def find(item, *values):
    criterion = item.get_filter_criterion(values)
    query = Registration.query.with_parent(item.regform)
    return {reg.last_name for reg in (query if criterion is None else query.filter(criterion))}


def test_cells(item, people):
    cells = item.load_data(list(people))
    assert [cells[reg].text_value for reg in people] == [
        '', str(S.completed.title), str(S.failed.title), f'{S.completed.title}, {S.held.title}']
    assert item.load_data([]) == {}


def test_filter(item, people):
    def _of(*states):
        return find(item, *(state if state == NONE else str(state.value) for state in states))

    assert _of(S.completed) == {'Printed', 'Family'}
    assert _of(S.failed) == {'Again'}
    assert _of(S.held) == {'Family'}
    assert _of(NONE) == {'Nothing'}
    assert _of(NONE, S.failed) == {'Nothing', 'Again'}
    assert _of(S.printing) == set()
    # no more than no filter at all
    assert find(item, '99', 'nonsense') == {'Nothing', 'Printed', 'Again', 'Family'}


def test_one_query(item, people, create_reg, create_job, count_queries):
    for number in range(20):
        create_job(create_reg('Ada', f'Person{number}'), S.completed)
    registrations = Registration.query.with_parent(item.regform).all()
    with count_queries() as count:
        assert len(item.load_data(registrations)) == 24
    assert count() == 1


@pytest.fixture
def show(event, dummy_regform):
    """Return a function that chooses column and filter as the dialog does, and returns the list."""
    def _show(browser, *values):
        url = f'/event/{event.id}/manage/registration/{dummy_regform.id}/registrations/'
        dialog = browser.get(f'{url}customize')
        assert dialog.status_code == 200
        assert 'ext__checkin_print_badge' in dialog.json['html']
        answer = browser.client.post(f'{url}customize', headers={'X-Requested-With': 'XMLHttpRequest'}, data={
            'csrf_token': browser.token, 'visible_items': '["ext__checkin_print_badge"]',
            'field_ext__checkin_print_badge': list(values)})
        assert answer.status_code == 200
        return browser.get(url, xhr=False).get_data(as_text=True)
    return _show


def test_in_the_list(item, people, manager, show):
    html = show(manager, str(S.failed.value))
    assert re.search(r'<th[^>]*>\s*Badge', html)
    assert re.search(rf'<td[^>]*data-text="{S.failed.title}"', html)
    assert 'Again' in html
    assert 'Family' not in html


def test_who_is_hidden_stays_hidden(item, people, manager, manager_user, show, dummy_regform):
    def _hide_one(regform, user, **kwargs):
        return Registration.last_name != 'Again' if user == manager_user else None

    with signals.event.filter_registration_list.connected_to(_hide_one, sender=dummy_regform):
        assert 'Again' not in show(manager, str(S.failed.value), NONE)


def test_no_column_where_nothing_prints(db, event, dummy_regform, app):
    with app.test_request_context():
        assert 'ext__checkin_print_badge' not in RegistrationListGenerator(dummy_regform).extra_filters

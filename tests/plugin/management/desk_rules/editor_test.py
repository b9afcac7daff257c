"""The editor of desk rules: the dialog, the order, what is never reached, who gets which desk."""

import json
import re
from datetime import date

import pytest

from indico.core import signals
from indico.modules.events.models.roles import EventRole
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.groups.models.groups import LocalGroup

from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.routing.rules import (Accompanies, FormIs, HasAnswer, HasRole, HasTag, OnDay, Rule, SurnameIn,
                                                dump, parse)


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def url(page):
    return f'{page}/rules/'


@pytest.fixture
def second_desk(db, event, desk):
    desk = Desk(event=event, name='Desk 2')
    db.session.add(desk)
    db.session.flush()
    return desk


@pytest.fixture
def tag(db, event):
    tag = RegistrationTag(event=event, title='VIP', color='red')
    db.session.add(tag)
    db.session.flush()
    return tag


@pytest.fixture
def make_field(db, dummy_regform):
    """Return a function that adds a field to the form."""
    def _make(title, input_type='text', choices=()):
        field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title=title,
                                      input_type=input_type)
        field.data, field.versioned_data = field.field_impl.process_field_data(
            {'choices': [{'caption': x, 'is_enabled': True} for x in choices]} if choices else {})
        db.session.flush()
        return field
    return _make


@pytest.fixture
def store(db, event, form):
    """Return a function that stores rules."""
    def _store(*rules):
        setup = EventSetup.query.get(event.id) or EventSetup(event=event)
        setup.desk_rules = dump(rules)
        db.session.add(setup)
        db.session.flush()
    return _store


def stored(event):
    return parse(EventSetup.query.get(event.id).desk_rules)


def test_every_condition(db, event, manager, url, form, desk, second_desk, tag, make_field, dummy_regform, log_of):
    role = EventRole(event=event, name='Staff', code='ST', color='005272')
    group = LocalGroup(name='IT')
    lunch, text = make_field('Lunch', 'single_choice', ['Meat', 'Leaves']), make_field('Company')
    country = make_field('Country', 'country')
    db.session.add_all([role, group])
    db.session.flush()
    event.update_principal(group.proxy, read_access=True)
    leaves = next(id_ for id_, title in lunch.data['captions'].items() if title == 'Leaves')
    day = event.start_dt.astimezone(event.tzinfo).date()
    data = {'forms': [dummy_regform.id], 'tags': [tag.id], 'roles': [f'event-{role.id}', f'group-{group.id}'],
            'answers': [f'{lunch.id}-{leaves}'], 'text_field': text.id, 'text_values': 'CERN\nDESY, Hamburg',
            'surname_first': 'A', 'surname_last': 'K', 'days': [day.isoformat()], 'person': 'registrant',
            'ways': ['app'], 'desk_id': second_desk.id}
    assert manager.save(f'{url}add', **data) == {}
    rule, = stored(event)
    assert rule.desk == second_desk.id
    assert rule.when == (FormIs((dummy_regform.id,)), HasTag((tag.id,)), HasRole((role.id,), (), (group.id,)),
                         HasAnswer(lunch.id, (leaves,)), HasAnswer(text.id, ('CERN', 'DESY, Hamburg')),
                         SurnameIn('A', 'K'), OnDay((day,)), Accompanies(False), *rule.when[-1:])
    html = manager.get(url).get_data(as_text=True)
    for words in ('tag VIP', 'role or group Staff or IT (group)', 'Lunch: Leaves', 'CERN or DESY, Hamburg',
                  'last name A – K', 'Desk 2'):
        assert words in html
    assert 'tag VIP' in log_of(event)
    # what the dialog shows, saved as it is, is the same rule
    assert manager.save(f'{url}{rule.id}/', **data) == {}
    assert stored(event) == (rule,)
    dialog = manager.get(f'{url}{rule.id}/').json['html']
    assert dialog.count('checked') >= 7
    # countries are stored as codes
    assert manager.save(f'{url}add', text_field=country.id, text_values='switzerland\nFR', desk_id=desk.id) == {}
    assert stored(event)[1].when == (HasAnswer(country.id, ('CH', 'FR')),)
    assert 'There is no such country' in manager.save(f'{url}add', text_field=country.id, text_values='Atlantis',
                                                      desk_id=desk.id)['text_values']


@pytest.mark.parametrize(('data', 'field'), [
    ({}, 'desk_id'), ({'surname_first': 'M', 'surname_last': 'A'}, 'surname_last'),
    ({'surname_first': 'x' * 300}, 'surname_first'), ({'days': ['2026-13-45']}, 'days'), ({'ways': ['magic']}, 'ways'),
])
def test_what_the_dialog_refuses(manager, url, event, form, desk, data, field):
    assert field in manager.save(f'{url}add', desk_id=desk.id, **data)
    assert EventSetup.query.get(event.id) is None


def test_a_desk_of_another_event(manager, url, create_event, make_objects):
    other = make_objects(create_event(77))
    assert 'desk_id' in manager.save(f'{url}add', surname_first='A', desk_id=other.desk.id)


def test_order(manager, url, event, desk, store, tag):
    store(*(Rule(n, desk.id, (SurnameIn(x),)) for n, x in ((1, 'A'), (2, 'B'), (5, 'C'))))

    def ids():
        return [rule.id for rule in stored(event)]

    manager.post(f'{url}5/move', position='1')
    assert ids() == [5, 1, 2]
    manager.post(f'{url}5/move', position='3')
    assert ids() == [1, 2, 5]
    for bad in ('0', '4', '-1', 'x', '', '²', '9999999'):
        manager.post(f'{url}5/move', position=bad)
    assert ids() == [1, 2, 5]
    assert manager.save(f'{url}add', surname_first='D', desk_id=desk.id) == {}
    assert ids() == [1, 2, 5, 6]
    manager.post(f'{url}2/delete')
    assert ids() == [1, 5, 6]
    assert manager.post(f'{url}2/delete').status_code == 404


def test_what_cannot_be_read_is_said_and_kept_in_the_log(db, manager, url, page, event, form, desk, log_of):
    db.session.add(EventSetup(event=event, desk_rules=[{'id': 'x', 'old': 'format'},
                                                       *dump([Rule(3, desk.id, (SurnameIn('A'),))])]))
    db.session.flush()
    assert '1 rule cannot be read' in manager.get(f'{page}/setup', xhr=False).get_data(as_text=True)
    assert manager.save(f'{url}add', surname_first='D', desk_id=desk.id) == {}
    assert [rule.id for rule in stored(event)] == [3, 4]
    assert "'old': 'format'" in log_of(event)


def test_what_nobody_reaches(db, manager, url, event, desk, second_desk, store, tag, dummy_regform, make_field):
    field = make_field('Company')
    store(Rule(1, desk.id, (FormIs((dummy_regform.id,)),)), Rule(2, desk.id, (HasTag((tag.id,)),)),
          Rule(3, second_desk.id, (SurnameIn('A', 'B'),)), Rule(4, desk.id, (HasAnswer(field.id, ('CERN',)),)))
    second_desk.is_deleted = field.is_deleted = True
    db.session.flush()
    html = manager.get(url).get_data(as_text=True)
    assert html.count('Nobody gets here') == 3
    for words in ('Rule 1 comes first', 'Its desk was deleted', 'The field that it asks about was deleted'):
        assert words in html


def bars_of(html):
    return {name.strip(): int(count) for name, count in re.findall(
        r'<th scope="row"><bdi>(.*?)</bdi></th>\s*<td class="number">(\d+)</td>', html)}


def test_bars_and_preview(db, manager, url, desk, second_desk, store, create_reg, tag):
    for name in ('Ångström', 'Kowalski', 'Łukasiewicz', 'Zola'):
        create_reg(last_name=name, first_name=name)
    withdrawn = create_reg(last_name='Abel', first_name='W')
    withdrawn.is_deleted = True
    db.session.flush()
    assert bars_of(manager.get(f'{url}bars').get_data(as_text=True)) == {'Desk 1': 4, 'Desk 2': 0}
    preview = manager.post(f'{url}preview', surname_first='A', surname_last='K', desk_id=second_desk.id)
    assert bars_of(preview.get_data(as_text=True)) == {'Desk 1': 2, 'Desk 2': 2}
    store(Rule(1, second_desk.id, (SurnameIn('L'),)))
    assert bars_of(manager.get(f'{url}bars').get_data(as_text=True)) == {'Desk 1': 2, 'Desk 2': 2}
    preview = manager.post(f'{url}preview', rule_id='1', surname_first='Z', desk_id=second_desk.id)
    assert bars_of(preview.get_data(as_text=True)) == {'Desk 1': 3, 'Desk 2': 1}
    assert 'at least one condition' in manager.post(f'{url}preview', desk_id=desk.id).get_data(as_text=True)
    assert stored(desk.event) == (Rule(1, second_desk.id, (SurnameIn('L'),)),)


def test_try_it(manager, url, desk, second_desk, store, create_reg, tag, dummy_regform):
    registration = create_reg(first_name='Ada', last_name='Łovelace')
    registration.tags.add(tag)
    store(Rule(1, desk.id, (SurnameIn('M'),)), Rule(2, second_desk.id, (HasTag((tag.id,)),), 'tag VIP'))
    html = manager.get(f'{url}try?name=LOVELACE').get_data(as_text=True)
    assert 'Desk 2' in html
    assert 'because of rule 2: tag VIP' in html
    assert 'Nobody who gets a badge' in manager.get(f'{url}try?name=Nobody').get_data(as_text=True)
    assert manager.get(f'{url}try').get_data(as_text=True).strip() == ''
    for number in range(12):
        create_reg(first_name=f'P{number}', last_name='Many')
    assert 'There are more' in manager.get(f'{url}try?name=many').get_data(as_text=True)


def test_hidden_people_are_not_counted_and_not_found(manager, url, store, create_reg, desk, dummy_regform):
    create_reg(first_name='Viktor', last_name='Visible')
    create_reg(first_name='Hilde', last_name='Hidden')

    def _only(regform, user, **kwargs):
        return Registration.first_name == 'Viktor'

    with signals.event.filter_registration_list.connected_to(_only, sender=dummy_regform):
        assert bars_of(manager.get(f'{url}bars').get_data(as_text=True)) == {'Desk 1': 1}
        assert 'Hilde' not in manager.get(f'{url}try?name=hidden').get_data(as_text=True)


def test_accompanying_persons(db, manager, url, store, create_reg, desk, second_desk, make_field, dummy_regform):
    from indico.modules.events.registration.models.registrations import RegistrationData
    dummy_regform.tickets_for_accompanying_persons = True
    field = make_field('Family', 'accompanying_persons')
    registration = create_reg(last_name='Curie')
    registration.data.append(RegistrationData(field_data=field.current_data, data=[
        {'id': 'a', 'firstName': 'Ève', 'lastName': 'Curie'}, {'id': 'b', 'firstName': 'Irène', 'lastName': 'Curie'}]))
    store(Rule(1, second_desk.id, (Accompanies(True),)))
    assert bars_of(manager.get(f'{url}bars').get_data(as_text=True)) == {'Desk 1': 1, 'Desk 2': 2}
    html = manager.get(f'{url}try?name=curie').get_data(as_text=True)
    assert (html.count('Desk 1'), html.count('Desk 2')) == (1, 2)


def test_who_may(browse, create_user, url, event, objects):
    for user in (None, create_user(400), create_user(401)):
        if user is not None and user.id == 401:
            event.update_principal(user, add_permissions={'registration_checkin'})
        browser = browse(user)
        assert browser.get(url).status_code in {302, 403}
        assert browser.post(f'{url}add', surname_first='A', desk_id=objects.desk.id).status_code in {302, 403}
    assert EventSetup.query.get(event.id) is None


def test_stored_rules_are_json(event, desk, store):
    store(Rule(1, desk.id, (OnDay((date(2026, 8, 3),)),)))
    assert json.loads(json.dumps(EventSetup.query.get(event.id).desk_rules))[0]['when'] == [
        {'about': 'day', 'days': ['2026-08-03']}]

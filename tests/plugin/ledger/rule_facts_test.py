"""A check-in follows the event's desk rules, and loads no more for them than they ask."""

from datetime import timedelta

import pytest

from indico.modules.categories.models.roles import CategoryRole
from indico.modules.events.models.roles import EventRole
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.registrations import RegistrationData
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.groups.models.groups import LocalGroup
from indico.util.date_time import now_utc

from indico_checkin_print import ledger
from indico_checkin_print.ledger.desks import desks_for_jobs
from indico_checkin_print.ledger.rule_facts import load_facts
from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.reasons.desk import DeskReason, describe_detail
from indico_checkin_print.routing.rules import (Accompanies, CheckedInBy, FormIs, HasAnswer, HasRole, HasTag, OnDay,
                                                Rule, SurnameIn, dump)


pytestmark = pytest.mark.usefixtures('no_kick')


@pytest.fixture
def second_desk(db, dummy_event, desk):
    desk = Desk(event_id=dummy_event.id, name='Desk 2')
    db.session.add(desk)
    db.session.flush()
    return desk


@pytest.fixture
def store(db, dummy_event):
    def _store(*rules, stored=None):
        setup = EventSetup.query.get(dummy_event.id) or EventSetup(event_id=dummy_event.id)
        setup.desk_rules = stored or dump(rules)
        db.session.add(setup)
        db.session.flush()
    return _store


@pytest.fixture
def tag(db, dummy_event):
    tag = RegistrationTag(event=dummy_event, title='VIP', color='red')
    db.session.add(tag)
    db.session.flush()
    return tag


@pytest.fixture
def field(db, dummy_regform):
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title='Company',
                                  input_type='text')
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.flush()
    return field


def test_a_rule_comes_before_the_form_and_stands_in_the_history(db, check_in, create_reg, form, desk, second_desk, tag,
                                                                store):
    form.desk = desk
    store(Rule(1, 99999, (FormIs((form.registration_form_id,)),)),
          Rule(2, second_desk.id, (HasTag((tag.id,)),), 'tag VIP'))
    vip, other = create_reg(first_name='A'), create_reg(first_name='B')
    vip.tags.add(tag)
    job, = check_in(vip)
    assert job.desk_id == second_desk.id
    assert [str(describe_detail(step.detail)) for step in job.history] == [
        'This desk, because of rule 2: tag VIP']
    job, = check_in(other)
    assert (job.desk_id, job.history[0].detail) == (desk.id, 'desk:form')


def test_everything_that_rules_ask(db, dummy_event, dummy_regform, create_reg, create_user, tag, field):
    user = create_user(31)
    role = EventRole(event=dummy_event, name='Staff', code='ST', color='005272', members={user})
    other = EventRole(event=dummy_event, name='Other', code='OT', color='005272', members={user})
    category_role = CategoryRole(category=dummy_event.category, name='Chair', code='CH', color='005272', members={user})
    group = LocalGroup(name='IT', members={user})
    db.session.add_all([role, other, category_role, group])
    registration, stranger = create_reg(first_name='A', user=user), create_reg(first_name='B')
    registration.tags.add(tag)
    registration.data.append(RegistrationData(field_data=field.current_data, data='CERN  Genève'))
    db.session.flush()
    rules = [Rule(1, 1, (HasTag((tag.id,)), HasRole((role.id,), (category_role.id,), (group.id,)),
                         HasAnswer(field.id, ('x',))))]
    people = [(x.id, x.registration_form_id, x.last_name) for x in (registration, stranger)]
    facts = load_facts(rules, people, day=None, way=CheckinSource.app)
    mine = facts[registration.id]
    assert (mine.tags, mine.event_roles, mine.category_roles, mine.groups) == (
        {tag.id}, {role.id}, {category_role.id}, {group.id})
    assert mine.answers == {field.id: {'cern geneve'}}
    theirs = facts[stranger.id]
    assert (theirs.tags, theirs.event_roles, theirs.category_roles, theirs.groups, theirs.answers) == (
        set(), set(), set(), set(), {})
    field.is_deleted = True
    db.session.flush()
    assert load_facts(rules, people, day=None, way=CheckinSource.app)[registration.id].answers == {}


def reads(statements):
    return [s for s in statements if s.lstrip().startswith('SELECT') and 'pg_notify' not in s]


@pytest.mark.parametrize('asked', ['nothing', 'what is at hand', 'one', 'all'])
def test_number_of_statements(check_in, create_reg, form, store, statements, tag, field, desk, asked):
    """No rules, no statement more; and one for all that the rules ask, however many they are."""
    at_hand = [Rule(1, desk.id, (SurnameIn('Z'), CheckedInBy((CheckinSource.list,)))),
               Rule(2, desk.id, (Accompanies(True), FormIs((1,))))]
    one = [Rule(n, desk.id, (HasTag((tag.id,)),)) for n in range(3, 20)]
    rules = {'nothing': [], 'what is at hand': at_hand, 'one': at_hand + one, 'all': at_hand + one + [
        Rule(30, desk.id, (HasRole((1,), (1,), (1,)), HasAnswer(field.id, ('x',)), HasAnswer(9, ('y',))))]}[asked]
    if rules:
        store(*rules)
    check_in(create_reg(first_name='A'))  # what is loaded once
    registration = create_reg(first_name='B')
    statements.clear()
    check_in(registration)
    of_rules = [s for s in statements if s.startswith('SELECT r.id, (')]
    assert len(of_rules) == (asked in {'one', 'all'})
    for part in ('role_members', 'group_members', 'registration_data'):
        assert any(part in s for s in of_rules) == (asked == 'all')


def test_a_volunteer_with_a_desk_needs_no_rule(db, app, check_in, create_reg, create_user, form, store, statements, tag,
                                          second_desk, desk):
    volunteer = create_user(55)
    db.session.add(OwnDesk(event_id=desk.event_id, user=volunteer, desk=desk, ends_dt=now_utc() + timedelta(hours=1)))
    store(Rule(1, second_desk.id, (HasTag((tag.id,)),)))
    registration = create_reg()
    registration.tags.add(tag)
    statements.clear()
    job, = check_in(registration, user=volunteer)
    assert job.desk_id == desk.id
    assert [s for s in statements if s.startswith('SELECT r.id, (')] == []


@pytest.mark.parametrize('stored', [{'a': 1}, [None, {'id': 1}], 'x', [{'id': 1, 'desk': 1, 'when': [{'about': 'x'}]}]])
def test_bad_stored_rules_do_not_stop_a_check_in(check_in, create_reg, form, store, desk, stored):
    store(stored=stored)
    job, = check_in(create_reg())
    assert (job.desk_id, job.history[0].detail) == (desk.id, 'desk:default')


def test_the_day_is_that_of_the_event(db, dummy_event, check_in, create_reg, form, store, desk, second_desk):
    dummy_event.timezone = 'Pacific/Kiritimati'  # it is tomorrow there for most of the day
    day = now_utc().astimezone(dummy_event.tzinfo).date()
    store(Rule(1, second_desk.id, (OnDay((day,)),)))
    job, = check_in(create_reg())
    assert job.desk_id == second_desk.id
    assert day != now_utc().date() or now_utc().hour < 10


def test_accompanying_persons_have_a_desk_of_their_own(db, check_in, create_reg, form, store, desk, second_desk,
                                                       dummy_regform):
    dummy_regform.tickets_for_accompanying_persons = True
    field = RegistrationFormField(registration_form=dummy_regform, parent=dummy_regform.sections[0], title='Family',
                                  input_type='accompanying_persons')
    field.data, field.versioned_data = field.field_impl.process_field_data({})
    db.session.flush()
    registration = create_reg(last_name='Curie')
    registration.data.append(RegistrationData(field_data=field.current_data, data=[
        {'id': 'eve', 'firstName': 'Ève', 'lastName': 'Curie'}]))
    store(Rule(1, second_desk.id, (Accompanies(True), SurnameIn('C', 'C'))))
    assert {job.person: job.desk_id for job in check_in(registration)} == {'': desk.id, 'eve': second_desk.id}


def test_what_is_queued_once_more_follows_the_rules(db, check_in, create_reg, form, store, desk, second_desk, tag):
    registration = create_reg()
    registration.tags.add(tag)
    desk.is_deleted = second_desk.is_deleted = True
    db.session.flush()
    job, = check_in(registration)
    assert job.desk_id is None
    desk.is_deleted = second_desk.is_deleted = False
    store(Rule(1, second_desk.id, (HasTag((tag.id,)),)))
    assert {(x.desk_id, x.reason) for x in desks_for_jobs([job.id]).values()} == {(second_desk.id, DeskReason.rule)}
    choice = ledger.desk_for_form(form.registration_form, None, registration)
    assert (choice.desk_id, choice.reason) == (second_desk.id, DeskReason.rule)
    assert ledger.desk_for_form(form.registration_form).desk_id == desk.id

"""Stores desk rules and gives people what the rules ask about: ``python -m tests.stack.route``.

Reads the ids of four desks from standard input and prints as JSON where the pure function says that each badge comes
out, by registration. What it is asked about is what was written here, and not what the plugin has loaded.
"""

import json
import sys
from collections import Counter

from indico.core.db import db
from indico.modules.categories.models.roles import CategoryRole
from indico.modules.events.models.roles import EventRole
from indico.modules.events.registration.models.form_fields import RegistrationFormField
from indico.modules.events.registration.models.registrations import Registration, RegistrationData
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.groups.models.groups import LocalGroup
from indico.modules.users import User
from indico.util.date_time import now_utc
from indico.web.flask.app import make_app

# the mappers need all tables
from indico_checkin_print.models import agents, desks, devices, jobs, own_desks, records, webhooks  # noqa: F401
from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.routing.rules import (Accompanies, CheckedInBy, Facts, FormIs, HasAnswer, HasRole, HasTag,
                                                OnDay, Rule, SurnameIn, answer, dump, first_match)


def main():
    desk_ids = json.load(sys.stdin)
    app = make_app()
    with app.test_request_context():
        people = Registration.query.order_by(Registration.id).all()
        json.dump(route(people, desk_ids), sys.stdout)
        db.session.commit()


def route(people, desk_ids):
    event = people[0].event
    forms = sorted({person.registration_form_id for person in people})
    form = people[0].registration_form
    mine = [person for person in people if person.registration_form == form]
    tag = RegistrationTag(event=event, title='VIP', color='red')
    users = {login: User.query.filter_by(first_name=name).one()
             for login, name in (('staff', 'Stan'), ('group', 'Vera'), ('chair', 'Mona'))}
    role = EventRole(event=event, name='Staff', code='ST', color='005272', members={users['staff']})
    chair = CategoryRole(category=event.category, name='Chair', code='CH', color='005272', members={users['chair']})
    group = LocalGroup(name='IT', members={users['group']})
    db.session.add_all([tag, role, chair, group])
    dinner = _field(form, 'Dinner', 'single_choice', ('None', 'Gala'))
    visa = _field(form, 'Visa', 'bool')
    company = _field(form, 'Company', 'text')
    country = next(field for field in form.sections[0].fields if field.input_type == 'country')
    gala = next(id_ for id_, title in dinner.data['captions'].items() if title == 'Gala')
    asked = {person.id: {'answers': {}, 'tags': frozenset()} for person in people}
    for login, person in zip(users, mine[40:], strict=False):
        person.user = users[login]
    asked[mine[40].id]['event_roles'] = frozenset({role.id or _flushed(role)})
    asked[mine[41].id]['groups'] = frozenset({group.id})
    asked[mine[42].id]['category_roles'] = frozenset({chair.id})
    for person in people[::17]:
        person.tags.add(tag)
        asked[person.id]['tags'] = frozenset({tag.id})
    for number, person in enumerate(mine):
        for field, data in ((dinner, {gala: 1} if number % 11 == 0 else {}), (visa, number % 13 == 0),
                            (company, 'Société Générale' if number % 19 == 0 else 'Another')):
            person.data.append(RegistrationData(field_data=field.current_data, data=data))
            asked[person.id]['answers'][field.id] = answer(data)
        asked[person.id]['answers'][country.id] = answer(person.data_by_field[country.id].data)
    usual = Counter(person.data_by_field[country.id].data for person in mine).most_common(1)[0][0]
    today = now_utc().astimezone(event.tzinfo).date()
    conditions = [
        (HasTag((tag.id,)),), (HasRole(event_roles=(role.id,)),), (HasRole(groups=(group.id,)),),
        (HasRole(category_roles=(chair.id,)),), (HasAnswer(dinner.id, (gala,)),), (HasAnswer(visa.id, ('yes',)),),
        (HasAnswer(company.id, ('societe generale',)),), (HasAnswer(country.id, (usual,)), SurnameIn('', 'M')),
        (SurnameIn('A', 'F'), Accompanies(False)), (FormIs((forms[1],)), OnDay((today,)), SurnameIn('G', 'M')),
        (SurnameIn('N', 'Z'), CheckedInBy((CheckinSource.api,))), (Accompanies(True),)]
    rules = [Rule(n, desk_ids[n % len(desk_ids)], when, f'rule {n}') for n, when in enumerate(conditions, 1)]
    setup = EventSetup.query.get(event.id) or EventSetup(event_id=event.id)
    setup.desk_rules = dump(rules)
    db.session.add(setup)
    form_desks = {form.registration_form_id: form.desk_id for form in FormSetup.query}
    by_rule, where = Counter(), {}
    for person in people:
        facts = Facts(person.registration_form_id, person.last_name, day=today, way=CheckinSource.api,
                      **asked[person.id])
        match = first_match(rules, facts, set(desk_ids))
        by_rule[match.number if match else 0] += 1
        where[person.id] = match.rule.desk if match else form_desks[person.registration_form_id]
    return {'desks': where, 'by_rule': by_rule}


def _flushed(row):
    db.session.flush()
    return row.id


def _field(form, title, input_type, choices=()):
    field = RegistrationFormField(registration_form=form, parent=form.sections[0], title=title, input_type=input_type)
    field.data, field.versioned_data = field.field_impl.process_field_data(
        {'choices': [{'caption': choice, 'is_enabled': True, 'price': 30} for choice in choices]} if choices else {})
    db.session.flush()
    return field


if __name__ == '__main__':
    main()

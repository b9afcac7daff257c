"""People who get certificates, and what a page asks for: ``python -m tests.stack.certificates`` with INDICO_CONFIG.

Reads JSON from standard input; the last line of its output is JSON. ``seed`` makes the people of an event: some are
checked in, some of these are volunteers, some took part in a masterclass; and speakers with contributions in the
timetable. ``plan`` enters the recipients of all types, ``queue`` asks for their e-mails, as the pages do it.
"""

import json
import sys
from datetime import timedelta

from indico.core.db import db
from indico.modules.events.contributions.models.contributions import Contribution
from indico.modules.events.contributions.models.persons import ContributionPersonLink
from indico.modules.events.models.events import Event
from indico.modules.events.models.persons import EventPerson
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration
from indico.modules.events.registration.models.tags import RegistrationTag
from indico.modules.events.registration.util import create_personal_data_fields, create_registration
from indico.modules.events.timetable.models.entries import TimetableEntry, TimetableEntryType
from indico.util.date_time import now_utc
from indico.web.flask.app import make_app


#: How long a contribution takes
SLOT = timedelta(minutes=20)


def main():
    wanted = json.load(sys.stdin)
    app = make_app()
    with app.test_request_context():
        event = Event.get(wanted['event'])
        result = {'seed': seed, 'plan': plan, 'queue': queue}[sys.argv[1]](event, wanted)
        db.session.commit()
    print(json.dumps(result))


def seed(event, wanted):
    people = Registration.query.filter_by(event_id=event.id).order_by(Registration.id).all()
    here = people[:wanted['checked_in']]
    tag = RegistrationTag(event=event, title='Volunteer', color='red')
    form = RegistrationForm(event=event, title='Welding for beginners', currency='CHF')
    create_personal_data_fields(form)
    db.session.add_all([tag, form])
    # friendly ids are counted in a session of their own
    db.session.commit()
    form.start_dt = now_utc()
    for person in here[:wanted['volunteers']]:
        person.tags.add(tag)
    # they attend the conference as well
    here += [create_registration(form, {'first_name': person.first_name, 'last_name': person.last_name,
                                        'email': person.email}, management=True, notify_user=False)
             for person in here[-wanted['masterclass']:]]
    for person in here:
        person.checked_in = True
    speakers = [EventPerson(event=event, first_name='Speaker', last_name=f'No. {n}', affiliation='',
                            email='' if n < wanted['without_email'] else f'speaker{n}@people.example')
                for n in range(wanted['speakers'])]
    for n in range(wanted['contributions']):
        # those without an address speak once
        link = ContributionPersonLink(person=speakers[-1 - n % wanted['speakers']], is_speaker=True)
        contribution = Contribution(event=event, title=f'Contribution {n}', duration=SLOT, person_links=[link])
        contribution.timetable_entry = TimetableEntry(event=event, type=TimetableEntryType.CONTRIBUTION,
                                                      start_dt=event.start_dt + n * SLOT)
        db.session.add(contribution)
    db.session.flush()
    return {'tag': tag.id, 'form': form.id}


def plan(event, wanted):
    from indico_checkin_print.certificates.plan import plan as enter
    from indico_checkin_print.certificates.presets import types_of
    return {type_.name: vars(enter(type_, 'user:1')) for type_ in types_of(event)}


def queue(event, wanted):
    from indico_checkin_print.certificates.presets import types_of
    from indico_checkin_print.certificates.runs import queue_sending
    return [queue_sending(type_, 'user:1').id for type_ in types_of(event)]


if __name__ == '__main__':
    main()

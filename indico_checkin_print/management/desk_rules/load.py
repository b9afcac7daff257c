"""Which desk people would get: one by one for somebody who asks, and how many each desk gets, before the doors open.

Everybody is taken to be checked in with the app, on the present day of the event or else its first or last one. What
the device that scans or the volunteer chooses is not known before, so it counts for nothing here.
"""

from collections import Counter
from dataclasses import dataclass, replace

from indico.core.db import db
from indico.modules.events.registration.models.forms import RegistrationForm
from indico.modules.events.registration.models.registrations import Registration, RegistrationState
from indico.util.date_time import now_utc

from indico_checkin_print.ledger.rule_facts import load_facts
from indico_checkin_print.management.jobs.filter import MAX_NAME, JobFilter
from indico_checkin_print.management.jobs.query import find_people
from indico_checkin_print.management.visibility import visible_registrations
from indico_checkin_print.models.choices import BadgeKind, CheckinSource
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.routing.desk import DeskChoice, DeskFacts, choose_desk
from indico_checkin_print.routing.rules import first_match


#: How many registrations a search shows
MAX_FOUND = 10

_COMPANIONS = """
    SELECT d.registration_id, sum(jsonb_array_length(d.data))
    FROM event_registration.forms f
    JOIN event_registration.form_items i ON i.registration_form_id = f.id AND NOT i.is_deleted
    JOIN event_registration.form_field_data v ON v.field_id = i.id
    JOIN event_registration.registration_data d ON d.field_data_id = v.id
    WHERE f.id = ANY(:forms) AND f.tickets_for_accompanying_persons AND i.input_type = 'accompanying_persons'
      AND jsonb_typeof(d.data) = 'array'
    GROUP BY 1
"""


@dataclass(frozen=True)
class Bar:
    """How many badges come out at a desk."""

    #: The name of the desk; empty if there is none for them
    desk: str
    count: int
    #: Of the desk that gets most
    percent: int


@dataclass(frozen=True)
class Found:
    """Where the badge of somebody would come out."""

    name: str
    number: int
    form: str
    desk: str
    choice: DeskChoice


def bars(event, rules):
    """Return a `Bar` for each desk of an event: for the registrations that the user may see and that print."""
    desks = _desks(event)
    forms = _printing_forms(event)
    people = (_registrations(event, forms).with_entities(Registration.id, Registration.registration_form_id,
                                                         Registration.last_name).all() if forms else [])
    companions = _companions([id_ for id_, setup in forms.items() if setup.kind == BadgeKind.badge])
    counts = Counter()
    choose = _chooser(rules, desks, forms)
    for id_, facts in load_facts(rules, people, day=likely_day(event), way=CheckinSource.app).items():
        counts[choose(facts).desk_id] += 1
        if count := companions.get(id_):
            counts[choose(replace(facts, accompanies=True)).desk_id] += count
    most = max(counts.values(), default=0) or 1
    ids = [*desks, *([None] if counts[None] else [])]
    return [Bar(desks.get(id_, ''), counts[id_], round(100 * counts[id_] / most)) for id_ in ids]


def find(event, rules, name):
    """Return a `Found` for each badge of the registrations with a name, and whether there are more of them.

    :raises TooManyPeople: see `find_people`
    """
    desks, forms = _desks(event), _printing_forms(event)
    ids = find_people(event.id, JobFilter(name=name[:MAX_NAME]), visible_registrations(event))
    registrations = (_registrations(event, forms).filter(Registration.id.in_(ids))
                     .order_by(*Registration.order_by_name).limit(MAX_FOUND + 1).all() if ids and forms else [])
    people = [(x.id, x.registration_form_id, x.last_name) for x in registrations[:MAX_FOUND]]
    facts = load_facts(rules, people, day=likely_day(event), way=CheckinSource.app)
    choose = _chooser(rules, desks, forms)

    def _found(registration, name, *, accompanies=False):
        choice = choose(replace(facts[registration.id], accompanies=accompanies))
        return Found(name, registration.friendly_id, registration.registration_form.title,
                     desks.get(choice.desk_id, ''), choice)

    found = []
    for registration in registrations[:MAX_FOUND]:
        found.append(_found(registration, registration.full_name))
        form = registration.registration_form
        if form.tickets_for_accompanying_persons and forms[form.id].kind == BadgeKind.badge:
            found += [_found(registration, f'{person["firstName"]} {person["lastName"]}', accompanies=True)
                      for person in registration.accompanying_persons]
    return found, len(registrations) > MAX_FOUND


def likely_day(event):
    """Return the day on which people are checked in, as far as one can know: today, if that is one of the event's."""
    first, today, last = (dt.astimezone(event.tzinfo).date() for dt in (event.start_dt, now_utc(), event.end_dt))
    return min(max(first, today), last)


def _chooser(rules, desks, forms):
    ids = frozenset(desks)
    return lambda facts: choose_desk(DeskFacts(ids, rule=first_match(rules, facts, ids),
                                               form_desk=forms[facts.form_id].desk_id))


def _desks(event):
    return {desk.id: desk.name for desk in Desk.query.filter_by(event_id=event.id, is_deleted=False).order_by(Desk.id)}


def _printing_forms(event):
    """Return the `FormSetup` of each registration form that prints, by the id of the form."""
    setups = (FormSetup.query.join(FormSetup.registration_form)
              .filter(RegistrationForm.event_id == event.id, ~RegistrationForm.is_deleted, FormSetup.enabled))
    return {setup.registration_form_id: setup for setup in setups}


def _registrations(event, forms):
    """Return the query for the registrations that the user may see and that get a badge when they are checked in."""
    allowed = visible_registrations(event)
    return Registration.query.filter(
        Registration.event_id == event.id, Registration.registration_form_id.in_(forms), ~Registration.is_deleted,
        Registration.state.in_((RegistrationState.complete, RegistrationState.unpaid)),
        *([] if allowed is None else [Registration.id.in_(allowed)]))


def _companions(form_ids):
    """Return how many accompanying persons have a badge of their own, by registration."""
    rows = db.session.execute(db.text(_COMPANIONS), {'forms': form_ids}) if form_ids else ()
    return {id_: int(count) for id_, count in rows}

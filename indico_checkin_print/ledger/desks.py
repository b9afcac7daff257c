"""Which desk: loads what `routing.desk` decides on."""

from collections import defaultdict
from dataclasses import replace

from indico.core.db import db
from indico.modules.events.models.events import Event
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.ledger.rule_facts import load_facts
from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.rules import EventSetup, FormSetup
from indico_checkin_print.routing.desk import DeskFacts, choose_desk, needs_rule
from indico_checkin_print.routing.rules import first_match, parse
from indico_checkin_print.sql import now


def desk_for_form(regform, user=None, registration=None, person=''):
    """Return the `DeskChoice` for new badges of a registration form.

    :param user: Who asks for them: somebody with a desk of their own stands there.
    :param registration: Whose badge it is, so that rules can decide; one that is checked in. A `person` accompanies.
    """
    desks = db.session.query(Desk.id).filter(Desk.event_id == regform.event_id, ~Desk.is_deleted)
    setup = regform.checkin_print_setup
    own = OwnDesk.query.filter(*_holds(regform.event_id, user.id)).first() if user is not None else None
    facts = DeskFacts(frozenset(id_ for id_, in desks), own_desk=own.desk_id if own else None,
                      form_desk=setup.desk_id if setup else None)
    rules = EventSetup.query.get(regform.event_id) if registration is not None and needs_rule(facts) else None
    if rules is None or not rules.desk_rules:
        return choose_desk(facts)
    people = {None: (registration.id, regform.id, registration.last_name, person, registration.checked_in_dt)}
    return choose_desk(replace(facts, rule=_matches(regform.event_id, parse(rules.desk_rules), facts.desks, people,
                                                    CheckinSource.list)[None]))


def _holds(event_id, user_id):
    return OwnDesk.event_id == event_id, OwnDesk.user_id == user_id, OwnDesk.ends_dt > now()


def desks_for_jobs(job_ids):
    """Return where badges go that are queued once more: a `DeskChoice` by the id of the job.

    Messages to webhooks are left out: they go to no desk.
    """
    desks = (db.select(db.func.array_agg(Desk.id)).where(Desk.event_id == Job.event_id, ~Desk.is_deleted)
             .correlate(Job).scalar_subquery())
    query = (db.session.query(Job, desks, OwnDesk.desk_id, FormSetup.desk_id, EventSetup.desk_rules,
                              Registration.registration_form_id, Registration.last_name)
             .outerjoin(EventSetup, EventSetup.event_id == Job.event_id)
             .outerjoin(OwnDesk, db.and_(*_holds(Job.event_id, Job.user_id)))
             .outerjoin(Registration, Registration.id == Job.registration_id)
             .outerjoin(FormSetup, FormSetup.registration_form_id == Registration.registration_form_id)
             .filter(Job.id.in_(job_ids), Job.webhook_id.is_(None)))
    facts, asked, rules = {}, defaultdict(dict), {}
    for job, desk_ids, own_desk, form_desk, stored, form_id, surname in query:
        facts[job.id] = DeskFacts(frozenset(desk_ids or ()), own_desk=own_desk, form_desk=form_desk,
                                  earlier_desk=job.desk_id)
        if stored and form_id is not None and needs_rule(facts[job.id]):
            rules[job.event_id] = parse(stored), facts[job.id].desks
            asked[job.event_id][job.id] = job.registration_id, form_id, surname, job.person, job.checked_in_dt
    for event_id, people in asked.items():
        # by which way they were checked in is not kept: most are by the app
        for id_, match in _matches(event_id, *rules[event_id], people, CheckinSource.app).items():
            facts[id_] = replace(facts[id_], rule=match)
    return {id_: choose_desk(each) for id_, each in facts.items()}


def _matches(event_id, rules, desks, people, way):
    """Return the `Match` for each badge, or ``None``, by the keys of `people`.

    :param people: The ids of registration and form, the family name, the accompanying person, the time of the check-in.
    """
    tzinfo = Event.query.get(event_id).tzinfo
    loaded = load_facts(rules, {person[:3] for person in people.values()}, day=None, way=way)
    return {key: first_match(rules, replace(loaded[id_], accompanies=bool(person),
                                            day=dt.astimezone(tzinfo).date() if dt else None), desks)
            for key, (id_, __, __, person, dt) in people.items()}


def desk_of_each(choices):
    """Return the expression for the desk of each job in a statement about several.

    :param choices: What `desks_for_jobs` returned.
    """
    jobs = defaultdict(list)
    for job_id, choice in choices.items():
        if choice.desk_id is not None:
            jobs[choice.desk_id].append(job_id)
    return db.case([(Job.id.in_(ids), desk_id) for desk_id, ids in jobs.items()]) if jobs else None

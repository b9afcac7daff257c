"""Which desk: loads what `routing.desk` decides on."""

from collections import defaultdict

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.rules import FormSetup
from indico_checkin_print.routing.desk import DeskFacts, choose_desk
from indico_checkin_print.sql import now


def desk_for_form(regform, user=None):
    """Return the `DeskChoice` for new badges of a registration form.

    :param user: Who asks for them: somebody with a desk of their own stands there.
    """
    desks = db.session.query(Desk.id).filter(Desk.event_id == regform.event_id, ~Desk.is_deleted)
    setup = regform.checkin_print_setup
    own = OwnDesk.query.filter(*_holds(regform.event_id, user.id)).first() if user is not None else None
    return choose_desk(DeskFacts(frozenset(id_ for id_, in desks), own_desk=own.desk_id if own else None,
                                 form_desk=setup.desk_id if setup else None))


def _holds(event_id, user_id):
    return OwnDesk.event_id == event_id, OwnDesk.user_id == user_id, OwnDesk.ends_dt > now()


def desks_for_jobs(job_ids):
    """Return where badges go that are queued once more: a `DeskChoice` by the id of the job.

    Messages to webhooks are left out: they go to no desk.
    """
    desks = (db.select(db.func.array_agg(Desk.id)).where(Desk.event_id == Job.event_id, ~Desk.is_deleted)
             .correlate(Job).scalar_subquery())
    facts = (db.session.query(Job.id, desks, OwnDesk.desk_id, FormSetup.desk_id, Job.desk_id)
             .outerjoin(OwnDesk, db.and_(*_holds(Job.event_id, Job.user_id)))
             .outerjoin(Registration, Registration.id == Job.registration_id)
             .outerjoin(FormSetup, FormSetup.registration_form_id == Registration.registration_form_id)
             .filter(Job.id.in_(job_ids), Job.webhook_id.is_(None)))
    return {id_: choose_desk(DeskFacts(frozenset(desk_ids or ()), own_desk=own_desk, form_desk=form_desk,
                                       earlier_desk=earlier_desk))
            for id_, desk_ids, own_desk, form_desk, earlier_desk in facts}


def desk_of_each(choices):
    """Return the expression for the desk of each job in a statement about several.

    :param choices: What `desks_for_jobs` returned.
    """
    jobs = defaultdict(list)
    for job_id, choice in choices.items():
        if choice.desk_id is not None:
            jobs[choice.desk_id].append(job_id)
    return db.case([(Job.id.in_(ids), desk_id) for desk_id, ids in jobs.items()]) if jobs else None

"""What the ledger must not keep of a registration that Indico purges, or of the answers to one of its fields."""

from indico.core.db import db
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print.models.examined import Examined
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.records import Attempt, Document, JobHistory


def forget(registration):
    """Delete what may name the person of a registration: the ledger itself holds ids only.

    What a webhook answered may, and it is in the details of a job as well. So may the texts
    that somebody changed on a badge.
    """
    ids = [id_ for id_, in db.session.query(Job.id).filter_by(registration_id=registration.id)]
    # what was drawn ahead goes with its document
    for table, column, whose in ((Document.__table__, 'registration_id', [registration.id]),
                                 (Prepared.__table__, 'registration_id', [registration.id]),
                                 (Examined.__table__, 'registration_id', [registration.id]),
                                 (Attempt.__table__, 'job_id', ids)):
        db.session.execute(db.delete(table).where(table.c[column].in_(whose)))
    _forget_edits(Job.id.in_(ids))
    for table, column in ((Job.__table__, 'id'), (JobHistory.__table__, 'job_id')):
        db.session.execute(db.update(table).where(table.c[column].in_(ids)).values(detail=''))


def forget_edits(form_ids):
    """Delete all texts that somebody changed on badges of some forms of which Indico purges the answers to a field.

    What was purged may stand in any of them.
    """
    of_forms = db.select(Registration.id).where(Registration.registration_form_id.in_(form_ids))
    _forget_edits(Job.registration_id.in_(of_forms))


def _forget_edits(whose):
    db.session.execute(db.update(Job.__table__).where(whose, Job.facts.has_key('edits'))
                       .values(facts=Job.facts - 'edits'))

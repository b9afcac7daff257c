"""What the ledger must not keep of a registration that Indico purges."""

from indico.core.db import db

from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.records import Attempt, Document, JobHistory


def forget(registration):
    """Delete what may name the person of a registration: the ledger itself holds ids only.

    What a webhook answered may, and it is in the details of a job as well. So may the texts
    that somebody changed on a badge.
    """
    ids = [id_ for id_, in db.session.query(Job.id).filter_by(registration_id=registration.id)]
    for table, column in ((Document.__table__, 'job_id'), (Attempt.__table__, 'job_id')):
        db.session.execute(db.delete(table).where(table.c[column].in_(ids)))
    # the texts that somebody changed on a badge
    db.session.execute(db.update(Job.__table__).where(Job.id.in_(ids), Job.facts.has_key('edits'))
                       .values(facts=Job.facts - 'edits'))
    for table, column in ((Job.__table__, 'id'), (JobHistory.__table__, 'job_id')):
        db.session.execute(db.update(table).where(table.c[column].in_(ids)).values(detail=''))

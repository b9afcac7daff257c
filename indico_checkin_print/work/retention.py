"""What is taken away again, and when: documents after an hour, attempts after two weeks, finished jobs after a year.

In small transactions, oldest first, so that nobody waits for it. The nightly task, `indico checkin-print purge` and,
for documents, a task every few minutes come here. A registration that Indico purges takes all that may name it along at
once.
"""

from datetime import timedelta

from indico.core.db import db
from indico.core.oauth.models.personal_tokens import PersonalToken
from indico.core.oauth.models.tokens import OAuthToken
from indico.modules.events.models.events import Event

from indico_checkin_print import heartbeat, settings
from indico_checkin_print.ledger.documents import unneeded
from indico_checkin_print.ledger.prepared import is_over
from indico_checkin_print.ledger.states import DOCUMENT_RETENTION, ENDED, EXPIRES_AFTER, JobState
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.calls import TechCall
from indico_checkin_print.models.devices import Device
from indico_checkin_print.models.examined import Examined
from indico_checkin_print.models.heartbeats import Heartbeat
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.missed import MissedCheckin
from indico_checkin_print.models.own_desks import OwnDesk
from indico_checkin_print.models.prepared import Prepared
from indico_checkin_print.models.records import Attempt, Document
from indico_checkin_print.sql import now


#: What was sent to a webhook and what it answered
KEEP_ATTEMPTS = timedelta(days=14)
#: Check-ins that could never be recorded; who looks into it needs their numbers
KEEP_MISSED = timedelta(days=14)
#: Calls of the tech that nobody has ended
KEEP_CALLS = timedelta(days=1)
#: Batches whose jobs are gone
KEEP_BATCHES = timedelta(days=1)
#: Relays that were not heard of any more
KEEP_HEARTBEATS = timedelta(days=2)
#: Rows of one transaction
ROWS_PER_BATCH = 1000


def purge():
    """Delete all that was kept long enough; commits after each batch. Return how many of each kind, by name."""
    done = {
        'documents': purge_documents(),
        'attempts': _purge(Attempt, Attempt.id, Attempt.dt < _ago(KEEP_ATTEMPTS)),
        'jobs': _purge_jobs(settings.keep_jobs()),
    }
    _purge(MissedCheckin, MissedCheckin.registration_id, MissedCheckin.checked_in_dt < _ago(KEEP_MISSED))
    _purge(OwnDesk, OwnDesk.id, OwnDesk.ends_dt < now())
    _purge(TechCall, TechCall.desk_id, TechCall.called_dt < _ago(KEEP_CALLS))
    _purge(Device, Device.id, ~_token_exists())
    _purge(Batch, Batch.id, Batch.created_dt < _ago(KEEP_BATCHES),
           ~db.session.query(Job.id).filter(Job.batch_id == Batch.id).exists())
    of_relay = db.or_(Heartbeat.name.startswith(heartbeat.RELAY), Heartbeat.name.startswith(heartbeat.POSTS))
    _purge(Heartbeat, Heartbeat.name, of_relay, Heartbeat.dt < _ago(KEEP_HEARTBEATS))
    heartbeat.beat(heartbeat.PURGE, ', '.join(f'{name} {count}' for name, count in done.items()))
    db.session.commit()
    return done


def _token_exists():
    """Return the condition that the token of a device is still there: Indico deletes old ones of an app."""
    return db.or_(*(db.session.query(token.id).filter(Device.token == db.func.concat(kind, token.id)).exists()
                    for kind, token in ((Device.APP, OAuthToken), (Device.PERSONAL, PersonalToken))))


def purge_documents():
    """Delete the documents of jobs that have ended, and what stood on separator sheets. Return how many documents."""
    long_ended = db.and_(Job.changed_dt < _ago(DOCUMENT_RETENTION),
                         # an agent that comes back may still give it to another one, until it is too old
                         db.or_(Job.state != JobState.unknown, Job.expires_dt < now()))
    of_deleted = db.session.query(Event.id).filter(Event.id == Job.event_id, Event.is_deleted).exists()
    ended = [Job.state.in_(ENDED), db.or_(of_deleted, long_ended)]
    _forget_sheets(ended)
    _forget_prepared()
    return _purge(Document, Document.id, unneeded(ended))


def _forget_prepared():
    """Delete what was drawn ahead, or found, of those who get no badge any more."""
    for kept in (Prepared, Examined):
        _purge(kept, kept.registration_id, is_over(kept))


def _forget_sheets(ended):
    """Delete what stood on separator sheets: an affiliation or a tag may be that of a single person."""
    batches = db.select(Batch.id).where(Batch.separators)
    db.session.execute(db.update(Job.__table__)
                       .where(Job.batch_id.in_(batches), Job.purpose == Job.PURPOSE_SEPARATOR, Job.facts.isnot(None),
                              *ended)
                       .values(facts=db.null()))
    db.session.commit()


def _purge_jobs(keep):
    if keep is None:
        return 0
    reprint = db.aliased(Job)
    # A reprint without the job that it names would count as the first badge of its check-in. It is newer anyway:
    # it goes first, and what it named with one of the next batches.
    repeated = db.session.query(reprint.id).filter(reprint.reprint_of_id == Job.id).exists()
    return _purge(Job, Job.id, Job.state.in_(ENDED), Job.changed_dt < _ago(max(keep, EXPIRES_AFTER)), ~repeated)


def _purge(model, key, *where):
    """Delete rows in batches. Return how many."""
    total = 0
    while True:
        ids = (db.select(key).where(*where).order_by(key).limit(ROWS_PER_BATCH)
               .with_for_update(skip_locked=True, of=model))
        count = db.session.execute(db.delete(model.__table__).where(key.in_(ids))).rowcount
        db.session.commit()
        total += count
        if not count:
            return total


def _ago(delta):
    return now(-delta.total_seconds())

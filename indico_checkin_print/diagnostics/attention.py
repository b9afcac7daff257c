"""Badges about which only a person can do something, and that nobody has dealt with for a minute.

What a manager chose to wait for (a pause, a payment, a release) is not among them.
"""

from datetime import timedelta

from indico.core.db import db

from indico_checkin_print.ledger.states import CORRECTABLE
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.sql import now


#: A badge that somebody deals with sooner is no reason to call for anybody
DELAY = timedelta(seconds=60)
#: Held badges that wait for a person who corrects something
HELD_FOR = (Reason.no_desk, *CORRECTABLE)
STATES = (JobState.unknown, JobState.failed, JobState.held)


def needs_a_person():
    """Return the condition for badges that need a person. A later badge of the same person replaces one that failed."""
    later = db.aliased(Job)
    replaced = (db.session.query(later.id)
                .filter(later.registration_id == Job.registration_id, later.person == Job.person,
                        later.purpose == Job.PURPOSE_BADGE, later.id > Job.id,
                        # a check-in that printed none because of this very badge
                        later.state != JobState.canceled).exists())
    return db.and_(Job.purpose == Job.PURPOSE_BADGE, Job.changed_dt < now(-DELAY.total_seconds()),
                   db.or_(Job.state == JobState.unknown,
                          db.and_(Job.state == JobState.failed, ~replaced),
                          db.and_(Job.state == JobState.held, Job.reason.in_([str(reason) for reason in HELD_FOR]))))


def attention(event_id, conditions=()):
    """Return how many badges of an event need a person, by `JobState`; states without any are left out.

    :param conditions: Which jobs are counted, see `management.visibility`.
    """
    counts = (db.session.query(Job.state, db.func.count())
              .filter(Job.event_id == event_id, Job.state.in_(STATES), needs_a_person(), *conditions)
              .group_by(Job.state).all())
    return dict(sorted(counts, key=lambda row: STATES.index(row[0])))

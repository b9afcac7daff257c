"""An e-mail when badges of an event need a person for more than a minute; at most one an hour, and only about new ones.

Not in a request: Celery's sweep and the relay call `check`.
"""

from datetime import timedelta

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print.delivery.notify import send
from indico_checkin_print.diagnostics.attention import DELAY, STATES, attention, needs_a_person
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.rules import EventSetup
from indico_checkin_print.sql import now


#: An event is not worth more than one e-mail in this time
MIN_EMAIL_INTERVAL = timedelta(hours=1)
#: What has waited longer was known before, or is of another day
MAX_AGE = timedelta(days=1)


def check():
    """Send the e-mails that are due, and commit."""
    for event_id, in _events_with_news().all():
        db.session.execute(insert(EventSetup.__table__).values(event_id=event_id).on_conflict_do_nothing())
        # the lock makes it one e-mail; the process that has it does the same, so nobody waits for it
        setup = (EventSetup.query.populate_existing().filter_by(event_id=event_id)
                 .with_for_update(skip_locked=True, of=EventSetup).first())
        is_new = setup is not None and _events_with_news().filter(Job.event_id == event_id).first() is not None
        if is_new:
            setup.alerted_dt = now_utc()
        # before the e-mail: rather none than two
        db.session.commit()
        if is_new and not setup.event.is_deleted:
            # how many is not said: some recipients may not see all of these people
            send(setup.event, 'attention', states=list(attention(event_id)))


def _events_with_news():
    """Return the query for the events with badges that need a person and of which no e-mail could speak yet."""
    news = db.or_(EventSetup.alerted_dt.is_(None),
                  db.and_(EventSetup.alerted_dt < now(-MIN_EMAIL_INTERVAL.total_seconds()),
                          Job.changed_dt > EventSetup.alerted_dt - DELAY))
    return (db.session.query(Job.event_id.distinct())
            .outerjoin(EventSetup, EventSetup.event_id == Job.event_id)
            .filter(Job.state.in_(STATES), needs_a_person(), Job.changed_dt > now(-MAX_AGE.total_seconds()), news))

"""One e-mail to the managers of an event when a desk stands still with badges waiting, and one when it prints again.

Not in a request: Celery's sweep and the relay call `check`. The desk's row says since when it stands still and when an
e-mail was sent, so that of several processes one sends it.
"""

from datetime import timedelta

from sqlalchemy.orm import selectinload

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print.delivery.notify import send
from indico_checkin_print.diagnostics.standstill import desks_with_waiting, standstills
from indico_checkin_print.models.desks import Desk


#: A standstill that is over sooner is no reason for an e-mail: somebody is changing the labels
EMAIL_DELAY = timedelta(seconds=60)
#: A desk that stands still again and again is not worth more than one e-mail in this time
MIN_EMAIL_INTERVAL = timedelta(hours=1)


def check():
    """Note which desks stand still and which print again; send the e-mails that are due, and commit."""
    found = {item.desk.id: item for item in standstills(desks_with_waiting())}
    now = now_utc()
    noted = Desk.query.filter(Desk.standstill_dt.isnot(None)).with_entities(Desk.id).all()
    for desk_id in sorted(found.keys() | {id_ for id_, in noted}):
        # the lock makes it one e-mail; the process that has it does the same, so nobody waits for it
        desk = (Desk.query.populate_existing().filter_by(id=desk_id).with_for_update(skip_locked=True, of=Desk)
                .options(selectinload(Desk.printers)).first())
        if desk is None:
            continue
        item, since, notified = found.get(desk_id), desk.standstill_dt, desk.notified_dt
        if item is None:
            desk.standstill_dt = None
            # good news is for those who had the bad news
            worth_it = notified is not None and since is not None and notified >= since and not desk.is_deleted
        elif since is None:
            desk.standstill_dt, worth_it = now, False
        else:
            worth_it = since <= now - EMAIL_DELAY and (
                notified is None or (notified < since and notified < now - MIN_EMAIL_INTERVAL))
            if worth_it:
                desk.notified_dt = now
        # before the e-mail: rather none than two
        db.session.commit()
        if worth_it and not desk.event.is_deleted:
            send(desk.event, 'standstill', desk=desk, why=item.why if item else '')

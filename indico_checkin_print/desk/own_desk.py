"""The desk that a volunteer chose: which it is, and for how long."""

from datetime import datetime, time, timedelta

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db
from indico.util.date_time import now_utc

from indico_checkin_print.models.desks import Desk
from indico_checkin_print.models.own_desks import OwnDesk


def own_desk(event, user):
    """Return the `OwnDesk` of a user in an event, or ``None`` if it has ended or there is none."""
    return (OwnDesk.query.join(Desk, Desk.id == OwnDesk.desk_id)
            .filter(OwnDesk.event_id == event.id, OwnDesk.user_id == user.id, OwnDesk.ends_dt > now_utc(),
                    ~Desk.is_deleted)
            .first())


def choose(desk, user):
    """Make a desk the user's own until the end of the day in its event's time zone."""
    values = {'desk_id': desk.id, 'ends_dt': end_of_day(desk.event.tzinfo, now_utc())}
    # two windows of one user may do it at the same moment
    db.session.execute(insert(OwnDesk.__table__)
                       .values(event_id=desk.event_id, user_id=user.id, **values)
                       .on_conflict_do_update(index_elements=['event_id', 'user_id'], set_=values))


def leave(event, user):
    """End the choice of a user: the badges go where the devices and the forms say."""
    OwnDesk.query.filter_by(event_id=event.id, user_id=user.id).delete()


def end_of_day(tzinfo, now):
    """Return when the day ends in a time zone (of `pytz`), as an aware `datetime`."""
    tomorrow = now.astimezone(tzinfo).date() + timedelta(days=1)
    return tzinfo.localize(datetime.combine(tomorrow, time()))

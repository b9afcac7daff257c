"""The desks that volunteers chose for the badges of those whom they check in."""

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class OwnDesk(db.Model):
    """The desk of one volunteer in one event, until it ends."""

    __tablename__ = 'own_desks'
    __table_args__ = (db.UniqueConstraint('event_id', 'user_id'),
                      {'schema': SCHEMA})

    id = db.Column(
        db.Integer,
        primary_key=True
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        nullable=False
    )
    user_id = db.Column(
        db.Integer,
        db.ForeignKey('users.users.id', ondelete='CASCADE'),
        index=True,
        nullable=False
    )
    desk_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.desks.id', ondelete='CASCADE'),
        index=True,
        nullable=False
    )
    #: When the day ends on which it was chosen, in the time zone of the event
    ends_dt = db.Column(
        UTCDateTime,
        nullable=False
    )

    event = db.relationship('Event', lazy=True)
    user = db.relationship('User', lazy=True)
    desk = db.relationship('Desk', lazy=True)

    def __repr__(self):
        return format_repr(self, 'event_id', 'user_id', 'desk_id', 'ends_dt')

"""Batches: badges of many people that print apart from their check-in, in an order that somebody chose."""

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class Batch(db.Model):
    """Badges that somebody asked for together. What becomes of them is in their jobs (`Job.batch_id`)."""

    __tablename__ = 'batches'
    __table_args__ = {'schema': SCHEMA}

    id = db.Column(
        db.Integer,
        primary_key=True
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        index=True,
        nullable=False
    )
    registration_form_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.forms.id'),
        nullable=False
    )
    #: Who asked for it
    user_id = db.Column(
        db.Integer,
        db.ForeignKey('users.users.id', ondelete='SET NULL'),
        nullable=True
    )
    #: The order of its badges: a `routing.batch_order.BatchOrder`
    order = db.Column(
        db.String,
        nullable=False
    )
    #: Whether a sheet comes before each group of badges
    separators = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    #: Its badges wait
    paused = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: When somebody cancelled it last: a badge that had permission to print before is not printed if it comes back
    canceled_dt = db.Column(
        UTCDateTime,
        nullable=True
    )

    event = db.relationship('Event', lazy=True)
    registration_form = db.relationship('RegistrationForm', lazy=True)
    user = db.relationship('User', lazy=True)

    @property
    def locator(self):
        return dict(self.event.locator, batch_id=self.id)

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', 'order', paused=False)

"""The devices that checked people in: each has a token of its own, also where people share one account."""

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class Device(db.Model):
    """A device in one event, known by its token; the first check-in with the token makes the row.

    When the token was last used is with the token, where Indico keeps it.
    """

    #: How the name of a token of an application begins; its id follows. Indico's check-in app is such an application.
    APP = 'app:'
    #: The same for a personal token
    PERSONAL = 'personal:'
    #: The same for a kiosk, which has a row of its own (`models.kiosks.Kiosk`)
    KIOSK = 'kiosk:'

    __tablename__ = 'devices'
    __table_args__ = (db.UniqueConstraint('event_id', 'token'),
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
    #: Which token: 'app:5' or 'personal:7'; of a kiosk a number that is no secret
    token = db.Column(
        db.String,
        nullable=False
    )
    #: What a manager calls it
    name = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: Where the badges of those whom it checks in come out; it counts more than the desk of its user
    desk_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.desks.id', ondelete='SET NULL'),
        index=True,
        nullable=True
    )
    #: When it first checked somebody in
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc,
        server_default=db.text("(now() AT TIME ZONE 'UTC')")
    )

    event = db.relationship('Event', lazy=True)
    desk = db.relationship('Desk', lazy=True)

    @property
    def locator(self):
        return dict(self.event.locator, device_id=self.id)

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', 'token', _text=self.name)

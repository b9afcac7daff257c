"""Webhooks: programs elsewhere that get badges or registration data."""

from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.choices import DEFAULT_EVENTS


class Webhook(db.Model):
    """A URL that gets badges or registration data, signed.

    One that a desk uses gets the badges of that desk; any other gets every check-in of the forms that print. Both get
    the news that they ask for (`events`).
    """

    __tablename__ = 'webhooks'
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
    name = db.Column(
        db.String,
        nullable=False
    )
    url = db.Column(
        db.String,
        nullable=False
    )
    #: The signing secrets, newest first, encrypted with a key derived from Indico's SECRET_KEY
    secrets = db.Column(
        JSONB,
        nullable=False
    )
    #: If the badge PDF is sent
    send_badge = db.Column(
        db.Boolean,
        nullable=False,
        default=True
    )
    #: The fields of the registration that are sent besides its ids: keys of ``payload.FIELDS``, ``field:<id>``
    fields = db.Column(
        ARRAY(db.String),
        nullable=False,
        default=[]
    )
    #: What it is notified of: values of `WebhookEvent`
    events = db.Column(
        ARRAY(db.String),
        nullable=False,
        default=lambda: [str(event) for event in DEFAULT_EVENTS],
        server_default=f'{{{",".join(DEFAULT_EVENTS)}}}'
    )
    #: The registration forms it hears of; all if not set
    form_ids = db.Column(
        ARRAY(db.Integer),
        nullable=True
    )
    #: Switched off by a manager, or by the receiver's 410
    enabled = db.Column(
        db.Boolean,
        nullable=False,
        default=True
    )
    #: How many POSTs in a row did not work
    failures = db.Column(
        db.Integer,
        nullable=False,
        default=0
    )
    #: Since when the breaker is open: nothing is sent but a probe now and then
    opened_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: Nothing is sent before this: the next probe of an open breaker, or what the receiver asked for
    probe_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When the last POST to it began: those that wait longest have their turn first
    posted_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When the managers last got an e-mail that it does not work
    notified_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: Kept for the history of its jobs
    is_deleted = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )

    event = db.relationship('Event', lazy=True)

    @property
    def locator(self):
        return dict(self.event.locator, webhook_id=self.id)

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', is_deleted=False, _text=self.name)

"""What preflight knows of badges."""

from sqlalchemy.dialects.postgresql import JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class Examined(db.Model):
    """What was found on the badge of one person.

    It is true only while the badge would be drawn just like that, see `models.prepared.Prepared`.
    """

    __tablename__ = 'examined'
    __table_args__ = {'schema': SCHEMA}

    registration_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.registrations.id', ondelete='CASCADE'),
        primary_key=True,
        autoincrement=False
    )
    #: The id of an accompanying person; empty for the registrant
    person = db.Column(
        db.String,
        primary_key=True
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        index=True,
        nullable=False
    )
    #: The fingerprint of what the badge was drawn from (`badge.content`)
    drawn_from = db.Column(
        db.String,
        nullable=False
    )
    #: What drew it, and for which printers its code was judged
    drawn_by = db.Column(
        db.String,
        nullable=False
    )
    #: What was found, as `badge.preflight.findings.to_stored` returns it
    findings = db.Column(
        JSONB(none_as_null=True),
        nullable=True
    )
    #: Whether another plugin of Indico blocks the ticket
    is_blocked = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    #: How long it took to examine the badge
    seconds = db.Column(
        db.Float,
        nullable=False
    )
    #: When it was last found to be true
    checked_dt = db.Column(
        UTCDateTime,
        nullable=False
    )

    registration = db.relationship('Registration', lazy=True)

    def __repr__(self):
        return format_repr(self, 'registration_id', 'person')

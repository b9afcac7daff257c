"""Check-ins that could not be entered into the ledger when they happened."""

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class MissedCheckin(db.Model):
    """A check-in whose receiver failed; the sweep tries to record it again.

    The row is written by the check-in's own transaction, so only what really should have been judged is here: no
    check-in of another plugin, and none from before a form was switched on.
    """

    __tablename__ = 'missed'
    __table_args__ = {'schema': SCHEMA}

    registration_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.registrations.id', ondelete='CASCADE'),
        primary_key=True,
        autoincrement=False
    )
    checked_in_dt = db.Column(
        UTCDateTime,
        nullable=False
    )
    #: The way of check-in: a `CheckinSource`
    source = db.Column(
        db.String,
        nullable=False
    )
    #: Who scanned
    user_id = db.Column(
        db.Integer,
        db.ForeignKey('users.users.id', ondelete='SET NULL'),
        nullable=True
    )
    #: With which token, as `Device.token` has it; empty if it was done on Indico's pages
    token = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: How often the sweep tried
    attempts = db.Column(
        db.Integer,
        nullable=False,
        default=0,
        server_default='0'
    )

    registration = db.relationship('Registration', lazy=True)

    def __repr__(self):
        return format_repr(self, 'registration_id', 'attempts')

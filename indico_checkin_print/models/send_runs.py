"""Runs of e-mails with certificates that somebody asked for: what is asked for outlives the process that does it."""

from sqlalchemy.dialects.postgresql import JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class SendRun(db.Model):
    """A run that sends e-mails with the certificates of a type, until it has tried all that it is about."""

    __tablename__ = 'send_runs'
    __table_args__ = (db.Index('ix_send_runs_open', 'next_try_dt', postgresql_where=db.text('ended_dt IS NULL')),
                      {'schema': SCHEMA})

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    type_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.certificate_types.id', ondelete='CASCADE'),
        index=True,
        nullable=False
    )
    #: Who asked for it: 'user:5', 'cli'
    actor = db.Column(
        db.String,
        nullable=False
    )
    #: The ids of the certificates that it sends, although they were sent before; not set for all that are to be sent
    only = db.Column(
        JSONB(none_as_null=True),
        nullable=True
    )
    #: Most e-mails
    max_emails = db.Column(
        db.Integer,
        nullable=True
    )
    #: An address that gets a copy of each
    bcc = db.Column(
        db.String,
        nullable=True
    )
    #: By the clock of the database; what was tried since is not tried once more
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        server_default=db.text("(clock_timestamp() AT TIME ZONE 'UTC')")
    )
    #: Not to be continued before this
    next_try_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: How often in a row the mail server could not be used
    failures = db.Column(
        db.Integer,
        nullable=False,
        default=0
    )
    #: Why it stands still, in words
    error = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    ended_dt = db.Column(
        UTCDateTime,
        nullable=True
    )

    type = db.relationship('CertificateType', lazy=True)

    def __repr__(self):
        return format_repr(self, 'id', 'type_id', 'actor', 'ended_dt')

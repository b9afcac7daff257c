"""What the ledger keeps about a job besides the job: its history, its document, the POSTs to webhooks."""


from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.choices import BadgeKind
from indico_checkin_print.models.jobs import JobState


class JobHistory(db.Model):
    """One change of a job: when, what, who, why."""

    __tablename__ = 'job_history'
    __table_args__ = {'schema': SCHEMA}

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    job_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.jobs.id', ondelete='CASCADE'),
        index=True,
        nullable=False
    )
    #: When it happened, by the clock of the database
    dt = db.Column(
        UTCDateTime,
        nullable=False,
        server_default=db.text("(clock_timestamp() AT TIME ZONE 'UTC')")
    )
    state = db.Column(
        PyIntEnum(JobState),
        nullable=False
    )
    reason = db.Column(
        db.String,
        nullable=False
    )
    detail = db.Column(
        db.String,
        nullable=False
    )
    #: 'user:5', 'agent:3', 'relay', 'worker', 'sweep', 'batch'
    actor = db.Column(
        db.String,
        nullable=False
    )

    def __repr__(self):
        return format_repr(self, 'id', 'job_id', 'state', 'reason', 'actor')


class Attempt(db.Model):
    """One POST to a webhook and its answer."""

    __tablename__ = 'attempts'
    __table_args__ = (db.Index('ix_attempts_webhook', 'webhook_id', 'id'),
                      {'schema': SCHEMA})

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    job_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.jobs.id', ondelete='CASCADE'),
        index=True,
        nullable=False
    )
    webhook_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.webhooks.id'),
        nullable=False
    )
    #: When the answer came, or was given up
    dt = db.Column(
        UTCDateTime,
        nullable=False,
        server_default=db.text("(clock_timestamp() AT TIME ZONE 'UTC')")
    )
    #: HTTP status; not set if there was none
    status = db.Column(
        db.Integer,
        nullable=True
    )
    #: Then why: a code of ``delivery.post.PostError``
    error = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: How long it took, in milliseconds
    duration = db.Column(
        db.Integer,
        nullable=False
    )
    #: Beginning of the answer, without what looks like a secret
    snippet = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: Whether the receiver may have the message although it did not say so
    may_have_arrived = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )

    job = db.relationship('Job', lazy=True)

    def __repr__(self):
        return format_repr(self, 'id', 'job_id', 'webhook_id', 'status', 'error')


class Document(db.Model):
    """A rendered PDF, for as long as a job needs it or it is prepared for one (see `models.prepared`)."""

    __tablename__ = 'documents'
    __table_args__ = {'schema': SCHEMA}

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    #: Whose badge it is; not set for test badges and separator sheets
    registration_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.registrations.id', ondelete='CASCADE'),
        index=True,
        nullable=True
    )
    content = db.deferred(db.Column(
        db.LargeBinary,
        nullable=False
    ))
    #: What was rendered
    kind = db.Column(
        PyIntEnum(BadgeKind),
        nullable=False
    )
    length = db.Column(
        db.Integer,
        nullable=False
    )
    sha256 = db.Column(
        db.String,
        nullable=False
    )
    pages = db.Column(
        db.Integer,
        nullable=False
    )
    #: Whether each second page is the back of the one before
    two_sided = db.Column(
        db.Boolean,
        nullable=False,
        default=False,
        server_default='false'
    )
    #: Size of its pages, in mm
    width_mm = db.Column(
        db.Float,
        nullable=False
    )
    height_mm = db.Column(
        db.Float,
        nullable=False
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )

    def __repr__(self):
        return format_repr(self, 'id', 'registration_id', 'length', 'pages')

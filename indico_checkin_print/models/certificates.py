"""The certificates. Only ``certificates.transition`` changes their states, of the PDF and of its e-mail."""

from sqlalchemy.dialects.postgresql import JSONB, UUID

from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.certificate_types import CertificateType  # noqa: F401
from indico_checkin_print.models.send_runs import SendRun  # noqa: F401
from indico_checkin_print.models.states import CertificateState, SendState


class Certificate(db.Model):
    """A certificate of one person, for the whole of its existence: a new PDF of it is the same certificate."""

    __tablename__ = 'certificates'
    __table_args__ = (
        # a run that is repeated meets the same rows
        db.UniqueConstraint('type_id', 'subject_key'),
        db.Index('ix_certificates_event', 'event_id', 'type_id', 'state', 'id'),
        # what the claims and the sweep look at stays small
        db.Index('ix_certificates_to_make', 'state', 'next_try_dt',
                 postgresql_where=db.text(f'state IN ({CertificateState.queued}, {CertificateState.making})')),
        db.Index('ix_certificates_sending', 'send_lease_dt',
                 postgresql_where=db.text(f'send_state = {SendState.sending}')),
        db.Index('ix_certificates_message', 'message_id', postgresql_where=db.text('message_id IS NOT NULL')),
        db.CheckConstraint(f'(state = {CertificateState.revoked}) = (revoked_dt IS NOT NULL)', 'revoked_has_dt'),
        db.CheckConstraint(f'state != {CertificateState.ready} OR sha256 IS NOT NULL', 'ready_has_file'),
        # stored before the mail server hears of it
        db.CheckConstraint('send_state IS NULL OR message_id IS NOT NULL', 'send_state_has_message_id'),
        {'schema': SCHEMA}
    )

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    #: What its URLs have; only who knows Indico's secret can compute it, see `certificates.identity`
    uuid = db.Column(
        UUID,
        unique=True,
        nullable=False
    )
    #: What stands on it and can be typed
    serial = db.Column(
        db.String,
        unique=True,
        nullable=False
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        nullable=False
    )
    type_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.certificate_types.id'),
        nullable=False
    )
    #: What it is for, unique in its type: ``registration:5``, ``registration:5:session:3``, ``contribution:7:person:2``
    subject_key = db.Column(
        db.String,
        nullable=False
    )
    #: Not set for speakers, nor once the registration has been purged
    registration_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.registrations.id', ondelete='SET NULL'),
        index=True,
        nullable=True
    )
    first_name = db.Column(
        db.String,
        nullable=False
    )
    full_name = db.Column(
        db.String,
        nullable=False
    )
    email = db.Column(
        db.String,
        nullable=False
    )
    #: A name by which a manager replaced that of the registration: ``first_name`` and ``full_name``
    correction = db.Column(
        JSONB,
        nullable=True
    )
    #: What else is on it: ``topic``, ``attended_how``, ``minutes``
    facts = db.Column(
        JSONB,
        nullable=False,
        default={}
    )
    #: The locale in which it is written
    locale = db.Column(
        db.String,
        nullable=False
    )
    state = db.Column(
        PyIntEnum(CertificateState),
        nullable=False
    )
    #: Why it is in this state: a code of ``certificates/reasons.py``
    reason = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: More about it, in the words of who knew: no names
    detail = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    changed_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: Not to be claimed before this
    next_try_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    #: The process that makes it is taken for dead after this
    lease_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: How often it was claimed since it was queued
    attempts = db.Column(
        db.Integer,
        nullable=False,
        default=0
    )
    #: The hash of what it has to show
    input_hash = db.Column(
        db.String,
        nullable=False
    )
    #: The hash of what its PDF shows
    made_from = db.Column(
        db.String,
        nullable=True
    )
    #: Its PDF
    file_id = db.Column(
        db.Integer,
        db.ForeignKey('indico.files.id'),
        index=True,
        nullable=True
    )
    #: That of its PDF, in hexadecimal; stays when the PDF is deleted
    sha256 = db.Column(
        db.String,
        index=True,
        nullable=True
    )
    made_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: SHA-256 of the certificate that signed it (DER), in hexadecimal; not set if it is not signed
    signed_by = db.Column(
        db.String,
        nullable=True
    )
    #: When it was first made: the date that stands on it
    issued_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: Since when its person and others can see and download it
    published_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    revoked_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: In words, for the public
    revoked_why = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: How far its e-mail is; not set if it was not sent, or is to be sent once more
    send_state = db.Column(
        PyIntEnum(SendState),
        nullable=True
    )
    #: The run that last sent it, or tried to
    send_run_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.send_runs.id', ondelete='SET NULL'),
        index=True,
        nullable=True
    )
    #: Of the e-mail that was last begun
    message_id = db.Column(
        db.String,
        nullable=True
    )
    send_lease_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When the mail server got the e-mail that is being sent, or was about to: from then on it may have arrived
    handed_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: Not to be sent before this
    send_next_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    send_attempts = db.Column(
        db.Integer,
        nullable=False,
        default=0
    )
    sent_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    send_failed_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: Why it was not sent: a code of ``certificates/reasons.py``
    send_reason = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: What the mail server said last
    send_error = db.Column(
        db.String,
        nullable=False,
        default=''
    )

    event = db.relationship('Event', lazy=True)
    type = db.relationship('CertificateType', lazy=True)
    registration = db.relationship('Registration', lazy=True)
    file = db.relationship('File', lazy=True)
    history = db.relationship('CertificateHistory', lazy=True, order_by='CertificateHistory.id', viewonly=True)
    replaced_files = db.relationship('ReplacedFile', lazy=True, order_by='ReplacedFile.id', viewonly=True)

    @property
    def name(self):
        """The full name that stands on it."""
        return (self.correction or {}).get('full_name') or self.full_name

    @property
    def given_name(self):
        """The name by which its e-mail addresses the person."""
        return (self.correction or {}).get('first_name') or self.first_name

    @property
    def locator(self):
        return dict(self.event.locator, certificate_id=self.id)

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', 'type_id', 'serial', 'state')

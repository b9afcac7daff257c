"""What is kept about a certificate besides the certificate: its history, and the PDFs that were replaced."""

from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.states import CertificateState, SendState


class CertificateHistory(db.Model):
    """One change of a certificate or of its e-mail: when, what, who, why."""

    __tablename__ = 'certificate_history'
    __table_args__ = (db.CheckConstraint('state IS NULL OR send_state IS NULL', 'one_of_two'),
                      {'schema': SCHEMA})

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    certificate_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.certificates.id', ondelete='CASCADE'),
        index=True,
        nullable=False
    )
    #: When it happened, by the clock of the database
    dt = db.Column(
        UTCDateTime,
        nullable=False,
        server_default=db.text("(clock_timestamp() AT TIME ZONE 'UTC')")
    )
    #: The new state, if that of the certificate has changed
    state = db.Column(
        PyIntEnum(CertificateState),
        nullable=True
    )
    #: The new state, if that of the e-mail has changed; neither if it is to be sent once more
    send_state = db.Column(
        PyIntEnum(SendState),
        nullable=True
    )
    reason = db.Column(
        db.String,
        nullable=False
    )
    detail = db.Column(
        db.String,
        nullable=False
    )
    #: 'user:5', 'celery:311', 'cli', 'sweep'
    actor = db.Column(
        db.String,
        nullable=False
    )

    def __repr__(self):
        return format_repr(self, 'id', 'certificate_id', 'state', 'send_state', 'reason', 'actor')


class ReplacedFile(db.Model):
    """A PDF that was issued and has been replaced by a newer one: genuine, but not what is true now."""

    __tablename__ = 'replaced_files'
    __table_args__ = {'schema': SCHEMA}

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    certificate_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.certificates.id', ondelete='CASCADE'),
        index=True,
        nullable=False
    )
    #: That of the PDF, in hexadecimal
    sha256 = db.Column(
        db.String,
        index=True,
        nullable=False
    )
    made_dt = db.Column(
        UTCDateTime,
        nullable=False
    )
    replaced_dt = db.Column(
        UTCDateTime,
        nullable=False,
        server_default=db.text("(clock_timestamp() AT TIME ZONE 'UTC')")
    )

    def __repr__(self):
        return format_repr(self, 'id', 'certificate_id', 'sha256')

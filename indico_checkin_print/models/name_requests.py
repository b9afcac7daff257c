"""What people ask for whose name is wrong on their certificate. Only ``certificates.name_requests`` changes a state."""

from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.states import RequestState


class NameRequest(db.Model):
    """Another name that somebody asks for on their certificate, and what a manager answered."""

    __tablename__ = 'name_requests'
    __table_args__ = (db.Index(None, 'certificate_id', unique=True,
                               postgresql_where=db.text(f'state = {RequestState.open}')),
                      {'schema': SCHEMA})

    id = db.Column(
        db.BigInteger,
        primary_key=True
    )
    certificate_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.certificates.id', ondelete='CASCADE'),
        nullable=False
    )
    state = db.Column(
        PyIntEnum(RequestState),
        nullable=False,
        default=RequestState.open
    )
    #: The name that they want
    full_name = db.Column(
        db.String,
        nullable=False
    )
    #: What else they wrote, as plain text
    note = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )
    answered_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: 'user:5', 'cli'
    answered_by = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: Why it was refused, for the person
    answer = db.Column(
        db.String,
        nullable=False,
        default=''
    )

    certificate = db.relationship('Certificate', lazy=True)

    def __repr__(self):
        return format_repr(self, 'id', 'certificate_id', 'state')

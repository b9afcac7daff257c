"""Badges that are drawn before their people are checked in."""

from sqlalchemy.dialects.postgresql import JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class Prepared(db.Model):
    """What was drawn ahead for one person: the badge, or why there is none.

    It is used only while it would be drawn just like that: `drawn_from` is compared when permission to print is given,
    `drawn_by` when a job gets the document.
    """

    __tablename__ = 'prepared'
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
    #: Not set if the badge cannot be drawn, or would be held for what is on it
    document_id = db.Column(
        db.BigInteger,
        db.ForeignKey(f'{SCHEMA}.documents.id', ondelete='CASCADE'),
        index=True,
        nullable=True
    )
    #: The fingerprint of what it was drawn from (`badge.content`)
    drawn_from = db.Column(
        db.String,
        nullable=False
    )
    #: That of what drew it: the fonts and the software of a machine (`badge.drawing_version`)
    drawn_by = db.Column(
        db.String,
        nullable=False
    )
    #: Why there is no document: a code of ``reasons.py``
    reason = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: Its template and why, as `badge.template_choice.TemplateChoice.facts` says
    drawn_with = db.Column(
        JSONB,
        nullable=True
    )
    #: What it does not show, as `badge.losses.to_facts` returns it
    losses = db.Column(
        JSONB,
        nullable=True
    )
    #: When it was last found to show what is true
    checked_dt = db.Column(
        UTCDateTime,
        nullable=False
    )

    document = db.relationship('Document', lazy=True, viewonly=True)
    #: The jobs of the person; theirs is called `Job.prepared`
    jobs = db.relationship(
        'Job',
        primaryjoin='and_(foreign(Job.registration_id) == Prepared.registration_id, Job.person == Prepared.person)',
        lazy=True,
        viewonly=True,
        sync_backref=False,
        backref=db.backref('prepared', lazy=True, uselist=False, viewonly=True, sync_backref=False)
    )

    def __repr__(self):
        return format_repr(self, 'registration_id', 'person', 'document_id', reason='')

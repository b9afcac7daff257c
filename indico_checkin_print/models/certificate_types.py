"""The types of certificates of an event: who gets which, what it looks like, what its e-mail says."""

from sqlalchemy.dialects.postgresql import JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.choices import CertificateLanguage, CertificateSource, TopicSource


class CertificateType(db.Model):
    """A type of certificate of an event."""

    __tablename__ = 'certificate_types'
    __table_args__ = (db.UniqueConstraint('event_id', 'name'),
                      db.CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", 'name_valid'),
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
    #: What the command line calls it: ``attendee``, ``masterclass``, ``speaker``, ``volunteer`` or one of the event's
    name = db.Column(
        db.String,
        nullable=False
    )
    #: What people call it
    title = db.Column(
        db.String,
        nullable=False
    )
    #: Types that are off make, publish and send nothing new
    enabled = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    source = db.Column(
        PyIntEnum(CertificateSource),
        nullable=False,
        default=CertificateSource.registrations
    )
    #: Groups of conditions, one of which must fit a registration, as certificates/types.py reads them; not set for
    #: everybody
    who = db.Column(
        JSONB(none_as_null=True),
        nullable=True
    )
    #: Only registrations that are checked in
    checked_in_only = db.Column(
        db.Boolean,
        nullable=False,
        default=True
    )
    topic = db.Column(
        PyIntEnum(TopicSource),
        nullable=False,
        default=TopicSource.none
    )
    #: The field of the registration form that has it
    topic_field_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.form_items.id', ondelete='SET NULL'),
        nullable=True
    )
    #: Rules that say how people attended, in order, as certificates/types.py reads them
    how_rules = db.Column(
        JSONB,
        nullable=False,
        default=[]
    )
    #: How those attended whom no rule fits; empty for the words of the product
    how_else = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: The field with the sessions that somebody chose, whose hours are on the certificate
    hours_field_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.form_items.id', ondelete='SET NULL'),
        nullable=True
    )
    #: The document template; without one, the product's own
    template_id = db.Column(
        db.Integer,
        db.ForeignKey('indico.receipt_templates.id', ondelete='SET NULL'),
        nullable=True
    )
    #: The values of the template's own fields, by their names
    template_values = db.Column(
        JSONB,
        nullable=False,
        default={}
    )
    #: The subject of the e-mail; empty for that of the product
    subject = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: Blocks of the e-mail's body that are other than the event's, by their names
    body = db.Column(
        JSONB,
        nullable=False,
        default={}
    )
    #: Whether the PDFs are signed. Without a key those of a signed type cannot be made
    signed = db.Column(
        db.Boolean,
        nullable=False,
        default=True
    )
    #: Whether the PDFs are PDF/A-2b
    pdf_a = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    language = db.Column(
        PyIntEnum(CertificateLanguage),
        nullable=False,
        default=CertificateLanguage.recipient
    )
    #: Whether anybody who has a certificate's number or code can see that it is genuine
    validated = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )

    event = db.relationship('Event', lazy=True)
    template = db.relationship('ReceiptTemplate', lazy=True)

    @property
    def locator(self):
        return dict(self.event.locator, type_id=self.id)

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', 'name', enabled=False)

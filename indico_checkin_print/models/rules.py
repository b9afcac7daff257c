"""When the check-ins of an event print, and what each of its registration forms prints."""

from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.choices import (DEFAULT_BULK_LIMIT, DEFAULT_EDITS, DEFAULT_SMALLEST_TEXT,
                                                 DEFAULT_SOURCES, BadgeKind, BadgeLanguage, Fold, MissingGlyphsPolicy,
                                                 NamelessPolicy, PrepareWhen, QRLevel, ReprintPolicy, UnpaidPolicy)


class EventSetup(db.Model):
    """When the check-ins of an event print. An event without a row has the defaults."""

    __tablename__ = 'events'
    __table_args__ = (db.CheckConstraint('bulk_limit >= 0', 'bulk_limit_not_negative'),
                      db.CheckConstraint('smallest_text > 0', 'smallest_text_positive'),
                      {'schema': SCHEMA})

    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        primary_key=True,
        autoincrement=False
    )
    #: All badges of the event wait
    paused = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    unpaid = db.Column(
        PyIntEnum(UnpaidPolicy),
        nullable=False,
        default=UnpaidPolicy.hold
    )
    reprint = db.Column(
        PyIntEnum(ReprintPolicy),
        nullable=False,
        default=ReprintPolicy.hold
    )
    nameless = db.Column(
        PyIntEnum(NamelessPolicy),
        nullable=False,
        default=NamelessPolicy.hold,
        server_default=str(int(NamelessPolicy.hold))
    )
    missing_glyphs = db.Column(
        PyIntEnum(MissingGlyphsPolicy),
        nullable=False,
        default=MissingGlyphsPolicy.hold,
        server_default=str(int(MissingGlyphsPolicy.hold))
    )
    language = db.Column(
        PyIntEnum(BadgeLanguage),
        nullable=False,
        default=BadgeLanguage.event,
        server_default=str(int(BadgeLanguage.event))
    )
    #: The size in points below which no text of a badge shrinks to fit
    smallest_text = db.Column(
        db.Integer,
        nullable=False,
        default=DEFAULT_SMALLEST_TEXT,
        server_default=str(DEFAULT_SMALLEST_TEXT)
    )
    #: How much of the code on a badge may be unreadable
    qr_level = db.Column(
        PyIntEnum(QRLevel),
        nullable=False,
        default=QRLevel.medium,
        server_default=str(int(QRLevel.medium))
    )
    #: More check-ins than this at once wait for a click
    bulk_limit = db.Column(
        db.Integer,
        nullable=False,
        default=DEFAULT_BULK_LIMIT
    )
    #: The ways of check-in that print
    sources = db.Column(
        ARRAY(db.String),
        nullable=False,
        default=lambda: [str(source) for source in DEFAULT_SOURCES]
    )
    #: Who is checked in by another way than these gets the badge when the ticket is scanned at a scan station or kiosk
    badge_desk = db.Column(
        db.Boolean,
        nullable=False,
        default=False,
        server_default='false'
    )
    #: When badges are drawn that nobody has asked for yet
    prepare = db.Column(
        PyIntEnum(PrepareWhen),
        nullable=False,
        default=PrepareWhen.request,
        server_default=str(int(PrepareWhen.request))
    )
    #: The set time for it
    prepare_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When somebody last asked for it
    prepare_asked_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When all of them were last drawn
    prepared_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When somebody last asked for all badges to be examined; from then on that is repeated
    preflight_asked_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When all of them were last examined
    preflight_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: What volunteers may change about one badge, for one print
    edits = db.Column(
        ARRAY(db.String),
        nullable=False,
        default=lambda: [str(edit) for edit in DEFAULT_EDITS],
        server_default=f'{{{",".join(DEFAULT_EDITS)}}}'
    )
    #: The rules about where badges come out, in order, as `routing.rules.dump` returns them
    desk_rules = db.Column(
        JSONB,
        nullable=False,
        default=[],
        server_default='[]'
    )
    #: The rules about templates, in order, as `routing.rules.dump` returns them
    template_rules = db.Column(
        JSONB,
        nullable=False,
        default=[],
        server_default='[]'
    )
    #: Who gets the e-mails about problems; if nobody is named, the managers of the event's registrations
    alert_emails = db.Column(
        ARRAY(db.String),
        nullable=False,
        default=[],
        server_default='{}'
    )
    #: When the last e-mail about badges was sent that need a person
    alerted_dt = db.Column(
        UTCDateTime,
        nullable=True
    )

    event = db.relationship('Event', lazy=True)

    def __repr__(self):
        return format_repr(self, 'event_id', paused=False)


class FormSetup(db.Model):
    """Whether and what a registration form prints on check-in."""

    __tablename__ = 'forms'
    __table_args__ = {'schema': SCHEMA}

    #: The registration form
    registration_form_id = db.Column(
        db.Integer,
        db.ForeignKey('event_registration.forms.id', ondelete='CASCADE'),
        primary_key=True,
        autoincrement=False
    )
    #: If a check-in prints at all
    enabled = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    #: What prints
    kind = db.Column(
        PyIntEnum(BadgeKind),
        nullable=False,
        default=BadgeKind.badge
    )
    #: The designer template of a badge (a ticket has its own); without one, and if somebody deleted it, the category's
    #: default prints, see `badge.template_choice`
    template_id = db.Column(
        db.Integer,
        db.ForeignKey('indico.designer_templates.id', ondelete='SET NULL'),
        index=True,
        nullable=True
    )
    #: If the backside of the template is printed
    backside = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    #: Where it is printed then
    fold = db.Column(
        PyIntEnum(Fold),
        nullable=False,
        default=Fold.none,
        server_default=str(int(Fold.none))
    )
    #: Where badges of this form come out; if not set, at the first desk of the event
    desk_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.desks.id', ondelete='SET NULL'),
        index=True,
        nullable=True
    )

    registration_form = db.relationship(
        'RegistrationForm',
        lazy=True,
        backref=db.backref(
            'checkin_print_setup',
            cascade='all, delete-orphan',
            passive_deletes=True,
            uselist=False,
            lazy=True
        )
    )
    template = db.relationship('DesignerTemplate', lazy=True)
    desk = db.relationship('Desk', lazy=True)

    def __repr__(self):
        return format_repr(self, 'registration_form_id', enabled=False)

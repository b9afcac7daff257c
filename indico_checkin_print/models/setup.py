"""What an event manager sets up: which forms print what, desks, webhooks, agents."""

from datetime import timedelta

from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import PyIntEnum, UTCDateTime
from indico.util.date_time import now_utc
from indico.util.enum import IndicoStrEnum, RichIntEnum
from indico.util.string import format_repr

from indico_checkin_print import _


SCHEMA = 'plugin_checkin_print'


class BadgeKind(RichIntEnum):
    """What comes out of the printer."""

    __titles__ = [None, _('Ticket (A4)'), _('Badge')]
    #: Indico's own ticket of the registration form, on A4
    ticket = 1
    #: A designer template of the event, on a page of exactly its own size
    badge = 2


class UnpaidPolicy(RichIntEnum):
    """What happens when someone is checked in who has not paid."""

    __titles__ = [None, _('No badge'), _('Hold the badge until they have paid'), _('Print the badge')]
    skip = 1
    hold = 2
    print = 3


class AgainPolicy(RichIntEnum):
    """What happens when someone is checked in again whose badge was printed already."""

    __titles__ = [None, _('Hold the badge until someone asks for it'), _('Print another badge'), _('No other badge')]
    hold = 1
    print = 2
    skip = 3


class CheckinSource(IndicoStrEnum):
    """The ways to check someone in, as far as Indico lets us tell them apart."""

    #: Indico's check-in app
    app = 'app'
    #: One person on the management pages
    list = 'list'
    #: Several people at once in the participant list
    bulk = 'bulk'
    #: The check-in API with a personal token
    api = 'api'
    #: Another plugin or program
    other = 'other'


class EventSetup(db.Model):
    """When the check-ins of an event print. An event without a row has the defaults."""

    __tablename__ = 'events'
    __table_args__ = (db.CheckConstraint('bulk_limit >= 0', 'bulk_limit_not_negative'),
                      {'schema': SCHEMA})

    DEFAULT_BULK_LIMIT = 20
    DEFAULT_SOURCES = (CheckinSource.app, CheckinSource.list, CheckinSource.bulk, CheckinSource.api)

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
    again = db.Column(
        PyIntEnum(AgainPolicy),
        nullable=False,
        default=AgainPolicy.hold
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
        default=lambda: [str(source) for source in EventSetup.DEFAULT_SOURCES]
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
    #: The designer template of a badge (a ticket has its own); gone if someone deleted the template
    template_id = db.Column(
        db.Integer,
        db.ForeignKey('indico.designer_templates.id', ondelete='SET NULL'),
        index=True,
        nullable=True
    )
    #: If the backside of the template is printed as a second page
    backside = db.Column(
        db.Boolean,
        nullable=False,
        default=False
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


class Desk(db.Model):
    """A place where people get their badge: printers of agents in order, or a webhook."""

    __tablename__ = 'desks'
    __table_args__ = (db.Index(None, 'event_id', db.text('lower(name)'), unique=True,
                               postgresql_where=db.text('NOT is_deleted')),
                      {'schema': SCHEMA})

    id = db.Column(
        db.Integer,
        primary_key=True
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        index=True,
        nullable=False
    )
    #: What volunteers call it
    name = db.Column(
        db.String,
        nullable=False
    )
    #: The webhook that gets the badges of this desk, instead of a printer
    webhook_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.webhooks.id'),
        index=True,
        nullable=True
    )
    #: Its badges wait
    paused = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    #: Kept for the history of its jobs
    is_deleted = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )

    event = db.relationship('Event', lazy=True)
    webhook = db.relationship('Webhook', lazy=True, backref=db.backref('desks', lazy=True))
    #: In the order in which they are preferred
    printers = db.relationship(
        'DeskPrinter',
        lazy=True,
        order_by='DeskPrinter.position',
        cascade='all, delete-orphan',
        backref=db.backref('desk', lazy=True)
    )

    @property
    def locator(self):
        return dict(self.event.locator, desk_id=self.id)

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', is_deleted=False, _text=self.name)


class DeskPrinter(db.Model):
    """One printer of a desk: a queue of an agent."""

    __tablename__ = 'desk_printers'
    __table_args__ = {'schema': SCHEMA}

    desk_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.desks.id', ondelete='CASCADE'),
        primary_key=True
    )
    #: Smaller is preferred
    position = db.Column(
        db.Integer,
        primary_key=True,
        autoincrement=False
    )
    agent_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.agents.id'),
        index=True,
        nullable=False
    )
    #: Name of the printer at the agent
    printer = db.Column(
        db.String,
        nullable=False
    )

    agent = db.relationship('Agent', lazy=False, backref=db.backref('desk_printers', lazy=True))

    def __repr__(self):
        return format_repr(self, 'desk_id', 'position', 'agent_id', _text=self.printer)


class Agent(db.Model):
    """A print agent (a laptop at the desk), from its pairing code to its revocation."""

    #: An agent that was not heard of for so long is away
    AWAY_AFTER = timedelta(seconds=30)

    __tablename__ = 'agents'
    __table_args__ = {'schema': SCHEMA}

    id = db.Column(
        db.Integer,
        primary_key=True
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        index=True,
        nullable=False
    )
    name = db.Column(
        db.String,
        nullable=False
    )
    #: SHA-256 of the one-time pairing code; cleared when it is used
    code_hash = db.Column(
        db.String,
        unique=True,
        nullable=True
    )
    code_expires_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: SHA-256 of the token; the token itself is known to the agent only
    token_hash = db.Column(
        db.String,
        unique=True,
        nullable=True
    )
    paired_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    revoked_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: Name and version of the agent's software
    software = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: Identity of the agent's spool; another one means that it forgot its jobs
    spool = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: The link that speaks for the agent now (the newest wins)
    link = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: When the agent was last heard of
    seen_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: Its printers as it reported them last (``print_agent.protocol.Printer``)
    printers = db.Column(
        JSONB,
        nullable=False,
        default=[]
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )

    event = db.relationship('Event', lazy=True)

    @property
    def locator(self):
        return dict(self.event.locator, agent_id=self.id)

    @property
    def is_paired(self):
        return self.token_hash is not None and self.revoked_dt is None

    @property
    def is_connected(self):
        """Whether it was heard of lately."""
        return self.is_paired and self.seen_dt is not None and now_utc() - self.seen_dt < self.AWAY_AFTER

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', revoked_dt=None, _text=self.name)


class Webhook(db.Model):
    """A URL that gets badges or registration data, signed.

    One that a desk uses gets the badges of that desk; any other gets every check-in of the forms that print.
    """

    __tablename__ = 'webhooks'
    __table_args__ = (db.CheckConstraint('send_badge OR send_data', 'sends_something'),
                      {'schema': SCHEMA})

    id = db.Column(
        db.Integer,
        primary_key=True
    )
    event_id = db.Column(
        db.Integer,
        db.ForeignKey('events.events.id'),
        index=True,
        nullable=False
    )
    name = db.Column(
        db.String,
        nullable=False
    )
    url = db.Column(
        db.String,
        nullable=False
    )
    #: The signing secrets, newest first, encrypted with a key derived from Indico's SECRET_KEY
    secrets = db.Column(
        JSONB,
        nullable=False
    )
    #: If the badge PDF is sent
    send_badge = db.Column(
        db.Boolean,
        nullable=False,
        default=True
    )
    #: If data of the registration is sent
    send_data = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    #: Kept for the history of its jobs
    is_deleted = db.Column(
        db.Boolean,
        nullable=False,
        default=False
    )
    created_dt = db.Column(
        UTCDateTime,
        nullable=False,
        default=now_utc
    )

    event = db.relationship('Event', lazy=True)

    @property
    def locator(self):
        return dict(self.event.locator, webhook_id=self.id)

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', is_deleted=False, _text=self.name)

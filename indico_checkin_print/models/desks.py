"""The places where people get their badge, and the printers that stand there."""

from sqlalchemy.dialects.postgresql import JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


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
    #: Since when badges wait there and nothing prints
    standstill_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When the managers last got an e-mail that it stands still
    notified_dt = db.Column(
        UTCDateTime,
        nullable=True
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
    #: What brings badges to their place on its labels (``print_agent.protocol.calibration.Calibration``)
    calibration = db.Column(
        JSONB(none_as_null=True),
        nullable=True
    )

    agent = db.relationship('Agent', lazy=False, backref=db.backref('desk_printers', lazy=True))

    def __repr__(self):
        return format_repr(self, 'desk_id', 'position', 'agent_id', _text=self.printer)

"""Print agents: the laptops at the desks, from their pairing code to their revocation."""

from datetime import timedelta

from sqlalchemy.dialects.postgresql import JSONB

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.date_time import now_utc
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.pairing import Paired


class Agent(Paired, db.Model):
    """A print agent (at a computer with printers), from its pairing code to its revocation."""

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
    #: Taken off the list after it was revoked
    is_deleted = db.Column(
        db.Boolean,
        nullable=False,
        default=False,
        server_default='false'
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
    #: It said that it stops, or its link ended: nothing more is given to it until it says hello again
    draining = db.Column(
        db.Boolean,
        nullable=False,
        default=False,
        server_default='false'
    )
    #: Its printers as it reported them last (``print_agent.protocol.Printer``)
    printers = db.Column(
        JSONB,
        nullable=False,
        default=[]
    )
    #: How many more print queues it has than it can report
    left_out = db.Column(
        db.Integer,
        nullable=False,
        default=0,
        server_default='0'
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
    def is_connected(self):
        """Whether it was heard of lately and is not about to stop."""
        return self.is_paired and not self.draining and self.is_heard_of

    def __repr__(self):
        return format_repr(self, 'id', 'event_id', revoked_dt=None, _text=self.name)


class PrinterBreaker(db.Model):
    """A printer that failed lately; there is no row for one whose last badge came out."""

    __tablename__ = 'printer_troubles'
    __table_args__ = {'schema': SCHEMA}

    agent_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.agents.id', ondelete='CASCADE'),
        primary_key=True,
        autoincrement=False
    )
    #: Name of the printer at the agent
    printer = db.Column(
        db.String,
        primary_key=True
    )
    #: Badges in a row that it could not print
    failures = db.Column(
        db.Integer,
        nullable=False
    )
    #: Why the last one, as the agent said
    reason = db.Column(
        db.String,
        nullable=False
    )
    #: When that was
    failed_dt = db.Column(
        UTCDateTime,
        nullable=False
    )
    #: Set while the breaker is open: no badge before this, and then one to try the printer with
    probe_dt = db.Column(
        UTCDateTime,
        nullable=True
    )

    agent = db.relationship('Agent', lazy=True, backref=db.backref('breakers', lazy=True))

    def __repr__(self):
        return format_repr(self, 'agent_id', 'failures', 'reason', _text=self.printer)

"""What webhooks were last notified of about print agents and printers."""

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class Equipment(db.Model):
    """A print agent, or one of its printers, as webhooks know it; only of events whose webhooks ask for it."""

    __tablename__ = 'equipment'
    __table_args__ = (db.UniqueConstraint('agent_id', 'printer'),
                      {'schema': SCHEMA})

    id = db.Column(
        db.Integer,
        primary_key=True
    )
    agent_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.agents.id', ondelete='CASCADE'),
        nullable=False
    )
    #: Name of the printer at the agent; empty for the agent itself
    printer = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )
    #: Whether it works, as it was announced last or found at first
    works = db.Column(
        db.Boolean,
        nullable=False
    )
    #: Since when it has been otherwise
    since_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: When it was last announced
    announced_dt = db.Column(
        UTCDateTime,
        nullable=True
    )

    def __repr__(self):
        return format_repr(self, 'id', 'agent_id', 'works', _text=self.printer)

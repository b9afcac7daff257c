"""Heartbeats: when the processes that work for the ledger were last here. `doctor` reads them."""

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA


class Heartbeat(db.Model):
    """What one process did last: Celery's sweep, each relay, the nightly purge."""

    __tablename__ = 'marks'
    __table_args__ = {'schema': SCHEMA}

    #: 'celery', 'purge', 'turn to post', 'turn to prepare', 'relay <machine>:<port>', 'posts <machine>:<port>', or
    #: 'draws <machine> <one of the processes>'
    name = db.Column(
        db.String,
        primary_key=True
    )
    #: When it was last here, by the clock of the database
    dt = db.Column(
        UTCDateTime,
        nullable=False
    )
    #: Where it listens, or what it did
    detail = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )

    def __repr__(self):
        return format_repr(self, 'name', 'dt')

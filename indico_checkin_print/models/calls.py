"""Volunteers at a desk who called the tech."""

from indico.core.db import db
from indico.core.db.sqlalchemy import UTCDateTime
from indico.util.string import format_repr

from indico_checkin_print import _
from indico_checkin_print.models import SCHEMA


class TechCall(db.Model):
    """A desk that needs somebody now; there is no row once that is done."""

    __tablename__ = 'tech_calls'
    __table_args__ = {'schema': SCHEMA}

    desk_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.desks.id', ondelete='CASCADE'),
        primary_key=True,
        autoincrement=False
    )
    #: Who called; nobody at a kiosk
    user_id = db.Column(
        db.Integer,
        db.ForeignKey('users.users.id', ondelete='SET NULL'),
        index=True,
        nullable=True
    )
    called_dt = db.Column(
        UTCDateTime,
        nullable=False
    )
    #: When somebody answered that they are on their way
    answered_dt = db.Column(
        UTCDateTime,
        nullable=True
    )
    #: The name of who answered: a person, or the computer at which it was done
    answered_by = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )

    #: The name of the kiosk at which somebody called
    called_by = db.Column(
        db.String,
        nullable=False,
        default='',
        server_default=''
    )

    desk = db.relationship('Desk', lazy=True, backref=db.backref('tech_call', lazy=True, uselist=False))
    user = db.relationship('User', lazy=True)

    @property
    def caller(self):
        """Who called: the name of a volunteer or of a kiosk; empty if nobody knows any more."""
        if self.user is not None:
            return self.user.full_name
        return _('Kiosk {}').format(self.called_by) if self.called_by else ''

    def __repr__(self):
        return format_repr(self, 'desk_id', 'user_id', 'called_dt', 'answered_dt')

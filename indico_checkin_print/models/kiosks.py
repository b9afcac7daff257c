"""Kiosks: pages for self-service, from their one-time code to their revocation."""

from sqlalchemy.dialects.postgresql import ARRAY

from indico.core.db import db
from indico.util.string import format_repr

from indico_checkin_print.models import SCHEMA
from indico_checkin_print.models.pairing import Paired


class Kiosk(Paired, db.Model):
    """What a kiosk is besides a `Device`, which has its name, its event and its desk."""

    __tablename__ = 'kiosks'
    __table_args__ = {'schema': SCHEMA}

    device_id = db.Column(
        db.Integer,
        db.ForeignKey(f'{SCHEMA}.devices.id', ondelete='CASCADE'),
        primary_key=True,
        autoincrement=False
    )
    #: Where its badges come out, as the sentence "Your badge comes out …" ends
    place = db.Column(
        db.String,
        nullable=False,
        default=''
    )
    #: The languages that people can choose, the first one being that of the start page
    languages = db.Column(
        ARRAY(db.String),
        nullable=False,
        default=[]
    )
    #: The number of the last scan that was answered with a name, until it is printed or another one comes
    scan = db.Column(
        db.String,
        nullable=True
    )

    device = db.relationship('Device', lazy=True, backref=db.backref('kiosk', lazy=True, uselist=False))

    @property
    def event(self):
        return self.device.event

    @property
    def name(self):
        return self.device.name

    @property
    def desk(self):
        """The desk where its badges come out; ``None`` if it has none any more."""
        desk = self.device.desk
        return None if desk is None or desk.is_deleted else desk

    @property
    def locator(self):
        return dict(self.event.locator, kiosk_id=self.device_id)

    def __repr__(self):
        return format_repr(self, 'device_id', revoked_dt=None)

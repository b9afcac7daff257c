"""The types of certificates of an event: those that every event can have, made when somebody first asks for them."""

from sqlalchemy.dialects.postgresql import insert

from indico.core.db import db
from indico.modules.events.models.events import Event

from indico_checkin_print.certificates.types import PRESETS
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate


def ensure_types(event):
    """Return all types of an event in order; those of `types.PRESETS` that it lacks are made, and are off."""
    for name, preset in PRESETS.items():
        db.session.execute(insert(CertificateType.__table__).values(
            event_id=event.id, name=name, title=str(preset.title), source=preset.source,
            who=None if preset.for_all else [], checked_in_only=preset.checked_in_only, topic=preset.topic,
            validated=preset.validated).on_conflict_do_nothing())
    return types_of(event)


def types_of(event):
    """Return the types that an event has, in order."""
    return CertificateType.query.filter_by(event_id=event.id).order_by(CertificateType.id).all()


def has_issued(type_):
    """Return whether a certificate of a type was ever issued; if so, the type stays."""
    return Certificate.query.filter(Certificate.type_id == type_.id, Certificate.sha256.isnot(None)).has_rows()


def delete_type(type_):
    """Delete a type of which nothing was issued, with those who were to get one."""
    db.session.execute(db.delete(Certificate.__table__).where(Certificate.type_id == type_.id))
    db.session.delete(type_)
    db.session.flush()


def events_with_certificates():
    """Return the events that have a type that is on, as pairs of their id and title."""
    return (db.session.query(Event.id, Event.title)
            .filter(~Event.is_deleted, db.session.query(CertificateType.id)
                    .filter(CertificateType.event_id == Event.id, CertificateType.enabled).exists())
            .order_by(Event.id).all())

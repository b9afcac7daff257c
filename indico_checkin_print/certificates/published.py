"""Finds the certificates that the public may know of: what was published, also if it is revoked by now."""

from indico.core.db import db
from indico.modules.events.models.events import Event

from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate


def published():
    """Return a query of all certificates that were published and made."""
    return (Certificate.query.join(Event, Event.id == Certificate.event_id)
            .join(CertificateType, CertificateType.id == Certificate.type_id)
            .filter(Certificate.published_dt.isnot(None), Certificate.sha256.isnot(None), ~Event.is_deleted))


def by_serial(serial):
    """Return the certificate whose page has this serial in its address, or ``None``."""
    return published().filter(Certificate.serial == serial, CertificateType.validated).first()


def by_uuid(uuid):
    """Return the certificate with a UUID, or ``None``."""
    return published().filter(Certificate.uuid == str(uuid)).first()


def by_content(sha256):
    """Return the certificate of which a PDF with this SHA-256 is, or was, the PDF; and whether it was replaced."""
    found = published().filter(Certificate.sha256 == sha256).first()
    if found is not None:
        return found, False
    found = published().filter(Certificate.replaced_files.any(sha256=sha256)).first()
    return found, found is not None


def among(uuids):
    """Return the first certificate that has one of some UUIDs, or ``None``."""
    if not uuids:
        return None
    return published().filter(db.cast(Certificate.uuid, db.String).in_(list(uuids))).first()

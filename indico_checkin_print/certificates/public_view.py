"""What the public reads about a certificate: what stands on it, with its name obfuscated, and whether it is valid."""

from dataclasses import dataclass
from datetime import date

from indico.util.date_time import format_date, format_interval

from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.public_name import obfuscate
from indico_checkin_print.models.states import CertificateState


@dataclass(frozen=True)
class Shown:
    """One certificate, for people."""

    serial: str
    #: Obfuscated; empty once the registration was deleted for good
    name: str
    event: str
    dates: str
    type: str
    topic: str
    issued: date | None
    #: When its PDF last replaced an earlier one
    replaced: date | None
    is_revoked: bool
    revoked: date | None
    revoked_why: str
    #: SHA-256 of the certificate of the key that signed it, in hexadecimal, in groups of four; empty if not signed
    key: str


def shown(certificate):
    """Return what the public reads about a `Certificate`. Dates are those of the event's time zone."""
    event = certificate.event
    start, end = _day(event.start_dt, event), _day(event.end_dt, event)
    key = certificate.signed_by or ''
    replaced_dt = max((one.replaced_dt for one in certificate.replaced_files), default=None)
    return Shown(written(certificate.serial), obfuscate(certificate.name), event.title,
                 format_date(start, 'long') if start == end else format_interval(start, end, 'yMMMMd'),
                 certificate.type.title, certificate.facts.get('topic', ''), _day(certificate.issued_dt, event),
                 _day(replaced_dt, event), certificate.state == CertificateState.revoked,
                 _day(certificate.revoked_dt, event), certificate.revoked_why,
                 ' '.join(key[n:n + 4] for n in range(0, len(key), 4)))


def _day(dt, event):
    return dt and dt.astimezone(event.tzinfo).date()

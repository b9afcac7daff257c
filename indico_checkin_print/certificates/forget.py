"""What must not stay of a person whose registration Indico purges: the name, the address, the PDF.

The number stays, as that of a certificate that was revoked: a copy of the PDF that somebody has is still recognized.
"""

from indico.core.db import db
from indico.modules.files.models.files import File

from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C
from indico_checkin_print.certificates.transition import move
from indico_checkin_print.models.certificate_records import CertificateHistory
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.models.name_requests import NameRequest
from indico_checkin_print.sql import now


def forget(registration_id, actor):
    """Revoke what was issued for a registration and delete all that names its person; what was not issued goes."""
    theirs = [Certificate.registration_id == registration_id]
    # Indico deletes files that nothing claims
    files = db.select(Certificate.file_id).where(*theirs, Certificate.file_id.isnot(None))
    db.session.execute(db.update(File.__table__).where(File.__table__.c.id.in_(files)).values(claimed=False))
    db.session.execute(db.delete(Certificate.__table__).where(*theirs, Certificate.sha256.is_(None)))
    move(theirs, C.revoked, R.purged, actor, lease_dt=None, revoked_dt=now())
    db.session.execute(db.update(Certificate.__table__).where(*theirs).values(
        first_name='', full_name='', email='', correction=None, facts={}, detail='', send_error='', file_id=None,
        made_from=None))
    ids = db.select(Certificate.id).where(*theirs)
    db.session.execute(db.delete(NameRequest.__table__).where(NameRequest.__table__.c.certificate_id.in_(ids)))
    # mail servers repeat addresses
    of_theirs = CertificateHistory.certificate_id.in_(ids)
    db.session.execute(db.update(CertificateHistory.__table__).where(of_theirs).values(detail=''))

"""What a person does about many certificates at once. Conditions say which; what is not possible for one leaves it."""

from indico.core.db import db

from indico_checkin_print.certificates.reasons import CertificateReason as R
from indico_checkin_print.certificates.states import C
from indico_checkin_print.certificates.transition import move
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate
from indico_checkin_print.sql import now


def retry(actor, *where):
    """Queue certificates that failed once more. Return their ids."""
    return move([Certificate.state == C.failed, *where], C.queued, R.asked, actor, attempts=0, next_try_dt=now())


def publish(*where):
    """Publish certificates that are made, of types that are on. Return their ids."""
    enabled = db.select(CertificateType.id).where(CertificateType.enabled)
    return db.session.execute(
        db.update(Certificate.__table__)
        .where(Certificate.state == C.ready, Certificate.published_dt.is_(None), Certificate.type_id.in_(enabled),
               *where)
        .values(published_dt=now()).returning(Certificate.__table__.c.id)).scalars().all()

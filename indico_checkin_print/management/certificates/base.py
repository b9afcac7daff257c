"""What the pages about certificates share: they look things up within the event, and ask who may see them."""

from flask import request, session
from werkzeug.exceptions import Forbidden

from indico.core.db import db
from indico.core.plugins import url_for_plugin

from indico_checkin_print import _
from indico_checkin_print.management.base import RHCheckinPrintBase
from indico_checkin_print.management.visibility import may_manage, visible_registrations
from indico_checkin_print.models.certificate_types import CertificateType
from indico_checkin_print.models.certificates import Certificate


class RHCertificatesBase(RHCheckinPrintBase):
    """Base class of the pages about certificates."""

    TAB = 'certificates'

    @property
    def actor(self):
        """Who does it, as the history of a certificate says."""
        return f'user:{session.user.id}'


class RHTypeBase(RHCertificatesBase):
    """Base class for one type of certificate of the event."""

    def _process_args(self):
        RHCertificatesBase._process_args(self)
        self.type = (CertificateType.query.filter_by(event_id=self.event.id, id=request.view_args['type_id'])
                     .first_or_404())

    def _lock(self):
        """Read the type anew; nobody else changes it until the transaction ends."""
        return (CertificateType.query.filter_by(id=self.type.id).populate_existing().with_for_update(key_share=True)
                .one())


class RHTypePageBase(RHTypeBase):
    """Base class of what stands on the page of one type."""

    def _page_of_button(self):
        return url_for_plugin('checkin_print.certificate_type', self.type)


class RHCertificateBase(RHCertificatesBase):
    """Base class for one certificate. Who may not see its registration is refused, as Indico does."""

    def _process_args(self):
        RHCertificatesBase._process_args(self)
        self.certificate = (Certificate.query
                            .filter_by(event_id=self.event.id, id=request.view_args['certificate_id'])
                            .first_or_404())

    def _check_access(self):
        RHCertificatesBase._check_access(self)
        registration = self.certificate.registration
        if registration is not None and not may_manage(registration, self.PERMISSION):
            raise Forbidden(_('You are not authorized to manage this registration.'))


def visible_selection(type_, selection):
    """Return the recipients and the skips of a `Selection` whom the user may see, as two lists."""
    allowed = visible_registrations(type_.event)
    if allowed is None:
        return list(selection.recipients), list(selection.skips)
    ids = set(db.session.execute(allowed).scalars())
    return ([one for one in selection.recipients if _is_visible(one, ids)],
            [skip for skip in selection.skips if _is_visible(skip.recipient, ids)])


def _is_visible(recipient, ids):
    # speakers have no registration
    return recipient.registration_id is None or recipient.registration_id in ids

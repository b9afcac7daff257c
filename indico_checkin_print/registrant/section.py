"""The certificates on the page of a registration (template hook ``before-render-registration-info``).

Who sees the page is Indico's decision: the person by account or by the secret link of an e-mail, managers by their
permission.
"""

from flask import session

from indico.modules.core.settings import core_settings
from indico.web.flask.templating import get_template_module

from indico_checkin_print.certificates.context import title_of
from indico_checkin_print.certificates.identity import written
from indico_checkin_print.certificates.name_requests import latest_of
from indico_checkin_print.certificates.urls import linkedin_url
from indico_checkin_print.models.certificates import Certificate


#: The permission of an event that lets somebody answer requests
PERMISSION = 'registration'


def connect(plugin):
    """Begin to show them."""
    plugin.template_hook('before-render-registration-info', certificates)


def published_of(registration):
    """Return the query for the certificates of a registration that its person can see, in order."""
    return (Certificate.query.filter(Certificate.registration_id == registration.id,
                                     Certificate.published_dt.isnot(None), Certificate.sha256.isnot(None))
            .order_by(Certificate.id))


def certificates(registration, from_management, **kwargs):
    """Return the rows about certificates in the table about a registration; nothing if there are none."""
    found = published_of(registration).all()
    if not found:
        return ''
    template = get_template_module('checkin_print:_registrant_certificates.html')
    return template.rows(registration=registration, rows=[_Row(one) for one in found], requests=latest_of(found),
                         from_management=from_management,
                         can_answer=from_management and registration.can_manage(session.user, PERMISSION))


class _Row:
    """What is said about one certificate."""

    def __init__(self, certificate):
        self.certificate = certificate
        self.title = title_of(certificate.type)
        self.serial = written(certificate.serial)
        self.linkedin_url = None
        if certificate.type.validated:
            event = certificate.event
            issued_on = certificate.issued_dt.astimezone(event.tzinfo).date()
            self.linkedin_url = linkedin_url(f'{self.title}: {event.title}', core_settings.get('site_organization'),
                                             issued_on, certificate.serial)

"""Where the check-in of a request comes from: which way, which device, and whose."""

from authlib.integrations.flask_oauth2 import current_token
from flask import g, has_request_context, request, session

from indico.core.oauth.models.applications import SystemAppType
from indico.core.oauth.models.personal_tokens import PersonalToken

from indico_checkin_print.models.choices import CheckinSource
from indico_checkin_print.models.devices import Device


#: Which way of check-in an endpoint of Indico is. Whatever is not here is another plugin: Zoom's, for one, checks
#: people in when they join from home.
SOURCES = {
    'event_registration.registration_check_in': CheckinSource.list,
    'event_registration.registrations_check_in': CheckinSource.bulk,
    'event_registration.api_checkin_registration': CheckinSource.api,
    'event_registration.api_registrant': CheckinSource.app,
    'plugin_checkin_print.scan': CheckinSource.scan,
    'plugin_checkin_print.scan_only': CheckinSource.scan_only,
    'plugin_checkin_print.walk_in_form': CheckinSource.walk_in,
    'plugin_checkin_print.walk_in_check_in': CheckinSource.walk_in,
    'plugin_checkin_print.kiosk_print': CheckinSource.kiosk,
    # checks nobody in, but asks what the kiosk would print
    'plugin_checkin_print.kiosk_scan': CheckinSource.kiosk,
}


def note_kiosk(device):
    """Let the check-ins of this request be those of a kiosk.

    :param device: The `Device` that it is.
    """
    g.checkin_print_kiosk = device.id, device.token


def _kiosk():
    """Return the id and the token of the kiosk whose request this is, or ``None`` twice."""
    return g.get('checkin_print_kiosk', (None, None)) if has_request_context() else (None, None)


def way():
    """Return which way of check-in this is."""
    if not has_request_context():
        return CheckinSource.other
    found = SOURCES.get(request.endpoint, CheckinSource.other)
    # a personal token has no application
    application = getattr(current_token, 'application', None) if found == CheckinSource.api else None
    return CheckinSource.app if application and application.system_app_type == SystemAppType.checkin else found


def token():
    """Return which token the check-in came with, as `Device.token` has it; empty for one on Indico's pages."""
    if (kiosk := _kiosk()[1]) is not None:
        return kiosk
    # both kinds of token have ids of their own; the proxy is false where there is none
    if not has_request_context() or not current_token:
        return ''
    return f'{Device.PERSONAL if isinstance(current_token, PersonalToken) else Device.APP}{current_token.id}'


def user_id():
    """Return the id of the user who checks in, or ``None``."""
    return session.user.id if has_request_context() and session.user else None


def actor():
    """Return who the history says it was."""
    if (user := user_id()) is not None:
        return f'user:{user}'
    kiosk = _kiosk()[0]
    return 'system' if kiosk is None else f'kiosk:{kiosk}'

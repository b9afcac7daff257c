"""What the page of a kiosk holds of the person before it: signed, for moments, and worthless at any other kiosk."""

import secrets
from hmac import compare_digest

from itsdangerous import BadData, URLSafeTimedSerializer

from indico.core.config import config

from indico_checkin_print import _
from indico_checkin_print.desk.kiosk.limits import FOLLOW_LIFETIME, SCAN_LIFETIME
from indico_checkin_print.errors import APIError


def new_scan(kiosk, registration, person):
    """Return the handle of a scan, which can be redeemed once. The kiosk's last one is worth nothing any more.

    :param person: The id of the accompanying person whose ticket it was; empty for the registrant.
    """
    kiosk.scan = secrets.token_urlsafe(16)
    return _signer('scan').dumps([kiosk.device_id, kiosk.scan, registration.id, person])


def redeem_scan(kiosk, handle):
    """Return the id of the registration and the person of a scan, which cannot be redeemed again.

    :raises APIError: if the handle is not the one of the last scan of this kiosk, or too old.
    """
    device_id, scan, registration_id, person = _read('scan', handle, SCAN_LIFETIME, 4)
    if device_id != kiosk.device_id or kiosk.scan is None or not compare_digest(scan, kiosk.scan):
        raise _worthless()
    kiosk.scan = None
    return registration_id, person


def new_follow(kiosk, registration):
    """Return the handle with which the page asks what became of the badges of a check-in."""
    return _signer('follow').dumps([kiosk.device_id, registration.id])


def read_follow(kiosk, handle):
    """Return the id of the registration of a handle of `new_follow`. Raises `APIError` as `redeem_scan` does."""
    device_id, registration_id = _read('follow', handle, FOLLOW_LIFETIME, 2)
    if device_id != kiosk.device_id:
        raise _worthless()
    return registration_id


def _read(purpose, handle, lifetime, length):
    try:
        data = _signer(purpose).loads(handle, max_age=lifetime)
    except BadData:
        raise _worthless()
    assert len(data) == length  # it is signed
    return data


def _signer(purpose):
    return URLSafeTimedSerializer(config.SECRET_KEY, salt=f'indico-checkin-print kiosk {purpose}')


def _worthless():
    return APIError(410, 'gone', str(_('That took too long. Please scan your ticket again.')))

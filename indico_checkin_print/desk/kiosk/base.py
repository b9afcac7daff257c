"""Who a request of a kiosk's page comes from: its token, and nobody's session.

The token is in a cookie that no script can read and that browsers send to the kiosk's own URLs only. No other handler
asks for it, and no handler here knows a user (`custom_auth`): what a kiosk may do is the list of URLs in `desk.urls`.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import request

from indico.core.config import config
from indico.core.plugins import url_for_plugin
from indico.modules.events.features.util import is_feature_enabled
from indico.util.date_time import now_utc
from indico.util.i18n import force_locale
from indico.web.rh import RH, custom_auth

from indico_checkin_print import _
from indico_checkin_print.api.base import JSONRequest
from indico_checkin_print.credentials import KIOSK_PREFIX, digest
from indico_checkin_print.desk.kiosk.limits import COOKIE_LIFETIME, MAX_BODY
from indico_checkin_print.errors import APIError
from indico_checkin_print.management.setup.languages import page_languages
from indico_checkin_print.models.kiosks import Kiosk


COOKIE = 'checkin_print_kiosk'
#: What the page sends with each request, and no form of another site can
HEADER = 'X-Checkin-Print-Kiosk'
LANGUAGE_HEADER = 'X-Checkin-Print-Language'
#: A longer token is none, in characters
MAX_TOKEN = 100
#: A kiosk is noted as heard of only so often: each time is a write
SEEN_INTERVAL = timedelta(seconds=10)
HEADERS = {
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Permissions-Policy': 'camera=(self), fullscreen=(self), screen-wake-lock=(self), microphone=(), geolocation=()',
    # WebAssembly is the decoder of the camera
    'Content-Security-Policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
                               "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                               "frame-ancestors 'none'",
}


@custom_auth
class RHKioskBase(RH):
    """Base class of all that a kiosk may ask for."""

    CSRF_ENABLED = False  # there is no session; see `RHKioskAction`
    DENY_FRAMES = True

    def process(self):
        response = RH.process(self)
        response.headers.update(HEADERS)
        return response


class RHKioskRequest(JSONRequest, RHKioskBase):
    """Base class of what the page's script sends: from the page itself, and from no other site."""

    MAX_BODY = MAX_BODY

    def _check_access(self):
        origin, own = request.headers.get('Origin'), urlsplit(config.BASE_URL)
        if (request.headers.get('Sec-Fetch-Site', 'same-origin') != 'same-origin' or HEADER not in request.headers
                or origin not in {None, f'{own.scheme}://{own.netloc}'}):
            raise APIError(403, 'other_site', 'Only the page of a kiosk may ask this.')


class RHKioskAction(RHKioskRequest):
    """Base class of what a paired kiosk may do. Its words are in the language that is on the screen."""

    #: Whether requests of one kiosk wait for each other
    LOCKS = False

    def _check_access(self):
        RHKioskRequest._check_access(self)
        self.kiosk = kiosk_of_request(lock=self.LOCKS)
        if self.kiosk is None:
            raise APIError(401, 'not_paired', 'This kiosk is not paired (any more).')
        self.event = self.kiosk.event

    def _process(self):
        with force_locale(_language(self.kiosk)):
            if self.event.is_locked:
                raise APIError(403, 'locked', str(_('This event is closed. Please go to the desk.')))
            return self._answer()


def kiosk_of_request(*, lock=False):
    """Return the `Kiosk` whose token the request has, or ``None``, and note that it was heard of."""
    token = request.cookies.get(COOKIE, '')
    if not token.startswith(KIOSK_PREFIX) or len(token) > MAX_TOKEN:
        return None
    # by its digest, so that the time of the comparison says nothing about a token
    query = Kiosk.query.filter_by(token_hash=digest(token), revoked_dt=None)
    kiosk = (query.populate_existing().with_for_update() if lock else query).first()
    if kiosk is None or kiosk.event.is_deleted or not is_feature_enabled(kiosk.event, 'registration'):
        return None
    if kiosk.seen_dt is None or now_utc() - kiosk.seen_dt > SEEN_INTERVAL:
        kiosk.seen_dt = now_utc()
    return kiosk


def set_cookie(response, token):
    """Let the browser keep a token, for the URLs of kiosks only."""
    response.set_cookie(COOKIE, token, max_age=COOKIE_LIFETIME, path=url_for_plugin('checkin_print.kiosk'),
                        secure=urlsplit(config.BASE_URL).scheme == 'https', httponly=True, samesite='Strict')


def languages_of(kiosk):
    """Return the languages that people can choose at a kiosk, as far as its page still speaks them; at least one."""
    known = page_languages()
    own = kiosk.event.default_locale or config.DEFAULT_LOCALE
    return [x for x in kiosk.languages if x in known] or [own if own in known else next(iter(known))]


def _language(kiosk):
    languages = languages_of(kiosk)
    wanted = request.headers.get(LANGUAGE_HEADER)
    return wanted if wanted in languages else languages[0]

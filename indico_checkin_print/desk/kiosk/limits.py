"""All limits of kiosks, in one place: how long something is good for or on the screen, and how often it may be done."""

from functools import cache

import redis.exceptions

from indico.core.limiter import make_rate_limiter

from indico_checkin_print import _
from indico_checkin_print.errors import APIError


#: How long after a scan its badge can be asked for, in seconds
SCAN_LIFETIME = 120
#: How long after that the page can ask what became of the badge, in seconds
FOLLOW_LIFETIME = 300
#: How long a kiosk stays paired after its page was last opened, in seconds
COOKIE_LIFETIME = 30 * 86400
#: The largest message of the page, in bytes: a code twice, with room for what JSON makes of it
MAX_BODY = 64 * 1024
#: How long something stays on the screen, in seconds, before the page goes back to the start
SECONDS = {
    #: A name, until somebody says that it is theirs
    'confirm': 25,
    #: An answer without a badge
    'answer': 10,
    #: A badge that has not come out yet
    'printing': 60,
    #: That it has
    'out': 8,
    #: That the desk was called
    'called': 10,
    #: Between two questions of the page whether it is still paired
    'alive': 15,
}

_limits = {
    'scan': cache(lambda: make_rate_limiter('checkin-print-kiosk-scan', '60 per minute', by_ip=False)),
    'unknown': cache(lambda: make_rate_limiter('checkin-print-kiosk-unknown', '15 per minute', by_ip=False)),
    'call': cache(lambda: make_rate_limiter('checkin-print-kiosk-call', '6 per minute', by_ip=False)),
}
_TOO_MANY = {
    'scan': _('Too many scans in a minute. Please wait a moment.'),
    'unknown': _('Too many unknown codes. Please wait a minute, or go to the desk.'),
    'call': _('The desk has been called several times. Somebody will come.'),
}


def count(what, kiosk):
    """Count one more scan, unknown code or call at a kiosk. Raises `APIError` if there were too many in a minute."""
    if not _ask(_limits[what]().hit, kiosk):
        raise _error(what)


def check(what, kiosk):
    """Raise `APIError` if there were too many in a minute. Counts nothing."""
    if not _ask(_limits[what]().test, kiosk):
        raise _error(what)


def clear(kiosk):
    """Forget what was counted at a kiosk."""
    for limit in _limits.values():
        limit().clear(str(kiosk.device_id))


def _ask(question, kiosk):
    try:
        return question(str(kiosk.device_id))
    except redis.exceptions.RedisError:
        # It is paired, and what its codes are checked against cannot be guessed: people get their badges without the
        # counters, too. A pairing code, which could be guessed, is refused then.
        return True


def _error(what):
    return APIError(429, 'too_often', str(_TOO_MANY[what]), retry_after=60)

"""How often one address may ask: nobody is to find certificates by trying numbers, or keep a server busy with files."""

from functools import cache

import redis.exceptions
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from indico.core.limiter import make_rate_limiter

from indico_checkin_print import _


#: Numbers that no certificate has. Good ones count nowhere: a whole conference may be behind one address
_misses = cache(lambda: make_rate_limiter('checkin-print-certificate', '30 per 5 minutes'))
#: PDFs that are compared
_uploads = cache(lambda: make_rate_limiter('checkin-print-certificate-file', '30 per 5 minutes'))


def check_misses():
    """Refuse who has asked for too many certificates that do not exist, before anything is looked up.

    :raises TooManyRequests: if that is so.
    """
    _ask(lambda: _misses().test())


def note_miss():
    """Count one that does not exist."""
    _ask(lambda: _misses().hit())


def note_upload():
    """Count a PDF that is to be compared.

    :raises TooManyRequests: if there were too many.
    """
    _ask(lambda: _uploads().hit())


def _ask(look):
    try:
        allowed = look()
    except redis.exceptions.RedisError as exc:
        # without the counters anybody could try for ever
        raise ServiceUnavailable(_('This is not possible just now. Try again in a minute.')) from exc
    if not allowed:
        raise TooManyRequests(_('That was too often. Wait five minutes.'))

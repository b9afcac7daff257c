"""What an answer means, and when to try again. Pure.

The meaning of a status is that of the Standard Webhooks specification. The times are ours: a badge is worth nothing
after some minutes, because the attendee is standing at the desk, while a system that only collects data may well be
down over night.
"""

import random as random_module

from indico.util.enum import IndicoStrEnum

from indico_checkin_print.delivery.post import PostError


class Verdict(IndicoStrEnum):
    """What an answer means for the message and for its webhook."""

    #: The receiver has it (2xx).
    delivered = 'delivered'
    #: It did not work now; try again.
    retry = 'retry'
    #: The receiver is overloaded (429, 502, 503, 504); try again, not before it says.
    throttled = 'throttled'
    #: The receiver will never want *this* message (too large, not understood). Another attempt is a person's choice.
    permanent = 'permanent'
    #: The receiver wants nothing any more (410): switch the webhook off and notify the managers.
    gone = 'gone'
    #: The URL may not be used (see ``guard.py``): nothing was sent, and a person has to change something.
    refused = 'refused'


#: After these the same message is sent again, as long as :func:`next_delay` gives a time; the others are final.
RETRIED = frozenset({Verdict.retry, Verdict.throttled})

_throttled = frozenset({429, 502, 503, 504})
# The receiver got the message, understood HTTP and says that the message itself is wrong. Wrong credentials and paths
# (401, 403, 404) are not here: those are mended at the receiver, and then the same message is welcome.
_permanent = frozenset({400, 413, 415, 422})

#: Seconds to wait before each attempt, the first included.
BADGE_SCHEDULE = (0, 2, 5, 15, 30, 60, 120)
#: Seconds between the attempts after those, until the job expires.
BADGE_INTERVAL = 300
#: The schedule that Standard Webhooks recommends; the last attempt is about 75 hours after the first.
DATA_SCHEDULE = (0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
#: How far a delay is moved, as a fraction, so that what failed together does not come back together.
JITTER = 0.2


def verdict(status=None, error=None):
    """Say what an answer means.

    :param status: HTTP status, or ``None`` if there was no answer
    :param error: then the :class:`.post.PostError`
    :return: a :class:`Verdict`
    """
    if status is None:
        return Verdict.refused if error == PostError.refused_url else Verdict.retry
    if 200 <= status <= 299:
        return Verdict.delivered
    if status == 410:
        return Verdict.gone
    if status in _throttled:
        return Verdict.throttled
    if status in _permanent:
        return Verdict.permanent
    # 3xx too: redirects are not followed, so the message has not arrived.
    return Verdict.retry


def next_delay(attempt, kind, retry_after=None, random=random_module.random):
    """Say how long to wait before the next attempt.

    :param attempt: how many attempts were made so far; 0 before the first
    :param kind: ``badge`` or ``data``
    :param retry_after: seconds that the receiver asked for (``Answer.retry_after``); never tried before they are over,
                        except that a badge waits :data:`BADGE_INTERVAL` at most
    :param random: returns a number from 0 to 1, for tests
    :return: seconds, or ``None`` when it is time to give up. A badge is given up by its job's expiry, not here
    """
    if kind == 'badge':
        delay = BADGE_SCHEDULE[attempt] if attempt < len(BADGE_SCHEDULE) else BADGE_INTERVAL
        least = min(retry_after or 0, BADGE_INTERVAL)
    elif kind == 'data':
        if attempt >= len(DATA_SCHEDULE):
            return None
        delay = DATA_SCHEDULE[attempt]
        least = retry_after or 0
    else:
        raise ValueError(f'Unknown kind of delivery: {kind!r}')
    if least >= delay:
        # Earlier is not allowed, so the jitter only goes one way.
        return least * (1 + JITTER * random())
    return max(least, delay * (1 - JITTER + 2 * JITTER * random()))

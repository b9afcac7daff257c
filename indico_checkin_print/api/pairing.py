"""A pairing code is redeemed, by an agent or by a kiosk, and nobody can guess one."""

from functools import cache

import redis.exceptions

from indico.core.limiter import make_rate_limiter

from indico_checkin_print.errors import APIError


#: Wrong pairing codes. Good ones count nowhere: all laptops of a conference may be behind one address.
wrong_codes_from_here = cache(lambda: make_rate_limiter('checkin-print-pair', '10 per 5 minutes'))
#: From all addresses together: somebody with a network of them must not guess faster for it.
wrong_codes_in_all = cache(lambda: make_rate_limiter('checkin-print-pair-all', '300 per 5 minutes', by_ip=False))


#: What is said of a wrong code to programs
WRONG_CODE = ('This pairing code is wrong, expired or used already. Make a new one on the page "Check-in printing" of '
              'the event.')


def redeem(model, code, refusal=WRONG_CODE):
    """Return the agent or kiosk that a code is for, locked.

    :param model: The `Paired` class.
    :param refusal: What is said if the code is wrong.
    :raises APIError: if the code is wrong, or if there were too many wrong ones.
    """
    # before the code is looked at: after too many wrong ones a good one must reveal nothing either
    check_guesses(lambda limit: limit.test())
    found = model.find_by_code(code)
    if found is None:
        check_guesses(lambda limit: limit.hit())
        raise APIError(403, 'wrong_code', refusal)
    return found


def check_guesses(look):
    """Raise `APIError` if too many wrong codes came, from this address or in all.

    :param look: Asks a limit whether there is room, and counts if it is to.
    """
    try:
        allowed = [look(limit) for limit in (wrong_codes_from_here(), wrong_codes_in_all())]
    except redis.exceptions.RedisError:
        # without the counters anybody could guess for ever
        raise APIError(503, 'try_later', 'Pairing is not possible just now. Try again in a minute.')
    if not all(allowed):
        raise APIError(429, 'too_many_tries', 'Too many wrong pairing codes. Wait five minutes, then make a new code.')

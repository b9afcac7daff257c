"""Whether another plugin of Indico blocks the ticket of somebody."""

from indico.core import signals
from indico.core.db import db

from indico_checkin_print.logs import log_failure, logger


def may_be_blocked():
    """Return whether any plugin has a say in it at all."""
    return bool(signals.event.is_ticket_blocked.receivers)


def is_blocked(registration):
    """Return whether another plugin blocks the ticket of a registration; a fault of that plugin blocks nobody."""
    if not may_be_blocked():
        return False
    try:
        # a statement of that plugin that fails must not end our transaction
        with db.session.begin_nested():
            return registration.is_ticket_blocked
    except Exception as exc:
        # whatever is wrong with it, it says nothing about the badge
        log_failure(logger, exc, 'Whether the ticket of registration %d is blocked cannot be known', registration.id)
        return False

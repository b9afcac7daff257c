"""The circuit breaker of a printer: one that keeps failing gets no badge, so that it does not spoil a whole queue.

It closes when a badge comes out, or when its agent reports that what was wrong is gone. The agent has a breaker of its
own, for seconds; this one is for faults that last minutes, for agents without one, and for people who read the log.
"""

from datetime import timedelta

from print_agent.protocol import messages
from print_agent.protocol.circuit_breaker import Breaker, Policy
from print_agent.protocol.reasons import is_cancellation

from indico_checkin_print.routing.printer import reported_block


POLICY = Policy(threshold=3, first=30, longest=300, window=600)
#: Reasons of agents that say nothing against the printer.
NOT_THE_PRINTER = frozenset({
    'too_late', 'expired', 'restarted', 'stopping', 'not_here', 'returned', 'person_missed_it', 'restart_unclear',
    'cups_lost_job', 'submit_unclear', 'agent_error', 'document_unavailable', 'spool_full', 'paused', 'queue_paused'})
#: What an agent reports whose own breaker for a printer is open: that it closes proves nothing.
_FROM_BREAKER = frozenset({
    'engine_failed', 'rejected', 'job-canceled', 'job-canceled-by-user', 'job-canceled-by-operator',
    'job-canceled-at-device', 'job-aborted', 'does_not_fit'})


def blames_printer(reason):
    """Return whether a reason for not printing is one against the printer."""
    return reason not in NOT_THE_PRINTER


def is_out_of_order(message, reason, *, is_open):
    """Return whether a printer cancels badges, and no person does: its agent returns one, or its breaker is open."""
    return is_cancellation(reason) and (is_open or isinstance(message, messages.Returned))


def after_failure(failures, failed_dt, now):
    """Return how many failures in a row there are after one more, and when the next probe
    is due, or ``None`` while the breaker is closed.

    :param failures: Those before.
    :param failed_dt: When the last of them was, or ``None``.
    """
    # the clock of the breaker begins now
    before = Breaker(failures, None if failed_dt is None else (failed_dt - now).total_seconds())
    breaker = before.failed(0, POLICY)
    return breaker.failures, None if breaker.probe_at is None else now + timedelta(seconds=breaker.probe_at)


def recovered(before, after):
    """Return the names of printers of which something was wrong and no longer is, or which it did not have."""
    earlier = {printer['name']: reported_block(printer) for printer in before}
    for printer in after:
        was = earlier.get(printer['name'], 'not_found')
        if was and was not in _FROM_BREAKER and not reported_block(printer):
            yield printer['name']

"""The circuit breaker of a webhook: spares a receiver that does not work, and the jobs that wait for it.

While it is open (`print_agent.protocol.circuit_breaker`) nothing is sent but one probe at a time; a probe costs its job
no attempt. When it closes, all that waits is due at once. `after` is pure; `note` writes what it says to the webhook's
row.
"""

import random as random_module
from dataclasses import dataclass

from indico.util.date_time import now_utc
from indico.util.enum import IndicoStrEnum

from print_agent.protocol.circuit_breaker import Policy, State

from indico_checkin_print import ledger
from indico_checkin_print.delivery.retry import RETRIED, Verdict
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.sql import now


#: By kind: at a desk people wait.
POLICIES = {'badge': Policy(threshold=5, first=5, longest=60), 'data': Policy(threshold=5, first=15, longest=300)}
#: How long a receiver may ask for silence (``Retry-After``), in seconds.
LONGEST_ASKED = {'badge': 300, 'data': 24 * 3600}
#: How much an interval is stretched at most, as a fraction, so that webhooks of one server do not come together.
JITTER = 0.2


class Change(IndicoStrEnum):
    """What a manager should hear of."""

    opened = 'opened'
    closed = 'closed'
    #: The receiver answered 410
    gone = 'gone'


@dataclass(frozen=True)
class Breaker:
    """A breaker after an answer."""

    #: POSTs in a row that did not work
    failures: int = 0
    is_open: bool = False
    #: Seconds in which nothing is sent
    wait: float = 0


def after(before, verdict, kind, retry_after=None, random=random_module.random):
    """Say what an answer makes of a breaker.

    :param before: The `Breaker` before; its ``wait`` does not matter.
    :param verdict: The `Verdict` about the answer.
    :param kind: ``badge`` or ``data``.
    :param retry_after: Seconds that the receiver asked for. A closed breaker honours them too, for all jobs.
    :param random: Returns a number from 0 to 1, for tests.
    """
    if verdict == Verdict.refused:
        # nothing was sent, so nothing is known about the receiver
        return Breaker(before.failures, before.is_open)
    if verdict not in RETRIED:
        # one that refuses a single message works
        return Breaker()
    failures = before.failures + 1
    policy = POLICIES[kind]
    is_open = before.is_open or failures >= policy.threshold
    asked = min(retry_after or 0, LONGEST_ASKED[kind])
    if not is_open:
        return Breaker(failures, wait=asked)
    # an open one waits for its first interval at least
    interval = policy.interval(max(failures, policy.threshold))
    return Breaker(failures, is_open=True, wait=max(asked, interval) * (1 + JITTER * random()))


def state(webhook):
    """Return the `State` of a webhook's breaker at the moment."""
    if webhook.opened_dt is None:
        return State.closed
    return State.open if webhook.probe_dt is not None and webhook.probe_dt > now_utc() else State.half_open


def note(webhook, verdict, kind, retry_after=None):
    """Write what an answer makes of a webhook's breaker to its row.

    :return: The `Breaker`, and the `Change` or ``None``.
    """
    if verdict == Verdict.delivered and not webhook.failures and webhook.opened_dt is webhook.probe_dt is None:
        return Breaker(), None
    row = Webhook.query.populate_existing().with_for_update(key_share=True).filter_by(id=webhook.id).one()
    was_open = row.opened_dt is not None
    breaker = after(Breaker(row.failures, was_open), verdict, kind, retry_after)
    change = None
    if verdict == Verdict.gone and row.enabled:
        row.enabled, change = False, Change.gone
    elif breaker.is_open and not was_open:
        change = Change.opened
    elif was_open and not breaker.is_open:
        change = Change.closed
    _write(row, breaker)
    if change in {Change.opened, Change.closed}:
        # when it opens too: from now on the probes say when to try, and any job may be one
        ledger.due_at_once(row)
    return breaker, change


def reset(webhook):
    """Close a breaker because a person wants another try now; all that waits is due at once."""
    _write(webhook, Breaker())
    ledger.due_at_once(webhook)


def _write(row, breaker):
    row.failures = breaker.failures
    row.opened_dt = (row.opened_dt or now()) if breaker.is_open else None
    row.probe_dt = now(breaker.wait) if breaker.wait else None

"""One POST of one claimed job: built, signed, sent, and its answer entered into the ledger."""

import time
from dataclasses import dataclass, replace
from datetime import datetime

from indico.core.db import db
from indico.core.plugins import url_for_plugin

from print_agent.protocol import messages, signing
from print_agent.protocol.errors import ContractError

from indico_checkin_print import ledger
from indico_checkin_print.credentials import unseal_all
from indico_checkin_print.delivery import attempts, breaker, multipart, notify, retry
from indico_checkin_print.delivery.post import SENTENCES, Answer, PostError, post
from indico_checkin_print.errors import CheckinPrintError, SettingError
from indico_checkin_print.logs import log_failure, logger
from indico_checkin_print.messages.envelope import delivery, message_id
from indico_checkin_print.messages.webhook import BadgePrint
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.settings import allowed_networks


#: When the administrator's networks cannot be read, the next look is after so many seconds.
UNREADABLE_RETRY_INTERVAL = 60


def webhook_of(job):
    """Return the webhook that a job goes to: its own, or the one of its desk. ``None`` if an agent prints it."""
    webhook = job.webhook or (job.desk.webhook if job.desk else None)
    return None if webhook is None or webhook.is_deleted else webhook


@dataclass(frozen=True)
class Delivery:
    """A POST that is ready to be made: plain values, so that a thread can make it without the database."""

    claim: ledger.Claim
    webhook_id: int
    #: ``badge`` or ``data``
    kind: str
    #: The row of the log of attempts
    attempt_id: int | None = None
    #: Url, body, headers and allowed networks for `post`. ``None`` if there is nothing to send, and the ledger knows
    request: dict | None = None
    #: Since when the breaker of the webhook was open, or ``None``
    opened_dt: datetime | None = None
    #: Without a POST: after how many seconds it is due again, or ``None``
    delay: float | None = None

    @property
    def job_id(self):
        """The id of the job that is sent."""
        return self.claim.id

    @property
    def is_data(self):
        """Whether it is data for another system, for which nobody waits at a desk."""
        return self.kind == 'data'


def begin(actor, *, due_for=0, only_badges=False):
    """Claim the next message that is due, and commit everything that must be known before it is sent.

    A delivery takes three steps, so that a slow receiver holds no transaction, and no connection to the database:
    `begin`, `send`, `enter`.

    :param due_for: Leave to others what became due less than so many seconds ago.
    :param only_badges: Leave data for other systems to a later call.
    :return: A `Delivery`, or ``None`` if nothing is due.
    """
    job = ledger.claim_post(actor, due_for=due_for, only_badges=only_badges)
    db.session.commit()
    if job is None:
        return None
    ready = _prepare(job, actor)
    db.session.commit()
    return ready


def send(ready):
    """Make the POST of a `Delivery`. Needs no database and never raises. Return the `Answer`."""
    try:
        return post(**ready.request)
    except Exception as exc:
        # a fault of ours: without an answer the webhook would stand still until the lease ends
        log_failure(logger, exc, 'The POST of job %d failed by a fault of ours', ready.job_id)
        return Answer(None, 0, error=PostError.interrupted, message=SENTENCES[PostError.interrupted])


def enter(ready, answer, actor):
    """Enter what came of a `Delivery`, and commit. Return after how many seconds to try again, or ``None``."""
    verdict = retry.verdict(answer.status, answer.error)
    attempts.end(ready.attempt_id, answer, delivered=verdict == retry.Verdict.delivered)
    job, webhook = Job.get(ready.job_id), Webhook.get(ready.webhook_id)
    if job is None or webhook is None:  # purged meanwhile
        db.session.commit()
        return None
    state, change = breaker.note(webhook, verdict, ready.kind, answer.retry_after)
    delay = _enter(ready, answer, verdict, state, actor)
    db.session.commit()
    if change is not None:
        notify.managers(webhook, change, attempts.in_words(answer), ready.opened_dt)
    return None if delay is None else max(delay, state.wait)


def _prepare(job, actor):
    webhook, kind = webhook_of(job), kind_of(job)
    claim = ledger.Claim(job.id, job.attempts, job.dispatch)
    unsent = Delivery(claim, webhook.id if webhook else 0, kind)
    if webhook is None:
        ledger.undelivered(job, Reason.webhook_missing, '', actor, retry_in=None)
        return unsent
    try:
        request = build(job, webhook)
    except (CheckinPrintError, ContractError) as exc:
        ledger.undelivered(job, Reason.webhook_failed, exc.detail, actor, retry_in=None)
        return unsent
    except Exception as exc:
        # a fault of ours: without this it would come back with every lease, and stop the messages behind it
        log_failure(logger, exc, 'Job %d could not be made into a message', job.id)
        ledger.undelivered(job, Reason.webhook_failed, type(exc).__name__, actor, retry_in=None)
        return unsent
    opened_dt = webhook.opened_dt
    try:
        networks = allowed_networks()
    except SettingError as exc:
        # the administrator's to mend; until then nothing was sent, so nothing may have arrived
        ledger.undelivered(job, Reason.retry_later, exc.detail, actor, retry_in=UNREADABLE_RETRY_INTERVAL,
                           was_probe=opened_dt is not None)
        return replace(unsent, delay=UNREADABLE_RETRY_INTERVAL)
    return replace(unsent, attempt_id=attempts.begin(job, webhook), opened_dt=opened_dt,
                   request={**request, 'allowed_networks': networks})


def _enter(ready, answer, verdict, state, actor):
    """Enter an answer into the ledger. Return after how many seconds the job is due again, or ``None``."""
    detail = _describe(answer)
    if verdict == retry.Verdict.delivered:
        ledger.delivered(ready.claim, detail, actor)
        return None
    delay = None
    if verdict in retry.RETRIED:
        # while the breaker is open it says when to try
        delay = 0 if state.is_open else retry.next_delay(ready.claim.attempts, ready.kind, answer.retry_after)
    if delay is not None:
        reason = Reason.retry_later
    else:
        reason = _REASONS.get(verdict, Reason.webhook_failed)
    ledger.undelivered(ready.claim, reason, detail, actor, retry_in=delay, was_probe=ready.opened_dt is not None)
    return delay


def kind_of(job):
    """Return what a job is to the schedules: ``badge`` if a person waits for it, else ``data``."""
    return 'badge' if job.purpose in {Job.PURPOSE_BADGE, Job.PURPOSE_TEST, Job.PURPOSE_SEPARATOR} else 'data'


_REASONS = {retry.Verdict.gone: Reason.gone, retry.Verdict.refused: Reason.webhook_refused}


def build(job, webhook):
    """Return url, body and headers of the POST.

    :raises SecretUnreadable: if no secret of the webhook can be read.
    :raises DocumentGone: if the badge is gone.
    """
    callback = url_for_plugin('checkin_print.outcome', job=message_id(job), _external=True)
    message = delivery(job, webhook, callback=callback)
    payload = messages.encode(message)
    if isinstance(message, BadgePrint):
        content_type, body = multipart.encode(payload, job.document.content, f'badge-{job.id}.pdf')
    else:
        content_type, body = 'application/json', payload
    secrets = unseal_all(webhook.secrets)
    headers = {'Content-Type': content_type, **signing.headers(secrets, message_id(job), int(time.time()), body)}
    return {'url': webhook.url, 'body': body, 'headers': headers}


def _describe(answer):
    took = f'{answer.seconds:.2f} s'
    return f'HTTP {answer.status} in {took}. {answer.snippet}' if answer.status else f'{answer.message} ({took})'

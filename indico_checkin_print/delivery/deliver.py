"""One POST of one claimed job: built, signed, sent, and its answer entered into the ledger."""

import time

from indico.core.db import db
from indico.core.plugins import url_for_plugin

from print_agent import protocol, signing

from indico_checkin_print import ledger
from indico_checkin_print.credentials import unseal_all
from indico_checkin_print.delivery import attempts, breaker, multipart, retry, tell
from indico_checkin_print.delivery.addresses import parse_networks
from indico_checkin_print.delivery.post import post
from indico_checkin_print.envelope import delivery, message_id
from indico_checkin_print.logs import log_failure
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons import Reason


#: When the administrator's networks cannot be read, the next look is after so many seconds.
UNREADABLE = 60


def webhook_of(job):
    """Return the webhook that a job goes to: its own, or the one of its desk. ``None`` if an agent prints it."""
    webhook = job.webhook or (job.desk.webhook if job.desk else None)
    return None if webhook is None or webhook.is_deleted else webhook


def deliver(job, actor):
    """POST a claimed job, enter the answer, and commit.

    The transaction is over before the POST begins: a slow receiver holds no row of the database.

    :return: After how many seconds to try again, or ``None``.
    """
    webhook = webhook_of(job)
    if webhook is None:
        ledger.undelivered(job, Reason.webhook_missing, '', actor, retry_in=None)
        return None
    try:
        request = build(job, webhook)
    except ValueError as exc:
        ledger.undelivered(job, Reason.webhook_failed, str(exc), actor, retry_in=None)
        return None
    except Exception as exc:
        # a fault of ours: without this it would come back with every lease, and stop the messages behind it
        from indico_checkin_print.plugin import CheckinPrintPlugin
        log_failure(CheckinPrintPlugin.logger, exc, 'Job %d could not be made into a message', job.id)
        ledger.undelivered(job, Reason.webhook_failed, type(exc).__name__, actor, retry_in=None)
        return None
    opened_dt = webhook.opened_dt
    try:
        networks = allowed_networks()
    except ValueError as exc:
        # the administrator's to mend; until then nothing was sent, so nothing may have arrived
        ledger.undelivered(job, Reason.try_again, str(exc), actor, retry_in=UNREADABLE, was_probe=opened_dt is not None)
        return UNREADABLE
    attempt = attempts.begin(job, webhook)
    db.session.commit()
    answer = post(**request, allowed_networks=networks)
    verdict = retry.verdict(answer.status, answer.error)
    attempts.end(attempt, answer, delivered=verdict == retry.Verdict.delivered)
    kind = kind_of(job)
    state, change = breaker.note(webhook, verdict, kind, answer.retry_after)
    delay = _enter(job, answer, verdict, kind, state, actor, was_probe=opened_dt is not None)
    db.session.commit()
    if change is not None:
        tell.managers(webhook, change, attempts.in_words(answer), opened_dt)
    return None if delay is None else max(delay, state.wait)


def _enter(job, answer, verdict, kind, state, actor, *, was_probe):
    """Enter an answer into the ledger. Return after how many seconds the job is due again, or ``None``."""
    detail = _describe(answer)
    if verdict == retry.Verdict.delivered:
        ledger.delivered(job, detail, actor)
        return None
    delay = None
    if verdict in retry.RETRIED:
        # while the breaker is open it says when to try
        delay = 0 if state.is_open else retry.next_delay(job.attempts, kind, answer.retry_after)
    if delay is not None:
        reason = Reason.try_again
    else:
        reason = _REASONS.get(verdict, Reason.webhook_failed)
    ledger.undelivered(job, reason, detail, actor, retry_in=delay, was_probe=was_probe)
    return delay


def kind_of(job):
    """Return what a job is to the schedules: ``badge`` if a person waits for it, else ``data``."""
    return 'badge' if job.purpose in {Job.PURPOSE_BADGE, Job.PURPOSE_TEST} else 'data'


_REASONS = {retry.Verdict.gone: Reason.gone, retry.Verdict.refused: Reason.webhook_refused}


def build(job, webhook):
    """Return url, body and headers of the POST.

    :raises ValueError: if the webhook's secret cannot be read, or the badge is gone.
    """
    callback = url_for_plugin('checkin_print.outcome', job=message_id(job), _external=True)
    message = delivery(job, webhook, callback=callback)
    payload = protocol.encode(message)
    if message.data.job is not None:
        content_type, body = multipart.encode(payload, job.document.content, f'badge-{job.id}.pdf')
    else:
        content_type, body = 'application/json', payload
    secrets = unseal_all(webhook.secrets)
    headers = {'Content-Type': content_type, **signing.headers(secrets, message_id(job), int(time.time()), body)}
    return {'url': webhook.url, 'body': body, 'headers': headers}


def allowed_networks():
    """Return the networks that only the administrator can open (``indico.conf``).

    :raises ValueError: if the setting cannot be read.
    """
    from indico_checkin_print.plugin import CheckinPrintPlugin
    try:
        return parse_networks(CheckinPrintPlugin.plugin_config.ALLOWED_NETWORKS)
    except (TypeError, ValueError) as exc:
        raise ValueError(f'PLUGIN_CHECKIN_PRINT_ALLOWED_NETWORKS cannot be read: {exc}') from exc


def _describe(answer):
    took = f'{answer.seconds:.2f} s'
    return f'HTTP {answer.status} in {took}. {answer.snippet}' if answer.status else f'{answer.message} ({took})'

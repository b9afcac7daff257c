"""One POST of one claimed job: built, signed, sent, and its answer entered into the ledger."""

import time

from indico.core.db import db
from indico.core.plugins import url_for_plugin

from print_agent import protocol, signing

from indico_checkin_print import ledger
from indico_checkin_print.credentials import unseal
from indico_checkin_print.delivery import multipart, retry
from indico_checkin_print.delivery.addresses import parse_networks
from indico_checkin_print.delivery.post import post
from indico_checkin_print.envelope import delivery
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons import Reason


def webhook_of(job):
    """Return the webhook that a job goes to: its own, or the one of its desk. ``None`` if an agent prints it."""
    webhook = job.webhook or (job.desk.webhook if job.desk else None)
    return None if webhook is None or webhook.is_deleted else webhook


def deliver(job, actor):
    """POST a claimed job and enter the answer.

    The transaction is over before the POST begins: a slow receiver holds no row of the database.

    :return: After how many seconds to try again, or ``None``.
    """
    webhook = webhook_of(job)
    if webhook is None:
        ledger.undelivered(job, Reason.webhook_missing, '', actor, retry_in=None)
        return None
    kind = 'badge' if job.purpose in {Job.PURPOSE_BADGE, Job.PURPOSE_TEST} else 'data'
    try:
        request = build(job, webhook)
    except ValueError as exc:
        ledger.undelivered(job, Reason.webhook_failed, str(exc), actor, retry_in=None)
        return None
    db.session.commit()
    answer = post(**request, allowed_networks=allowed_networks())
    verdict = retry.verdict(answer.status, answer.error)
    detail = _describe(answer)
    if verdict == retry.Verdict.delivered:
        ledger.delivered(job, detail, actor)
        return None
    delay = retry.next_delay(job.attempts, kind, answer.retry_after) if verdict in retry.RETRIED else None
    reason = _REASONS.get(verdict, Reason.webhook_failed) if delay is None else Reason.try_again
    ledger.undelivered(job, reason, detail, actor, retry_in=delay)
    return delay


_REASONS = {retry.Verdict.gone: Reason.gone, retry.Verdict.refused: Reason.webhook_refused}


def build(job, webhook):
    """Return url, body and headers of the POST.

    :raises ValueError: if the webhook's secret cannot be read.
    """
    at_desk = job.webhook_id is None
    callback = url_for_plugin('checkin_print.outcome', job=job.uuid, _external=True)
    payload = protocol.encode(delivery(job, webhook, at_desk=at_desk, callback=callback))
    if at_desk or webhook.send_badge:
        content_type, body = multipart.encode(payload, job.document.content, f'badge-{job.id}.pdf')
    else:
        content_type, body = 'application/json', payload
    secrets = [unseal(secret) for secret in webhook.secrets]
    headers = {'Content-Type': content_type, **signing.headers(secrets, job.uuid, int(time.time()), body)}
    return {'url': webhook.url, 'body': body, 'headers': headers}


def allowed_networks():
    """Return the networks that only the administrator can open (``indico.conf``)."""
    from indico_checkin_print.plugin import CheckinPrintPlugin
    return parse_networks(CheckinPrintPlugin.plugin_config.ALLOWED_NETWORKS)


def _describe(answer):
    took = f'{answer.seconds:.2f} s'
    return f'HTTP {answer.status} in {took}. {answer.snippet}' if answer.status else f'{answer.message} ({took})'

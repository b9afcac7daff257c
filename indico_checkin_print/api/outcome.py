"""The callback of a webhook's receiver: what became of the badge it was sent."""

import time

from flask import request

from print_agent.protocol import messages, signing
from print_agent.protocol.errors import SignatureError

from indico_checkin_print.agents.inbound import enter_outcome
from indico_checkin_print.api.base import RHAgentBase, answer
from indico_checkin_print.credentials import unseal_all
from indico_checkin_print.delivery.deliver import webhook_of
from indico_checkin_print.errors import APIError, SecretUnreadable
from indico_checkin_print.models.jobs import Job


class RHOutcome(RHAgentBase):
    """Enter an outcome that the receiver signed with the secret of its webhook."""

    MAX_BODY = 64 * 1024

    def _process_args(self):
        self.job = _latest(Job.query.filter_by(uuid=str(request.view_args['job'])).first())

    def _check_access(self):
        webhook = webhook_of(self.job) if self.job else None
        if webhook is None:
            # the same answer as for a bad signature: nobody learns which jobs exist
            raise APIError(401, 'bad_signature', 'The signature does not fit this job.')
        try:
            secrets = unseal_all(webhook.secrets)
        except SecretUnreadable:
            raise APIError(503, 'no_secret', 'The secret of this webhook cannot be read. Make a new one.')
        try:
            signing.verify(secrets, request.headers, self.body, now=time.time())
        except SignatureError as exc:
            raise APIError(401, exc.reason, exc.detail)

    def _process(self):
        message = self.read(messages.OutcomeReport).message
        if message.job != str(request.view_args['job']):
            raise APIError(400, 'wrong_job', 'The message is about another job than the URL.')
        if self.job.agent_id is None and self.job.dispatch == message.dispatch:
            enter_outcome(self.job, message, f'webhook:{webhook_of(self.job).id}')
        return answer(messages.Ack(job=message.job, dispatch=message.dispatch,
                                   state=message.__struct_config__.tag))


def _latest(job):
    """Return the job that sent the message last: one that sends it again has its id."""
    if job is None or job.webhook_id is None:
        return job
    resent = Job.query.filter_by(reprint_of_id=job.id, webhook_id=job.webhook_id).order_by(Job.id.desc())
    return resent.filter(Job.dispatched_dt.isnot(None)).first() or job

"""What tests of news for webhooks share: who asks for which, what they get, and a receiver of it."""

import json
from pathlib import Path

import jsonschema
import pytest

from indico_checkin_print.delivery import deliver as deliver_module
from indico_checkin_print.delivery.deliver import build
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.settings import parse_networks
from tests.plugin.conftest import SECRET
from tests.stack.receiver import Receiver


SCHEMA = json.loads((Path(__file__).parents[2] / 'docs' / 'webhook-v1.schema.json').read_text())


@pytest.fixture
def wants(db, webhook):
    """Return a function that lets the webhook be notified of these events only."""
    def _wants(*events):
        webhook.events = [str(event) for event in events]
        db.session.flush()
    return _wants


@pytest.fixture
def receiver(tmp_path, webhook, mocker):
    """A receiver on this computer, to which the webhook goes."""
    mocker.patch.object(deliver_module, 'allowed_networks', return_value=parse_networks('127.0.0.1'))
    receiver = Receiver(tmp_path)
    receiver.start()
    receiver.knows(SECRET)
    webhook.url = receiver.url
    yield receiver
    receiver.stop()


def messages(webhook):
    """Return all jobs of a webhook, the oldest first."""
    return Job.query.filter_by(webhook_id=webhook.id).order_by(Job.id).all()


def types(webhook):
    """Return the types of the news that a webhook gets, the oldest first."""
    return [str(job.news) for job in messages(webhook) if job.news]


def content(job):
    """Return the message of a job, as it would be POSTed now; it fits the published schema."""
    payload = json.loads(build(job, job.webhook)['body'])
    jsonschema.validate(payload, SCHEMA, format_checker=jsonschema.FormatChecker())
    return payload

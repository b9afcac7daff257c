"""What receivers of webhooks report about the badges that they got."""

import time
from uuid import uuid4

import msgspec
import pytest

from print_agent.protocol import signing
from print_agent.protocol.messages import Completed, OutcomeReport, Printing, Returned

from indico_checkin_print import ledger
from indico_checkin_print.credentials import seal
from indico_checkin_print.models.jobs import Job, JobState
from tests.plugin.conftest import SECRET


pytestmark = pytest.mark.usefixtures('fresh_limits')


def report(post, job, message, *, secret=SECRET, at=None, change=b''):
    body = msgspec.json.encode(OutcomeReport(message=message))
    headers = signing.headers([secret], str(uuid4()), int(at or time.time()), body)
    status, answer = post(f'/outcome/{job.uuid}', body + change, headers=headers)
    return status, answer.get('error')


def test_receiver_reports_the_outcome(db, post, posted_job):
    assert posted_job.state == JobState.sent
    for message, state in ((Printing, JobState.printing), (Completed, JobState.completed),
                           (Completed, JobState.completed)):
        assert report(post, posted_job, message(job=posted_job.uuid, dispatch=1)) == (200, None)
        db.session.refresh(posted_job)
        assert posted_job.state == state
    assert posted_job.history[-1].actor.startswith('webhook:')


def test_a_receiver_whose_secret_cannot_be_read(db, post, posted_job, webhook):
    webhook.secrets = ['not sealed with this key']
    db.session.flush()
    assert report(post, posted_job, Completed(job=posted_job.uuid, dispatch=1)) == (503, 'no_secret')
    webhook.secrets = [seal(SECRET), 'not sealed with this key']
    db.session.flush()
    assert report(post, posted_job, Completed(job=posted_job.uuid, dispatch=1)) == (200, None)


def test_a_receiver_returns_it(db, post, posted_job):
    """It is POSTed again, as another dispatch; late words about the first one change nothing."""
    returned = Returned(job=posted_job.uuid, dispatch=1, reason='too_late')
    assert report(post, posted_job, returned) == (200, None)
    db.session.refresh(posted_job)
    assert (posted_job.state, posted_job.dispatch) == (JobState.ready, 2)
    db.session.execute(db.update(Job.__table__).values(next_try_dt=Job.queue_dt))
    assert ledger.claim_post('test') == posted_job
    assert report(post, posted_job, returned) == (200, None)
    db.session.refresh(posted_job)
    assert posted_job.state == JobState.dispatched


@pytest.mark.parametrize(('bad', 'error'), [
    ({'secret': 'whsec_' + 'QkJC' * 8}, 'bad_signature'),
    ({'change': b' '}, 'bad_signature'),
    ({'at': time.time() - 3600}, 'stale'),
    ({'at': time.time() + 3600}, 'stale'),
])
def test_a_report_that_is_not_theirs(db, post, posted_job, bad, error):
    assert report(post, posted_job, Completed(job=posted_job.uuid, dispatch=1), **bad) == (401, error)
    db.session.refresh(posted_job)
    assert posted_job.state == JobState.sent


def test_a_report_about_another_job(post, posted_job):
    assert report(post, posted_job, Completed(job=str(uuid4()), dispatch=1)) == (400, 'wrong_job')


def test_a_report_about_a_job_that_is_no_webhooks(post, ready_job):
    assert report(post, ready_job, Completed(job=ready_job.uuid, dispatch=1)) == (401, 'bad_signature')

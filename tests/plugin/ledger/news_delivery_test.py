"""News for webhooks, POSTed to a real receiver: in order, and once more."""

import pytest

from indico_checkin_print import ledger
from indico_checkin_print.models.choices import WebhookEvent
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.models.jobs import JobState as S
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.work.worker import post_waiting, render_waiting
from tests.plugin.conftest import fresh
from tests.plugin.ledger.conftest import committed
from tests.plugin.news_fixtures import messages


def test_delivered_in_order(db, webhook, wants, receiver, check_in, reg, agent, create_reg):
    """A message that fails keeps later ones about the same person from overtaking it, and nobody else's."""
    wants(*WebhookEvent)
    receiver.say(500)
    badge = next(job for job in check_in(reg) if job.webhook_id is None)
    render_waiting('test')
    assert ledger.assign(fresh(db, badge), agent, 'p1', 'relay', go=True)
    ledger.report(fresh(db, badge), S.completed, 'printed', '', 'agent:1')
    assert post_waiting('test')[0] == 1
    other = create_reg('Ada')
    committed(db)
    check_in(other)
    assert post_waiting('test')[0] == 1
    db.session.execute(db.update(Job.__table__).where(Job.registration_id == reg.id, Job.state == S.ready)
                       .values(next_try_dt=Job.queue_dt))
    assert post_waiting('test')[0] == 2
    got = receiver.received()
    assert [(line['type'], line['registration'], line['answer']) for line in got] == [
        ('registration.checked_in', reg.id, '500'), ('registration.checked_in', other.id, '204'),
        ('registration.checked_in', reg.id, '204'), ('badge.printed', reg.id, '204')]
    assert got[0]['id'] == got[2]['id']
    assert got[3]['badge']['id'] == badge.id
    assert {job.state for job in messages(webhook)} == {S.sent}


@pytest.mark.parametrize('send_badge', [False, True])
def test_resent(db, webhook, wants, receiver, printing, dummy_user, send_badge):
    wants(WebhookEvent.printed)
    webhook.send_badge = send_badge
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    assert post_waiting('test')[0] == 1
    job, = messages(webhook)
    resent = ledger.resend(job, dummy_user)
    render_waiting('test')
    assert post_waiting('test')[0] == 1
    first, second = receiver.received()
    assert (first['id'], first['badge']) == (second['id'], second['badge'])
    assert fresh(db, resent).state == S.sent


def test_the_person_was_deleted(db, webhook, wants, receiver, printing, reg):
    wants(WebhookEvent.printed)
    ledger.report(printing, S.completed, 'printed', '', 'agent:1')
    reg.is_deleted = True
    db.session.flush()
    assert post_waiting('test')[0] == 0
    assert messages(webhook)[0].state == S.canceled
    assert receiver.received() == []
    assert Attempt.query.count() == 0

"""What webhooks hear when a check-in is undone."""

import pytest

from indico.core import signals

from indico_checkin_print import ledger
from indico_checkin_print.models.jobs import Job, JobState
from indico_checkin_print.models.records import Attempt
from indico_checkin_print.models.webhooks import Webhook
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.conftest import announce, fresh


S = JobState


@pytest.fixture
def message(db, form, check_in, reg):
    webhook = Webhook(event=reg.event, name='CRM', url='https://crm.example.com', secrets=[])
    db.session.add(webhook)
    db.session.flush()
    check_in(reg)
    return Job.query.filter_by(webhook_id=webhook.id).one()


def _undo(app, db, reg):
    reg.checked_in = False
    announce(app, signals.event.registration_checkin_updated, reg)
    db.session.flush()
    return Job.query.filter(Job.registration_id == reg.id, Job.purpose.startswith('undone:')).all()


def test_what_did_not_leave_is_canceled_and_not_announced(app, db, reg, message):
    assert _undo(app, db, reg) == []
    job = fresh(db, message)
    assert (job.state, job.reason) == (S.canceled, Reason.check_in_undone)


@pytest.mark.parametrize('state', [S.dispatched, S.sent])
def test_what_may_have_left_is_announced_once(app, db, reg, message, state):
    db.session.execute(db.update(Job.__table__).where(Job.id == message.id)
                       .values(state=state, dispatched_dt=db.func.now()))
    undone, = _undo(app, db, reg)
    assert (undone.state, undone.checked_in_dt, undone.webhook_id) == (S.ready, message.checked_in_dt,
                                                                       message.webhook_id)
    assert len(_undo(app, db, reg)) == 1


def test_an_attempt_that_may_have_arrived_is_announced(app, db, reg, message):
    db.session.add(Attempt(job=message, webhook_id=message.webhook_id, error='timeout', duration=1,
                           may_have_arrived=True))
    db.session.flush()
    assert len(_undo(app, db, reg)) == 1
    assert fresh(db, message).state == S.canceled


def test_messages_about_a_person_keep_their_order(app, db, reg, message, check_in):
    db.session.execute(db.update(Job.__table__).where(Job.id == message.id)
                       .values(state=S.sent, dispatched_dt=db.func.now()))
    undone, = _undo(app, db, reg)
    check_in(reg)
    # the first one is to be tried again later: the news of the second check-in waits for it
    db.session.execute(db.update(Job.__table__).where(Job.id == undone.id)
                       .values(next_try_dt=db.func.now() + db.func.make_interval(0, 0, 0, 1)))
    assert ledger.claim_post('test') is None

"""A batch is made, or feeds its desks, while people of it are checked in, paused or cancelled."""

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration

from indico_checkin_print import ledger
from indico_checkin_print.ledger import batches
from indico_checkin_print.models.batches import Batch
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from indico_checkin_print.routing.batch_order import Member
from tests.plugin.races.conftest import BADGE, S, outgoing_jobs


@pytest.fixture
def ids(races, form, people):
    """The ids of the people, in the order of their names."""
    ids = [registration.id for registration in people]
    races.commit()
    return ids


@pytest.fixture
def check_in_all(app, dummy_regform, ids):
    """Return a function that returns Indico's bulk check-in of some people, in their order."""
    path = f'/event/{dummy_regform.event_id}/manage/registration/{dummy_regform.id}/registrations/check-in'

    def _bulk(*chosen):
        def _check_in():
            with app.test_request_context(path, method='POST'):
                for id_ in chosen:
                    registration = Registration.get(id_)
                    registration.checked_in = True
                    signals.event.registration_checkin_updated.send(registration)
        return _check_in
    return _bulk


@pytest.fixture
def make_batch(db, dummy_regform, dummy_user, desk, ids):
    """Return what the button of the dialog does for all people; it returns the batch's id."""
    values = {'event_id': dummy_regform.event_id, 'registration_form_id': dummy_regform.id, 'user_id': dummy_user.id,
              'order': 'name', 'paused': False, 'separators': False}
    desk_id = desk.id

    def _make():
        batch = Batch(**values)
        db.session().add(batch)
        db.session().flush()
        ledger.create_batch(batch, {desk_id: [Member(id_, id_, '', '') for id_ in ids]}, 'test')
        return batch.id
    return _make


def badges_of(db, registration_id):
    db.session.expire_all()
    return [(job.batch_id is not None, job.state, job.reason) for job in
            Job.query.filter_by(registration_id=registration_id).order_by(Job.id)]


def test_who_is_checked_in_at_this_moment_gets_one_badge(db, races, ids, check_in_all, make_batch):
    """A batch waits for nobody: Indico locks people by name, and we would in another order."""
    last, first = ids[-1], ids[0]
    check_in_all(last)()
    batch_id = races.meanwhile(make_batch)
    # Indico proceeds: whom the batch has locked it has let go
    check_in_all(first)()
    races.commit()
    ledger.feed_batches('test')
    races.commit()
    assert badges_of(db, last) == [(False, S.queued, Reason.checked_in), (True, S.canceled, Reason.printed_before)]
    # the check-in after the batch sees its badge
    assert badges_of(db, first) == [(True, S.queued, Reason.batch_turn), (False, S.held, Reason.already_printed)]
    assert Job.query.filter_by(batch_id=batch_id, state=S.queued).count() == len(ids) - 1


def test_a_check_in_waits_for_the_turn_of_its_badge(db, races, ids, check_in_all, make_batch):
    races.while_holding(make_batch, check_in_all(ids[0]))
    assert badges_of(db, ids[0]) == [(True, S.queued, Reason.batch_turn), (False, S.held, Reason.already_printed)]


def test_two_batches_of_the_same_people(db, races, ids, make_batch):
    races.at_once(make_batch, make_batch)
    for __ in range(2):
        ledger.feed_batches('test')
        races.commit()
    for id_ in ids:
        assert [state for __, state, __ in badges_of(db, id_)].count(S.queued) == 1


def test_bulk_check_ins_and_batches_many_times(db, races, ids, check_in_all, make_batch):
    """In whatever order somebody takes these people, nobody is the victim of a deadlock."""
    for number in range(8):
        races.at_once(make_batch, check_in_all(*(ids if number % 2 else reversed(ids))),
                      lambda: ledger.feed_batches('test'))
        # nobody has a badge, and nobody is in
        db.session.execute(db.update(Job.__table__).values(state=S.canceled))
        db.session.execute(db.update(Registration.__table__).values(checked_in=False, checked_in_dt=None))
        races.commit()


@pytest.mark.parametrize('what', ['pause', 'cancel'])
def test_a_badge_comes_back_at_the_moment_of_a_click(db, races, agent, make_batch, mocker, what):
    mocker.patch.object(batches, 'MAX_UNDER_WAY', 1)
    batch_id = make_batch()
    ledger.rendered(ledger.claim_render('test'), BADGE, 'test')
    races.commit()
    outgoing_jobs(agent.id, agent.link)()
    races.commit()
    job_id = Job.query.filter_by(batch_id=batch_id, state=S.dispatched).one().id

    def _come_back():
        return ledger.report(Job.get(job_id), S.ready, Reason.returned, '', 'agent:1')

    def _click():
        batch = Batch.get(batch_id)
        if what == 'pause':
            return ledger.pause_batch(batch, 'user:1', paused=True)
        return ledger.cancel_batch(batch, 'user:1')

    races.while_holding(_click, _come_back)
    db.session.expire_all()
    assert Job.get(job_id).state == (S.held if what == 'pause' else S.canceled)

"""Two people scan the same badge at the same moment, or a registration changes while its badge is printed."""

import threading
from functools import partial

import pytest

from indico.core import signals
from indico.modules.events.registration.models.registrations import Registration, RegistrationState

from indico_checkin_print import ledger
from indico_checkin_print.models.choices import DEFAULT_BULK_LIMIT
from indico_checkin_print.models.jobs import Job
from indico_checkin_print.reasons.codes import Reason
from tests.plugin.races.conftest import S, states_of


@pytest.fixture
def scan(app, db, dummy_user):
    """Return a function that returns a scan: it finds somebody who is not checked in, and checks them in."""
    def _scan(registration):
        id_, form_id, event_id = registration.id, registration.registration_form_id, registration.event_id

        def _checks_in(value=True, before=lambda: None):
            with app.test_request_context(f'/api/checkin/event/{event_id}/forms/{form_id}/registrations/{id_}',
                                          method='PATCH'):
                mine = Registration.get(id_)
                assert mine.checked_in != value
                before()
                mine.checked_in = value
                signals.event.registration_checkin_updated.send(mine)
                db.session().flush()
        return _checks_in
    return _scan


def test_two_volunteers_scan_one_person(db, races, people, form, scan):
    races.commit()
    for registration in people:
        both_found = threading.Barrier(2)
        races.at_once(*[partial(scan(registration), before=both_found.wait)] * 2)
    db.session.expire_all()
    assert Job.query.count() == len(people)
    for registration in people:
        job = Job.query.filter_by(registration_id=registration.id).one()
        # a job with another time would look like one of a check-in that was undone
        assert (job.state, job.checked_in_dt) == (S.queued, registration.checked_in_dt)


def test_the_second_volunteer_waits_for_the_first(db, races, reg, form, scan):
    races.commit()
    scan_it, found = scan(reg), threading.Event()

    def _second():
        scan_it(before=lambda: (found.set(), first_is_done.wait(30)))

    first_is_done = threading.Event()
    second = races.start(_second)
    assert found.wait(30)
    scan_it()
    first_is_done.set()
    races.while_holding(lambda: None, lambda: second.result(30))
    db.session.expire_all()
    job = Job.query.one()
    assert (job.state, job.checked_in_dt) == (S.queued, reg.checked_in_dt)
    assert states_of(job.id) == [S.queued]


def test_a_request_that_is_repeated_counts_its_check_ins_once(app, db, races, people, form):
    """Indico repeats a request after a deadlock, with the same `flask.g`."""
    few = [registration.id for registration in people[:DEFAULT_BULK_LIMIT * 2 // 3]]
    regform = form.registration_form
    url = f'/event/{regform.event_id}/manage/registration/{regform.id}/registrations/check-in'
    races.commit()

    def _request():
        with app.test_request_context(url, method='POST'):
            for again in (False, True):
                if again:
                    db.session().rollback()
                for registration in Registration.query.filter(Registration.id.in_(few)):
                    registration.checked_in = True
                    signals.event.registration_checkin_updated.send(registration)

    races.at_once(_request)
    assert [(job.state, job.reason) for job in Job.query] == [(S.queued, Reason.checked_in)] * len(few)


@pytest.mark.parametrize('what', ['undone', 'paid', 'deleted'])
def test_a_registration_changes_while_a_manager_prints_its_badge(app, db, races, people, held, what):
    """Both take the registration before its badges; the other way round one of the two requests would fail."""
    registration = people[0]
    Job.query.filter_by(id=held).update({'reason': Reason.unpaid})
    registration.checked_in, registration.state = True, RegistrationState.complete
    races.commit()

    def _request():
        with app.test_request_context():
            if what == 'undone':
                registration.checked_in = False
                signals.event.registration_checkin_updated.send(registration)
            elif what == 'paid':
                registration.price_adjustment = 5
                signals.event.registration_state_updated.send(registration, previous_state=RegistrationState.unpaid)
            else:
                registration.is_deleted = True
                signals.event.registration_deleted.send(registration, permanent=False)

    def _manager():
        Registration.query.filter_by(id=registration_id).with_for_update(key_share=True).one()
        return ledger.release([Job.get(held)], 'user:1')

    registration_id = registration.id
    races.while_holding(_request, _manager)
    db.session.expire_all()
    changed = {'undone': (registration.checked_in, False), 'paid': (registration.price_adjustment, 5),
               'deleted': (registration.is_deleted, True)}
    assert changed[what][0] == changed[what][1]
